using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Time;
using Signalbox.Engine.Variants;

namespace Signalbox.App.Cli;

/// <summary><c>shadow</c>: runs a candidate beside the current version of a pipeline, and compares what both made.</summary>
internal static class ShadowVerb
{
    public static readonly Verb Verb = new("shadow", "Compare a new version of a pipeline with the current one, apart", Build);

    private const int MostDates = 366;

    private static Command Build()
    {
        var options = new Options();
        var command = VerbParts.Command(
            Verb.Name,
            "Runs a candidate and the current version of a pipeline for the same dates, the candidate into places of its own, where it loads, promotes and "
                + "tells nothing; and compares every output that both have, row by row. Exit code 1 when something differs, or with --gate when fewer dates "
                + "are clean. The verdict is kept for the two versions, and `promote` asks for it.",
            "shadow revenue --candidate candidates/revenue.yaml --dates 2024-01-14,2024-01-15 --keys user_id --tolerance amount=0.01",
            "shadow revenue --candidate candidates/revenue.yaml --from 2024-01-01 --to 2024-01-07 --gate 7 --reason \"new attribution\""
        );
        command.Arguments.Add(options.Pipeline);
        foreach (var option in options.All)
        {
            command.Options.Add(option);
        }

        command.SetAction((parsed, stop) => RunAsync(parsed, options, stop));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, Options options, CancellationToken stop)
    {
        var project = ProjectOpening.Find(parsed.GetValue(options.Project));
        var live = PipelineSource.Load(parsed.GetRequiredValue(options.Pipeline), project);
        var candidate = PipelineSource.Load(parsed.GetRequiredValue(options.Candidate), project);
        var name = live.Pipeline!.Name;
        if (candidate.Pipeline!.Name != name)
        {
            throw new UserMistakeException(
                $"--candidate: {candidate.File} is the pipeline `{candidate.Pipeline.Name}`, not `{name}`; a candidate has the name of what it may follow"
            );
        }

        if (!live.InProject)
        {
            throw new UserMistakeException($"{live.File} is not among the project's pipelines; the current version is one that is");
        }

        var dates = options.Dates(parsed, live.Pipeline!.CalendarOf());
        var gate = parsed.GetValue(options.Gate);
        if (gate < 1 || gate > dates.Length)
        {
            throw new UserMistakeException($"--gate: {gate} is not from 1 to the number of dates, which is {dates.Length}");
        }

        var compare = options.Compare(parsed);
        var outputs = parsed.GetValue(options.Output) ?? [];
        CheckOutputs(live.Pipeline!, outputs);
        var parameters = ParamArguments.Json(live.Pipeline!, parsed.GetValue(options.Param) ?? []);
        PipelineSource.RequireSecrets(live, project);
        PipelineSource.RequireSecrets(candidate, project);
        var json = parsed.GetValue(options.Json);
        await using var engine = ProjectOpening.OpenEngine(project);
        var currentVersion = await PipelineSource.SaveAsync(engine.Store, live);
        var candidateVersion = await PipelineSource.SaveCandidateAsync(engine.Store, candidate);
        if (currentVersion == candidateVersion)
        {
            Console.Error.WriteLine($"note: {candidate.File} is the same as {live.File}; what is compared is two runs of one version");
        }

        var trial = new ShadowTrial(engine, ProjectOpening.Options().WorkerCommand);
        if (!json)
        {
            trial.Said += Console.Out.WriteLine;
        }

        ShadowReport report;
        try
        {
            report = await trial.RunAsync(
                new ShadowRequest
                {
                    Current = live.Pipeline!,
                    CurrentVersion = currentVersion,
                    Candidate = candidate.Pipeline,
                    CandidateVersion = candidateVersion,
                    Dates = dates,
                    Params = parameters,
                    Compare = compare,
                    Outputs = [.. outputs],
                    Gate = gate,
                    Fresh = parsed.GetValue(options.Fresh),
                    Keep = parsed.GetValue(options.Keep),
                    Discrepancies = parsed.GetValue(options.Discrepancies) is { } path ? Path.GetFullPath(path) : null,
                    Who = Environment.UserName,
                    Reason = parsed.GetValue(options.Reason),
                },
                stop
            );
        }
        catch (ShadowRefused refused)
        {
            throw new UserMistakeException(refused.Message);
        }

        if (json)
        {
            CliJson.Print(ShadowDocument.Of(name, currentVersion, candidateVersion, report), CliJson.Default.ShadowDocument);
        }
        else
        {
            ShadowText.Print(Console.Out, report, project.Folder);
        }

        return report.Clean ? ExitCode.Done : ExitCode.WorkFailed;
    }

    private static void CheckOutputs(Pipeline pipeline, string[] outputs)
    {
        var known = pipeline.Tasks.SelectMany(task => task.Outputs.Select(output => $"{task.Name}.{output.Name}")).ToList();
        foreach (var unknown in outputs.Where(output => !known.Contains(output)))
        {
            throw new UserMistakeException(
                $"--output: {pipeline.Name} has no output `{unknown}`{Suggestion.DidYouMean(unknown, known)}; it has {string.Join(", ", known)}"
            );
        }
    }

