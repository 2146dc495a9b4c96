using System.CommandLine;
using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Retry;
using Signalbox.Core.Scheduling;
using Signalbox.Core.Time;
using Signalbox.Storage;

namespace Signalbox.App.Cli;

/// <summary><c>pipelines</c> lists the project's pipelines; <c>pipelines show</c> says all about one, with the policies of its tasks in one table.</summary>
internal static class PipelinesVerb
{
    public static readonly Verb Verb = new("pipelines", "List pipelines; `pipelines show NAME` says all about one", Build);

    private static Command Build()
    {
        var command = VerbParts.Command(
            Verb.Name,
            "Lists the pipelines of the project: when each runs next, and how its last run ended.",
            "pipelines --tag features",
            "pipelines show daily"
        );
        var tag = new Option<string?>("--tag") { Description = "Only pipelines with this tag", HelpName = "TAG" };
        var project = VerbParts.Project();
        var json = VerbParts.Json();
        command.Options.Add(tag);
        command.Options.Add(project);
        command.Options.Add(json);
        command.SetAction(parsed =>
        {
            var opened = ProjectOpening.Find(parsed.GetValue(project));
            var files = PipelineSource.Check([], opened);
            using var store = ProjectOpening.FindStore(opened);
            var now = TimeProvider.System.GetUtcNow();
            var all = files
                .Where(file => file.Pipeline is not null)
                .Select(file => PipelineDocument.Of(file.Pipeline!, file.File, store, now))
                .Where(pipeline => parsed.GetValue(tag) is not { } wanted || pipeline.Tags.Contains(wanted, StringComparer.Ordinal))
                .OrderBy(pipeline => pipeline.Pipeline, StringComparer.Ordinal)
                .ToArray();
            foreach (var broken in files.Where(file => file.Pipeline is null))
            {
                Console.Error.WriteLine($"{broken.File}: it has mistakes; `signalbox validate` lists them");
            }

            if (parsed.GetValue(json))
            {
                CliJson.Print(all, CliJson.Default.PipelineDocumentArray);
            }
            else
            {
                PrintTable(all);
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
            "One pipeline: what it does in a sentence, when it runs next in its zone and in UTC, and the policies of every task in one table.",
            "pipelines show daily"
        );
        var pipeline = new Argument<string>("PIPELINE") { Description = "The name of a pipeline of the project, or a file" };
        var project = VerbParts.Project();
        var json = VerbParts.Json();
        command.Arguments.Add(pipeline);
        command.Options.Add(project);
        command.Options.Add(json);
        command.SetAction(parsed =>
        {
            var opened = ProjectOpening.Find(parsed.GetValue(project));
            var file = PipelineSource.Load(parsed.GetRequiredValue(pipeline), opened);
            using var store = ProjectOpening.FindStore(opened);
            var now = TimeProvider.System.GetUtcNow();
            var document = PipelineDetailDocument.Of(file.Pipeline!, file.File, store, now);
            if (parsed.GetValue(json))
            {
                CliJson.Print(document, CliJson.Default.PipelineDetailDocument);
            }
            else
            {
                Print(document, file.Pipeline!);
            }

            return ExitCode.Done;
        });
        return command;
    }

    private static void PrintTable(PipelineDocument[] all)
    {
        if (all.Length == 0)
        {
            Console.Out.WriteLine("no pipelines");
            return;
        }

        TextTable.Write(
            Console.Out,
            ["pipeline", "schedule", "next (UTC)", "last run", "idempotency", "tasks", "version", "owner", "tags"],
            [
                .. all.Select(one =>
                    new[]
                    {
                        one.Pipeline,
                        one.Schedule is null ? "by hand" : $"{one.Schedule} {one.TimeZone}",
                        one.Paused ? "paused"
                        : one.Next is { } next ? InstantText.Utc(next)
                        : "-",
                        one.LastRun is { } last ? $"{last.State}, {last.For}" : "never",
                        one.Idempotency.Replace('_', ' '),
                        $"{one.Tasks}",
                        one.Version,
                        one.Owner ?? "",
                        string.Join(", ", one.Tags),
                    }
                ),
            ]
        );
    }

    private static void Print(PipelineDetailDocument document, Pipeline pipeline)
    {
        var about = document.About;
        Console.Out.WriteLine(document.Sentence);
        Console.Out.WriteLine();
        Console.Out.WriteLine($"file      {about.File}, version {about.Version}");
        if (about.Paused)
        {
            Console.Out.WriteLine($"schedule  paused: {about.PausedReason}");
        }

        foreach (var tick in document.NextTicks)
        {
            Console.Out.WriteLine($"next      {tick.Local:ddd yyyy-MM-dd HH:mm} {about.TimeZone} = {InstantText.Utc(tick.Utc)}");
        }

        Console.Out.WriteLine(
            $"limits    {Brief.Count(pipeline.MaxActiveRuns, "run")} and {Brief.Count(pipeline.MaxActiveTasks, "task")} at a time, "
                + $"{(pipeline.Timeout is { } limit ? $"{Brief.Of(limit)} a run" : "no time-out of a run")}, catch-up {Names.Of(pipeline.CatchUp)}"
        );
        if (pipeline.RunRetry is { Retries: > 0 } again)
        {
            Console.Out.WriteLine(
                $"run retry {Brief.Count(again.Retries, "time")} from its failed tasks, after {Brief.Of(again.Delay)} ({Names.Of(again.Backoff)})"
            );
        }

        Console.Out.WriteLine($"proven    idempotency: {about.Idempotency.Replace('_', ' ')}");
        if (about.LastRun is { } last)
        {
            Console.Out.WriteLine($"last run  {last.Number} for {last.For}: {last.State}");
        }

        Console.Out.WriteLine();
        TextTable.Write(
            Console.Out,
            ["task", "does", "time-out", "attempts", "delay", "retried when", "lost", "pool", "runs when", "tells"],
            [
                .. document.Policies.Select(policy =>
                    new[]
                    {
                        policy.Task,
                        policy.Kind,
                        policy.Timeout is { } timeout
                            ? Brief.Of(TimeSpan.FromSeconds(timeout))
                            : $"{Brief.Of(TaskNode.DefaultTimeout)} (default)",
                        policy.Retries == 0
                            ? "1"
                            : $"{policy.MaxAttempts} ({(policy.Retries == 1 ? "1 retry" : $"{policy.Retries} retries")})",
                        policy.Retries == 0 ? "-" : Delay(policy),
                        policy.Retries == 0 ? "-" : string.Join(", ", policy.RetryOn),
                        $"{policy.LostBudget}",
                        policy.Slots == 1 ? policy.Pool : $"{policy.Pool} x{policy.Slots}",
                        policy.TriggerRule,
                        Tells(policy),
                    }
                ),
            ]
        );
    }

    /// <summary>The channels that the task names itself; those of the routes are told besides.</summary>
    private static string Tells(PolicyDocument policy) =>
        string.Join(
            "; ",
            new[]
            {
                policy.OnFailure.Length == 0 ? "" : $"{string.Join(", ", policy.OnFailure)} when it failed",
                policy.OnRetry.Length == 0 ? "" : $"{string.Join(", ", policy.OnRetry)} of retries",
            }.Where(text => text.Length > 0)
        )
            is { Length: > 0 } told
            ? told
            : "by routes";

    private static string Delay(PolicyDocument policy)
    {
        var first = Brief.Of(TimeSpan.FromSeconds(policy.RetryDelay));
        return policy.Backoff == Names.Of(Backoff.Exponential)
            ? $"{first}, doubled up to {Brief.Of(TimeSpan.FromSeconds(policy.MaxRetryDelay))}"
            : first;
    }
}
