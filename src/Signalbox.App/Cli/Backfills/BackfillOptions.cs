using System.CommandLine;
using Signalbox.Core.Definitions;

namespace Signalbox.App.Cli;

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
        DefaultValueFactory = _ => BackfillWish.DefaultMaxActive,
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
    public BackfillSelection Read(ParseResult parsed, Pipeline pipeline) =>
        new BackfillWish
        {
            From = parsed.GetValue(_from),
            To = parsed.GetValue(_to),
            Dates = Listed(parsed.GetValue(_dates)),
            Partitions = Listed(parsed.GetValue(_partitions)),
            Last = parsed.GetValue(_last),
            SinceWatermark = parsed.GetValue(_sinceWatermark),
            Filter = Filter(parsed),
            Reverse = parsed.GetValue(_reverse),
            MaxActive = parsed.GetValue(_maxActive),
            Every = parsed.GetValue(_every),
            Replace = parsed.GetValue(_replace),
            Downstream = parsed.GetValue(_downstream),
            Variant = parsed.GetValue(Variant),
            Only = parsed.GetValue(Only) ?? [],
            Reason = parsed.GetValue(_reason),
        }.Read(pipeline, BackfillTerms.CommandLine);

    private static string[]? Listed(string? text) =>
        text?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private BackfillFilter Filter(ParseResult parsed) =>
        (parsed.GetValue(_missing), parsed.GetValue(_stale), parsed.GetValue(_failed), parsed.GetValue(_all)) switch
        {
            (true, false, false, false) => BackfillFilter.Missing,
            (false, true, false, false) => BackfillFilter.Stale,
            (false, false, true, false) => BackfillFilter.Failed,
            (false, false, false, _) => BackfillFilter.All,
            _ => throw new UserMistakeException("backfill: --missing, --stale, --failed and --all exclude each other"),
        };
}