    private sealed class Options
    {
        private readonly Option<string?> _dates = new("--dates") { Description = "These dates, separated by commas", HelpName = "DATES" };
        private readonly Option<string?> _from = new("--from") { Description = "The first date, included", HelpName = "DATE" };
        private readonly Option<string?> _to = new("--to") { Description = "The last date, included", HelpName = "DATE" };

        private readonly Option<string?> _keys = new("--keys")
        {
            Description = "Columns that together name a row, separated by commas, instead of what outputs declare under `compare`",
            HelpName = "COLUMNS",
        };

        private readonly Option<string[]> _tolerance = new("--tolerance")
        {
            Description = "The absolute difference up to which two numbers of a column are the same; may be repeated. Needs --keys",
            HelpName = "COLUMN=NUMBER",
        };

        public Argument<string> Pipeline { get; } = new("PIPELINE") { Description = "The name of a pipeline of the project" };

        public Option<string> Candidate { get; } =
            new("--candidate")
            {
                Description = "The file of the new version; the name in it is that of the pipeline",
                HelpName = "FILE",
                Required = true,
            };

        public Option<string[]> Output { get; } =
            new("--output")
            {
                Description = "Only this output, as task.output; may be repeated. Default: all that both have",
                HelpName = "TASK.OUTPUT",
            };

        public Option<int?> Gate { get; } = new("--gate") { Description = "So many dates must be clean. Default: all", HelpName = "N" };

        public Option<string[]> Param { get; } = new("--param") { Description = ParamArguments.Help, HelpName = "NAME=VALUE" };

        public Option<bool> Fresh { get; } =
            new("--fresh") { Description = "Run the current version too, also where what it published could stand for it" };

        public Option<bool> Keep { get; } = new("--keep") { Description = "Leave what the runs made where it is" };

        public Option<string?> Discrepancies { get; } =
            new("--discrepancies")
            {
                Description = "The Parquet file for the rows that differ. Default: under .signalbox/shadow/",
                HelpName = "FILE",
            };

        public Option<string?> Reason { get; } = new("--reason") { Description = "Why; kept with the verdict", HelpName = "TEXT" };

        public Option<string?> Project { get; } = VerbParts.Project();

        public Option<bool> Json { get; } = VerbParts.Json();

        public IEnumerable<Option> All =>
            [Candidate, _dates, _from, _to, _keys, _tolerance, Output, Gate, Param, Fresh, Keep, Discrepancies, Reason, Project, Json];

        public ImmutableArray<Slice> Dates(ParseResult parsed, SliceCalendar calendar)
        {
            var (listed, from, to) = (parsed.GetValue(_dates), parsed.GetValue(_from), parsed.GetValue(_to));
            if (listed is null == (from is null && to is null))
            {
                throw new UserMistakeException("shadow: say which dates, with --dates, or with --from and --to");
            }

            var slices = listed is not null ? Listed(listed, calendar) : [.. calendar.Between(Date(from, "--from"), Date(to, "--to"))];
            return slices.Length is >= 1 and <= MostDates
                ? slices
                : throw new UserMistakeException($"shadow: that is {slices.Length} dates; compare 1 to {MostDates} at one time");
        }

        public CompareSpec? Compare(ParseResult parsed)
        {
            var keys = parsed.GetValue(_keys)?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            var given = parsed.GetValue(_tolerance) ?? [];
            if (keys is null && given.Length > 0)
            {
                throw new UserMistakeException("--tolerance needs --keys: without keys no row has a partner to differ from a little");
            }

            var tolerance = new CompareSpec().Tolerance.ToBuilder();
            foreach (var text in given)
            {
                var equals = text.LastIndexOf('=');
                if (
                    equals <= 0
                    || !double.TryParse(text.AsSpan(equals + 1), NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
                    || number < 0
                    || !double.IsFinite(number)
                )
                {
                    throw new UserMistakeException($"--tolerance: `{text}` is no COLUMN=NUMBER with a number from 0 up, e.g. amount=0.01");
                }

                tolerance[text[..equals]] = number;
            }

            return keys is null ? null
                : keys.Length == 0 ? throw new UserMistakeException("--keys: no column is named")
                : new CompareSpec { Keys = [.. keys], Tolerance = tolerance.ToImmutable() };
        }

        private static ImmutableArray<Slice> Listed(string texts, SliceCalendar calendar)
        {
            var slices = ImmutableArray.CreateBuilder<Slice>();
            foreach (var text in texts.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            {
                var found = calendar.Find(text);
                var slice = found.Slice ?? throw new UserMistakeException($"--dates: {found.Error}");
                if (slices.Any(each => each.LogicalDate == slice.LogicalDate))
                {
                    throw new UserMistakeException($"--dates: {text} is named twice");
                }

                slices.Add(slice);
            }

            return slices.ToImmutable();
        }

        private static DateOnly Date(string? text, string option) =>
            text is null ? throw new UserMistakeException($"shadow: {option} is missing; both ends are included")
            : InstantText.Date(text) is { } date ? date
            : throw new UserMistakeException($"{option}: `{text}` is no date of the calendar; write e.g. 2001-01-05");
    }
}
