using System.Globalization;
using Signalbox.Core.Definitions;
using Signalbox.Core.Runs;
using Signalbox.Core.Time;

namespace Signalbox.App.Cli;

/// <summary>How a field of a backfill is called by who asks for it: an option of the command line, or a field of a document.</summary>
internal sealed class BackfillTerms
{
    public static readonly BackfillTerms CommandLine = new(name => "--" + name);

    public static readonly BackfillTerms Document = new(name => name.Replace('-', '_'));

    private readonly Func<string, string> _of;

    private BackfillTerms(Func<string, string> of) => _of = of;

    /// <summary>The word for a field.</summary>
    /// <param name="name">As on the command line, without the dashes before it.</param>
    public string this[string name] => _of(name);
}

/// <summary>What a backfill is asked to be, as it is written: one reading of it for the command line and the API.</summary>
internal sealed record BackfillWish
{
    public const int DefaultMaxActive = 4;

    private const int MostActive = 10_000;
    private const int LongestLast = 100_000;

    public string? From { get; init; }

    public string? To { get; init; }

    /// <summary>Null: dates are not what names it.</summary>
    public IReadOnlyList<string>? Dates { get; init; }

    /// <summary>Null: partitions are not what names it.</summary>
    public IReadOnlyList<string>? Partitions { get; init; }

    /// <summary><c>7d</c> for days, <c>7</c> for dates of the schedule.</summary>
    public string? Last { get; init; }

    public bool SinceWatermark { get; init; }

    public BackfillFilter Filter { get; init; }

    public bool Reverse { get; init; }

    public int MaxActive { get; init; } = DefaultMaxActive;

    public string? Every { get; init; }

    public bool Replace { get; init; }

    public bool Downstream { get; init; }

    public string? Variant { get; init; }

    public IReadOnlyList<string> Only { get; init; } = [];

    public string? Reason { get; init; }

    /// <summary>Which dates that is, and how it goes through them.</summary>
    /// <exception cref="UserMistakeException">It contradicts itself, or says too little.</exception>
    public BackfillSelection Read(Pipeline pipeline, BackfillTerms terms)
    {
        var (from, to) = (Date(From, terms["from"]), Date(To, terms["to"]));
        Check(from, to, terms);
        var (count, inDays) = Last is null ? (null, false) : Latest(Last, terms["last"]);
        var kind =
            SinceWatermark ? BackfillKind.Incremental
            : Dates is not null ? BackfillKind.Selective
            : BackfillKind.Full;
        return new BackfillSelection(
            kind,
            from,
            to,
            count,
            inDays,
            Dates ?? [],
            Filter,
            Reverse,
            MaxActive,
            Reason ?? $"{(kind == BackfillKind.Incremental ? "incremental " : "")}backfill of {pipeline.Name}"
        )
        {
            Variant = Variant is { } variant ? new RunNamespace(variant) : null,
            Partitions = Partitions ?? [],
            Every = Every is { } pace ? Pace(pace, terms["every"]) : null,
            Replace = Replace,
            Downstream = Downstream,
            Terms = terms,
        };
    }

    private void Check(DateOnly? from, DateOnly? to, BackfillTerms terms)
    {
        bool[] ways =
        [
            Dates is not null,
            Partitions is not null,
            Last is not null,
            SinceWatermark,
            !SinceWatermark && (from ?? to) is not null,
        ];
        if (ways.Count(isSaid => isSaid) != 1)
        {
            throw new UserMistakeException(
                $"backfill: say which dates, with one of {terms["from"]} and {terms["to"]}, {terms["dates"]}, {terms["partitions"]}, {terms["last"]} and {terms["since-watermark"]}"
            );
        }

        if (ways[^1] && (from is null || to is null))
        {
            throw new UserMistakeException($"backfill: {terms[from is null ? "from" : "to"]} is missing; both ends are included");
        }

        if (from > to)
        {
            throw new UserMistakeException($"backfill: {terms["from"]} {from:yyyy-MM-dd} is later than {terms["to"]} {to:yyyy-MM-dd}");
        }

        if (Partitions is { Count: 0 })
        {
            throw new UserMistakeException($"{terms["partitions"]}: no partition is named");
        }

        if (MaxActive is < 1 or > MostActive)
        {
            throw new UserMistakeException($"{terms["max-active"]}: it is 1 to {MostActive}, not {MaxActive}");
        }

        if (Downstream && Variant is not null)
        {
            throw new UserMistakeException(
                $"{terms["downstream"]}: what a variant publishes beside the live version starts no consumer; leave it or {terms["variant"]} out"
            );
        }

        CheckWatermark(terms);
    }

    /// <summary>What leaves work of a date undone must not move the watermark over it.</summary>
    private void CheckWatermark(BackfillTerms terms)
    {
        if (!SinceWatermark)
        {
            return;
        }

        if (Variant is not null)
        {
            throw new UserMistakeException($"{terms["since-watermark"]} goes by the live version; name the dates of a variant");
        }

        if (Only.Count > 0 || Filter == BackfillFilter.Failed)
        {
            throw new UserMistakeException(
                $"{terms["since-watermark"]} moves the watermark over what is wholly done; name the dates to run only {(Only.Count > 0 ? "some tasks" : "those that failed")}"
            );
        }
    }

    private static TimeSpan Pace(string text, string field)
    {
        var pace = Duration.Parse(text);
        return pace.Value is { } every && every > TimeSpan.Zero
            ? every
            : throw new UserMistakeException($"{field}: {pace.Error ?? $"`{text}` is no time between two runs"}; write e.g. 2s or 1m");
    }

    private static DateOnly? Date(string? text, string field) =>
        text is null ? null
        : InstantText.Date(text) is { } date ? date
        : throw new UserMistakeException($"{field}: `{text}` is no date of the calendar; write e.g. 2001-01-05");

    private static (int? Count, bool InDays) Latest(string text, string field)
    {
        var inDays = text.EndsWith('d');
        var number = inDays ? text[..^1] : text;
        return int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count is >= 1 and <= LongestLast
            ? (count, inDays)
            : throw new UserMistakeException($"{field}: `{text}` is no number of dates or days; write e.g. 7 or 7d");
    }
}
