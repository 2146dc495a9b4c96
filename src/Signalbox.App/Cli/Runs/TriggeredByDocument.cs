using System.Text.Json.Serialization;
using Signalbox.Core.Runs;
using Signalbox.Engine.Attempts;
using Signalbox.Storage;

namespace Signalbox.App.Cli;

/// <summary>What started a run, as <c>triggered_by</c> of a run's JSON: a kind, and what belongs to that kind. What does not belong to it is left out.</summary>
/// <param name="Kind">schedule, manual, backfill, dataset or event.</param>
internal sealed record TriggeredByDocument(string Kind)
{
    /// <summary>Of a schedule: the tick that was due, UTC. Left out in lists of runs.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Tick { get; init; }

    /// <summary>Who asked for it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Who { get; init; }

    /// <summary>The number of the backfill.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Backfill { get; init; }

    /// <summary>Of a message: the number that <c>inbox show</c> takes. Left out in lists of runs, as what follows.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Message { get; init; }

    /// <summary>Of a message: the name of the trigger that it came by.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Trigger { get; init; }

    /// <summary>Of a message: webhook, file, kafka, redis, postgres or pipeline.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Source { get; init; }

    /// <summary>Of a message: what makes it this one, however often it is delivered.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Key { get; init; }

    /// <summary>Of a backfill: why there is one. Left out in lists of runs.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Reason { get; init; }

    /// <summary>Of updates of datasets: exactly those that the run consumed, the oldest first. Left out in lists of runs.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public UpdateDocument[]? Updates { get; init; }

    /// <summary>What the row of the run alone says.</summary>
    public static TriggeredByDocument Of(Run run) =>
        run.Trigger switch
        {
            RunTrigger.Scheduled => new("schedule"),
            RunTrigger.Backfill => new("backfill") { Backfill = run.Backfill, Who = run.Author },
            RunTrigger.Dataset => new("dataset"),
            RunTrigger.Event => new("event"),
            _ => new("manual") { Who = run.Author },
        };

    /// <summary>All that is known.</summary>
    public static TriggeredByDocument Read(ReadSession session, Run run) =>
        run.Trigger switch
        {
            RunTrigger.Scheduled => Of(run) with { Tick = session.TickOf(run.Number) is { } tick ? InstantText.Utc(tick.At) : null },
            RunTrigger.Event when session.InboxMessageOf(run.Number) is { } message => Of(run) with
            {
                Message = message.Id,
                Trigger = message.Source,
                Source = message.Kind,
                Key = message.Key,
            },
            RunTrigger.Backfill => Of(run) with { Reason = RunConf.Reason(session, run) },
            RunTrigger.Dataset => Of(run) with { Updates = [.. session.UpdatesOf(run.Number).Select(UpdateDocument.Of)] },
            _ => Of(run),
        };

    /// <summary>One line for people.</summary>
    public string Sentence =>
        Kind switch
        {
            "schedule" => Tick is null ? "the schedule" : $"the schedule, tick {Tick}",
            "backfill" => $"backfill {Backfill}{By}{(Reason is null ? "" : $" ({Reason})")}",
            "event" => Message is null ? "a message from outside" : $"message {Message} of the {Source} {Trigger}",
            "dataset" => Updates is [.., var last]
                ? $"update {last.Update} of {last.Dataset}{(last.Partition.Length > 0 ? $", partition {last.Partition}" : "")}{(Updates.Length > 1 ? $", and {Updates.Length - 1} more" : "")}"
                : "updates of datasets",
            _ => $"by hand{By}",
        };

    private string By => Who is null ? "" : $", by {Who}";
}
