using System.CommandLine;
using Signalbox.Core;
using Signalbox.Core.Runs;
using Signalbox.Engine.Projects;
using Signalbox.Storage;

namespace Signalbox.App.Cli;

/// <summary><c>runs</c> lists runs, the newest first; <c>runs show</c> says all about one.</summary>
internal static class RunsVerb
{
    public static readonly Verb Verb = new("runs", "List runs; `runs show RUN` says all about one", Build);

    private static Command Build()
    {
        var command = VerbParts.Command(
            Verb.Name,
            "Lists runs, the newest first.",
            "runs --pipeline daily --state failed --limit 10",
            "runs show 12"
        );
        var pipeline = new Option<string?>("--pipeline") { Description = "Only runs of this pipeline", HelpName = "NAME" };
        var state = new Option<string?>("--state")
        {
            Description = "Only runs in this state: queued, running, success, failed or cancelled",
            HelpName = "STATE",
        };
        var limit = new Option<int>("--limit")
        {
            Description = "At most so many",
            HelpName = "N",
            DefaultValueFactory = _ => 20,
        };
        var project = VerbParts.Project();
        var json = VerbParts.Json();
        foreach (var option in new Option[] { pipeline, state, limit, project, json })
        {
            command.Options.Add(option);
        }

        command.SetAction(parsed =>
        {
            var filter = new RunFilter(
                parsed.GetValue(pipeline) is { } name ? new PipelineName(name) : null,
                parsed.GetValue(state) is { } word ? State(word) : null,
                Limit: Math.Max(0, parsed.GetValue(limit))
            );
            var opened = ProjectOpening.Find(parsed.GetValue(project));
            using var store = ProjectOpening.FindStore(opened);
            var (runs, look) =
                store?.Read(session =>
                {
                    var found = session.Runs(filter);
                    return (found, (DeadlineLook?)DeadlineLook.Read(session, opened, found, TimeProvider.System.GetUtcNow()));
                })
                ?? ([], null);
            if (parsed.GetValue(json))
            {
                CliJson.Print([.. runs.Select(run => Document(run, look!))], CliJson.Default.RunDocumentArray);
            }
            else if (runs.Count == 0)
            {
                Console.Out.WriteLine("no runs");
            }
            else
            {
                PrintTable(runs, look!);
            }

            return ExitCode.Done;
        });
        command.Subcommands.Add(BuildShow());
        return command;
    }

    private static Command BuildShow()
    {
        var command = VerbParts.Command(
            "show",
            "One run: what started it, every task with its attempts, durations and reasons, and with --history each change of state.",
            "runs show 12 --history"
        );
        var run = new Argument<string>("RUN") { Description = RunReference.Help };
        var history = new Option<bool>("--history") { Description = "Every change of state with its reason" };
        var project = VerbParts.Project();
        var json = VerbParts.Json();
        command.Arguments.Add(run);
        command.Options.Add(history);
        command.Options.Add(project);
        command.Options.Add(json);
        command.SetAction(parsed =>
        {
            var opened = ProjectOpening.Find(parsed.GetValue(project));
            using var store = ProjectOpening.OpenStore(opened);
            var number = store.Read(session => RunReference.Find(session, parsed.GetRequiredValue(run))).Number;
            if (parsed.GetValue(json))
            {
                CliJson.Print(
                    store.Read(session => new RunDetailDocument(
                        Whole(session, opened, number),
                        [.. session.History(number).Select(HistoryDocument.Of)],
                        [.. session.Refusals(number).Select(RefusalDocument.Of)]
                    )),
                    CliJson.Default.RunDetailDocument
                );
            }
            else
            {
                Print(store, opened, number, parsed.GetValue(history));
            }

            return ExitCode.Done;
        });
        return command;
    }

    private static RunState State(string word) =>
        Names.RunStateOf(word)
        ?? throw new UserMistakeException(
            $"--state: `{word}` is no state of a run; write {string.Join(", ", Enum.GetValues<RunState>().Select(Names.Of))}"
        );

