using System.CommandLine;
using System.Globalization;
using Signalbox.Core.Definitions;
using Signalbox.Core.Runs;
using Signalbox.Core.Time;

namespace Signalbox.App.Cli;

/// <summary>What kind of backfill it is: it decides how its runs are named and whether the watermark moves.</summary>
internal enum BackfillKind
{
    /// <summary>Every date of a range.</summary>
    Full,

    /// <summary>The dates after the watermark, which moves.</summary>
    Incremental,

    /// <summary>Dates chosen one by one.</summary>
    Selective,
}

/// <summary>Which of the dates run.</summary>
internal enum BackfillFilter
{
    All,
    Missing,
    Failed,

    /// <summary>What never succeeded, and what another definition, or other inputs, would make otherwise now.</summary>
    Stale,
}

/// <summary>Which dates a backfill is about, and how it goes through them.</summary>
/// <param name="First">With <paramref name="LastDate"/>: the range, both ends included. Null: from the watermark, or by <paramref name="Last"/>.</param>
/// <param name="Last">The latest so many: dates of the calendar, or days when <paramref name="LastInDays"/>.</param>
internal sealed record BackfillSelection(
    BackfillKind Kind,
    DateOnly? First,
    DateOnly? LastDate,
    int? Last,
    bool LastInDays,
    IReadOnlyList<string> Dates,
    BackfillFilter Filter,
    bool Reverse,
    int MaxActive,
    string Reason
)
{
    /// <summary>The variant whose runs count as having been there; null is the live version.</summary>
    public RunNamespace? Variant { get; init; }

    /// <summary>Keys of partitions, or two of them with <c>..</c> between; empty unless they are what names the dates.</summary>
    public IReadOnlyList<string> Partitions { get; init; } = [];

    /// <summary>The least time between the beginnings of two runs; null: none.</summary>
    public TimeSpan? Every { get; init; }

    /// <summary>Whether dates are taken over from another backfill that is under way.</summary>
    public bool Replace { get; init; }

    /// <summary>Whether the consumers of what is published run again, for the same partitions.</summary>
    public bool Downstream { get; init; }
}

/// <summary>The options of <c>backfill</c>.</summary>
internal sealed class BackfillOptions
{
    private readonly Option<string?> _from = new("--from")
    {
        Description = "The first date, included. With --since-watermark: where to begin when there is no watermark yet",
        HelpName = "DATE",
    };

    private readonly Option<string?> _to = new("--to") { Description = "The last date, included", HelpName = "DATE" };

    private readonly Option<string?> _dates = new("--dates")
    {
        Description = "These dates and no others, separated by commas",
        HelpName = "DATES",
    };

    private readonly Option<string?> _partitions = new("--partitions")
    {
        Description = "These partitions, separated by commas; A..B is all from A to B, e.g. 2024-W01..2024-W05",
        HelpName = "KEYS",
    };

    private readonly Option<string?> _last = new("--last")
    {
        Description = "The latest that are over: 7d for seven days, 7 for seven dates of the schedule",
        HelpName = "N",
    };

    private readonly Option<bool> _sinceWatermark = new("--since-watermark")
    {
        Description =
            "The dates after the pipeline's watermark, which moves with unbroken success. Corrections to earlier dates are not seen",
    };

    private readonly Option<bool> _missing = new("--missing") { Description = "Of these, only dates without a successful run" };

    private readonly Option<bool> _stale = new("--stale")
    {
        Description =
            "Of these, only dates that are not current: never succeeded, or made by another version of the pipeline, or of other inputs",
    };

    private readonly Option<bool> _failed = new("--failed") { Description = "Of these, only dates whose latest run failed" };

    private readonly Option<bool> _all = new("--all") { Description = "All of these, also those that succeeded before. The default" };

    private readonly Option<bool> _reverse = new("--reverse") { Description = "The latest date first" };

    private readonly Option<int> _maxActive = new("--max-active")
    {
        Description = "Runs at one time; the pipeline's max_active_runs holds as well",
        HelpName = "N",
        DefaultValueFactory = _ => 4,
    };

    private readonly Option<string?> _every = new("--every")
    {
        Description = "Begin a run only so long after the one before, e.g. 2s, however many may be active",
        HelpName = "TIME",
    };

    private readonly Option<bool> _replace = new("--replace")
    {
        Description = "Take dates over from another backfill that is under way: what it runs of them is cancelled. Default: refuse",
    };

    private readonly Option<bool> _downstream = new("--downstream")
    {
        Description =
            "The pipelines that updates of its datasets start run again for the same partitions, each partition once, when all of its dates are made",
    };

    private readonly Option<string?> _reason = new("--reason") { Description = "Why; shown on each run", HelpName = "TEXT" };

    public Argument<string> Pipeline { get; } = new("PIPELINE") { Description = "The name of a pipeline of the project" };

    public Option<string[]> Param { get; } = new("--param") { Description = ParamArguments.Help, HelpName = "NAME=VALUE" };

    public Option<string[]> Only { get; } =
        new("--only")
        {
            Description = "Only these tasks run; what they need counts as done. For a new task of an existing pipeline",
            HelpName = "TASK",
            AllowMultipleArgumentsPerToken = true,
        };

