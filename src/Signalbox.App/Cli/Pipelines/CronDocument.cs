namespace Signalbox.App.Cli;

/// <summary><c>cron explain --json</c>.</summary>
internal sealed record CronDocument(string Expression, string Timezone, string Sentence, string OnClockChange, CronTickDocument[] Next);

/// <summary>One time.</summary>
/// <param name="Note">What a change of the clocks does to it, or null.</param>
internal sealed record CronTickDocument(string Utc, string Local, string? Note);