    private static RunDocument Document(Run run, DeadlineLook look) =>
        RunDocument.Of(run, tasks: null) with
        {
            Deadlines = DeadlineDocument.Of(look, run.Number),
            Expected = ExpectedDocument.Of(look.Forecast(run.Number)),
        };

    private static void PrintTable(IReadOnlyList<Run> runs, DeadlineLook look)
    {
        var now = TimeProvider.System.GetUtcNow();
        var words = runs.ToDictionary(run => run.Number, run => look.Word(run.Number));
        // Who has no deadlines sees no column of them.
        string[] sla = words.Values.Any(word => word.Length > 0) ? ["sla"] : [];
        TextTable.Write(
            Console.Out,
            ["run", "pipeline", "for", "state", "started (UTC)", "time", .. sla, "by", "run id", "reason"],
            [
                .. runs.Select(run =>
                    (string[])
                        [
                            run.Number.ToString(),
                            run.Pipeline.Value,
                            Brief.Slice(run),
                            Names.Of(run.State),
                            run.StartedAt is { } start ? $"{start.UtcDateTime:yyyy-MM-dd HH:mm:ss}" : "",
                            Brief.Between(run.StartedAt, run.EndedAt, now),
                            .. sla.Select(_ => words[run.Number]),
                            run.Backfill is { } backfill ? $"backfill {backfill}" : Names.Of(run.Trigger),
                            run.Id.Value,
                            run.Reason ?? "",
                        ]
                ),
            ]
        );
    }

    /// <summary>A run with its tasks, its deadlines, and when it is expected to be done.</summary>
    public static RunDocument Whole(ReadSession session, Project project, RunNumber number)
    {
        var look = DeadlineLook.Read(session, project, [session.Run(number)!], TimeProvider.System.GetUtcNow());
        return RunDocument.Read(session, number) with
        {
            Deadlines = DeadlineDocument.Of(look, number),
            Expected = ExpectedDocument.Of(look.Forecast(number)),
        };
    }