    public Option<string?> Variant { get; } =
        new("--variant")
        {
            Description = "The deployed variant that runs, into places of its own, e.g. green. Default: the live version",
            HelpName = "NAME",
        };

    public Option<bool> DryRun { get; } = new("--dry-run") { Description = "Only show what would run" };

    public Option<bool> Detach { get; } = new("--detach") { Description = "Do not wait for the end: the server runs it" };

    public Option<string?> Project { get; } = VerbParts.Project();

    public Option<bool> Json { get; } = VerbParts.Json();

    public IEnumerable<Option> All =>
        [
            _from,
            _to,
            _dates,
            _partitions,
            _last,
            _sinceWatermark,
            _missing,
            _stale,
            _failed,
            _all,
            _reverse,
            _maxActive,
            _every,
            _replace,
            _downstream,
            Param,
            Only,
            Variant,
            _reason,
            DryRun,
            Detach,
            Project,
            Json,
        ];

    /// <exception cref="UserMistakeException">The options contradict each other, or say too little.</exception>
    public BackfillSelection Read(ParseResult parsed, Pipeline pipeline)
    {
        var from = Date(parsed, _from);
        var to = Date(parsed, _to);
        var dates = parsed.GetValue(_dates);
        var partitions = parsed.GetValue(_partitions);
        var last = parsed.GetValue(_last);
        var since = parsed.GetValue(_sinceWatermark);
        if (
            new[] { dates is not null, partitions is not null, last is not null, since, !since && (from ?? to) is not null }.Count(each =>
                each
            ) != 1
        )
        {
            throw new UserMistakeException(
                "backfill: say which dates, with one of --from and --to, --dates, --partitions, --last and --since-watermark"
            );
        }

        if (!since && dates is null && partitions is null && last is null && (from is null || to is null))
        {
            throw new UserMistakeException($"backfill: {(from is null ? "--from" : "--to")} is missing; both ends are included");
        }

        if (from > to)
        {
            throw new UserMistakeException($"backfill: --from {from:yyyy-MM-dd} is later than --to {to:yyyy-MM-dd}");
        }

        if (parsed.GetValue(_downstream) && parsed.GetValue(Variant) is not null)
        {
            throw new UserMistakeException(
                "--downstream: what a variant publishes beside the live version starts no consumer; leave it or --variant out"
            );
        }

        var maxActive = parsed.GetValue(_maxActive);
        if (maxActive < 1)
        {
            throw new UserMistakeException($"--max-active: {maxActive} is less than 1");
        }

        var (count, inDays) = last is null ? (null, false) : Last(last);
        var kind =
            since ? BackfillKind.Incremental
            : dates is not null ? BackfillKind.Selective
            : BackfillKind.Full;
        return new BackfillSelection(
            kind,
            from,
            to,
            count,
            inDays,
            Listed(dates),
            Filter(parsed),
            parsed.GetValue(_reverse),
            maxActive,
            parsed.GetValue(_reason) ?? $"{(kind == BackfillKind.Incremental ? "incremental " : "")}backfill of {pipeline.Name}"
        )
        {
            Variant = parsed.GetValue(Variant) is { } variant ? new RunNamespace(variant) : null,
            Partitions = Parts(partitions),
            Every = Pace(parsed),
            Replace = parsed.GetValue(_replace),
            Downstream = parsed.GetValue(_downstream),
        };
    }

    private static string[] Listed(string? text) =>
        text?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];

    private static string[] Parts(string? text) =>
        text is null ? []
        : Listed(text) is { Length: > 0 } keys ? keys
        : throw new UserMistakeException("--partitions: no partition is named");

    private TimeSpan? Pace(ParseResult parsed)
    {
        if (parsed.GetValue(_every) is not { } text)
        {
            return null;
        }

        var pace = Duration.Parse(text);
        return pace.Value is { } every && every > TimeSpan.Zero
            ? every
            : throw new UserMistakeException($"--every: {pace.Error ?? $"`{text}` is no time between two runs"}; write e.g. 2s or 1m");
    }

    private BackfillFilter Filter(ParseResult parsed) =>
        (parsed.GetValue(_missing), parsed.GetValue(_stale), parsed.GetValue(_failed), parsed.GetValue(_all)) switch
        {
            (true, false, false, false) => BackfillFilter.Missing,
            (false, true, false, false) => BackfillFilter.Stale,
            (false, false, true, false) => BackfillFilter.Failed,
            (false, false, false, _) => BackfillFilter.All,
            _ => throw new UserMistakeException("backfill: --missing, --stale, --failed and --all exclude each other"),
        };

    private static DateOnly? Date(ParseResult parsed, Option<string?> option) =>
        parsed.GetValue(option) is not { } text ? null
        : InstantText.Date(text) is { } date ? date
        : throw new UserMistakeException($"{option.Name}: `{text}` is no date of the calendar; write e.g. 2001-01-05");

    private static (int? Count, bool InDays) Last(string text)
    {
        var inDays = text.EndsWith('d');
        var number = inDays ? text[..^1] : text;
        return int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count is >= 1 and <= 100_000
            ? (count, inDays)
            : throw new UserMistakeException($"--last: `{text}` is no number of dates or days; write e.g. 7 or 7d");
    }
}