    private static void Print(Store store, Project project, RunNumber number, bool withHistory)
    {
        var (picture, attempts, history, checks, triggeredBy) = store.Read(session =>
            (
                RunFollower.Read(session, number, pipeline: null)!,
                session.Attempts(number),
                withHistory ? session.History(number) : [],
                session.CheckResults(number),
                TriggeredByDocument.Read(session, session.Run(number)!)
            )
        );
        var run = picture.Run;
        Console.Out.WriteLine($"run {run.Number} of {run.Pipeline}: {Names.Of(run.State)}{(run.Reason is { } why ? $" ({why})" : "")}");
        Console.Out.WriteLine($"  run id         {run.Id}");
        Console.Out.WriteLine(
            $"  logical date   {InstantText.Utc(run.LogicalDate)}{(run.Partition.Length > 0 ? $", partition {run.Partition}" : "")}"
        );
        Console.Out.WriteLine($"  data interval  {InstantText.Utc(run.IntervalStart)} to {InstantText.Utc(run.IntervalEnd)}");
        Console.Out.WriteLine($"  triggered by   {triggeredBy.Sentence}");
        foreach (var update in triggeredBy.Updates ?? [])
        {
            Console.Out.WriteLine(
                $"                 {update.Label, -12} update {update.Update} of {update.Dataset} {update.Partition} {(update.Run is { } by ? $"by run {by}" : $"posted by {update.Who}")}"
            );
        }

        Console.Out.WriteLine($"  version        {run.Version}");
        Console.Out.WriteLine($"  params         {run.Params}");
        Console.Out.WriteLine($"  created        {InstantText.Fine(run.CreatedAt)}");
        Console.Out.WriteLine(
            $"  ran            {InstantText.Fine(run.StartedAt) ?? "-"} to {InstantText.Fine(run.EndedAt) ?? "-"}  {Brief.Between(run.StartedAt, run.EndedAt, picture.Now)}"
        );
        if (picture.Pipeline.RunRetry.Retries > 0)
        {
            Console.Out.WriteLine(
                $"  run retries    {run.Retries} of {picture.Pipeline.RunRetry.Retries} used{(run.RetryAt is { } retry ? $"; the next one starts at {InstantText.Utc(retry)}" : "")}"
            );
        }

        var look = store.Read(session => DeadlineLook.Read(session, project, [run], picture.Now));
        if (look.Forecast(number)?.Span is { End: { } expected } span)
        {
            Console.Out.WriteLine(
                $"  expected       done at {InstantText.Utc(expected)}{(span.LateEnd is { } late ? $", late at {InstantText.Utc(late)}" : "")}"
            );
        }

        foreach (var (deadline, forecast) in look.Of(number))
        {
            Console.Out.WriteLine($"  sla            {DeadlineLook.Sentence(deadline, forecast)}");
        }

        Console.Out.WriteLine();
        var byTask = attempts.ToLookup(attempt => attempt.Key);
        TextTable.Write(
            Console.Out,
            ["task", "state", "attempt", "time", "exit", "reason"],
            [.. picture.Tasks.SelectMany(task => Rows(picture, task, byTask[task.Key]))]
        );
        CheckLines.WriteTable(Console.Out, checks);
        var (published, refusals) = store.Read(session => (PublishedDocument.Read(session, number), session.Refusals(number)));
        if (published.Length + refusals.Count > 0)
        {
            Console.Out.WriteLine();
            PublishedLines.Write(Console.Out, published);
        }

        foreach (var refusal in refusals)
        {
            Console.Out.WriteLine($"  refused: {refusal.Task}, attempt {refusal.Attempt}: {refusal.Reason}");
        }

        if (withHistory)
        {
            Console.Out.WriteLine();
            TextTable.Write(
                Console.Out,
                ["at (UTC)", "task", "attempt", "from", "event", "to", "reason"],
                [
                    .. history.Select(line =>
                        new[]
                        {
                            $"{line.At.UtcDateTime:yyyy-MM-dd HH:mm:ss.fff}",
                            line.Task?.ToString() ?? "(run)",
                            line.Number > 0 ? line.Number.ToString() : "",
                            line.From,
                            line.Event,
                            line.To,
                            line.Reason ?? "",
                        }
                    ),
                ]
            );
        }
    }

    private static IEnumerable<string[]> Rows(RunPicture picture, TaskRun task, IEnumerable<Attempt> attempts)
    {
        yield return
        [
            RunPicture.Title(task),
            Names.Of(task.State),
            picture.Attempts(task),
            Brief.Between(task.StartedAt, task.EndedAt, picture.Now),
            "",
            task.Reason ?? "",
        ];
        foreach (var attempt in attempts.OrderBy(attempt => attempt.Number))
        {
            var reason = attempt.Failure is { } failure ? $"{Names.Of(failure.Class)}: {failure.Message}" : "";
            if (attempt.NextDelay is { } delay)
            {
                reason += $"; next attempt after {Brief.Of(delay)}";
            }

            yield return
            [
                $"  attempt {attempt.Number}",
                Names.Of(attempt.State),
                "",
                Brief.Between(attempt.StartedAt, attempt.EndedAt, picture.Now),
                attempt.ExitCode?.ToString() ?? "",
                reason,
            ];
        }
    }
}

/// <summary><c>runs show --json</c>.</summary>
/// <param name="Refusals">Attempts that were over when they came to publish: nothing of them was.</param>
internal sealed record RunDetailDocument(RunDocument Run, HistoryDocument[] History, RefusalDocument[] Refusals);

/// <summary>One change of state.</summary>
internal sealed record HistoryDocument(
    string At,
    string? Task,
    int MapIndex,
    int Attempt,
    string From,
    string Event,
    string To,
    string? Reason
)
{
    public static HistoryDocument Of(HistoryEntry entry) =>
        new(
            InstantText.Fine(entry.At),
            entry.Task?.Task.Value,
            entry.Task?.MapIndex ?? TaskKey.NotMapped,
            entry.Number,
            entry.From,
            entry.Event,
            entry.To,
            entry.Reason
        );
}
