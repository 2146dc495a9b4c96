using System.CommandLine;
using System.Diagnostics;
using Signalbox.Engine.Control;
using Signalbox.Engine.Upkeep;
using Signalbox.Storage;

namespace Signalbox.App.Cli;

/// <summary><c>db retention</c>: removes what is past what the project keeps, or tells it.</summary>
internal static class DbRetention
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    public static Command Build()
    {
        var command = VerbParts.Command(
            "retention",
            "Removes runs that are past `retention:` with their logs and the versions that they published and that others have replaced, and old rows that belong "
                + "to no run. A server does it once an hour. Never removed: runs that have not ended, the last that succeeded, versions that are current or were lately, "
                + "models, what is pinned, and what something else that is kept rests on.",
            "db retention --dry-run",
            "db retention --json"
        );
        var dryRun = new Option<bool>("--dry-run") { Description = "Print what would be removed, and remove nothing" };
        var project = VerbParts.Project();
        var json = VerbParts.Json();
        foreach (var option in new Option[] { dryRun, project, json })
        {
            command.Options.Add(option);
        }

        command.SetAction(
            async (parsed, cancellationToken) =>
            {
                var found = ProjectOpening.Find(parsed.GetValue(project));
                var isDry = parsed.GetValue(dryRun);
                if (isDry)
                {
                    using var store = ProjectOpening.OpenStore(found);
                    Print(store.Read(session => RetentionPlan.Of(found, session, DateTimeOffset.UtcNow)), isDry, parsed.GetValue(json));
                    return ExitCode.Done;
                }

                // Looking first: where nothing ever ran, nothing is to be made.
                using (ProjectOpening.OpenStore(found)) { }

                await using var engine = ProjectOpening.OpenEngine(found);
                var answer = await engine.AskAsync(new Request.ApplyRetention());
                var isDone = await IsDoneAsync(engine, cancellationToken);
                Print(RetentionPlan.FromJson(answer.Details!), isDry, parsed.GetValue(json));
                if (isDone)
                {
                    return ExitCode.Done;
                }

                Console.Error.WriteLine("some of it cannot be removed now; a server tries again every hour, and says why");
                return ExitCode.WorkFailed;
            }
        );
        return command;
    }

    /// <summary>Waits as long as it gets less.</summary>
    private static async Task<bool> IsDoneAsync(EngineSession engine, CancellationToken cancellationToken)
    {
        var (least, since) = (long.MaxValue, Stopwatch.GetTimestamp());
        while (engine.Store.Read(session => session.RemovalsLeft()) is > 0 and var left)
        {
            if (left < least)
            {
                (least, since) = (left, Stopwatch.GetTimestamp());
            }
            else if (Stopwatch.GetElapsedTime(since) > Patience)
            {
                return false;
            }

            await Task.Delay(Pause, cancellationToken);
        }

        return true;
    }

    private static void Print(RetentionPlan plan, bool isDry, bool json)
    {
        if (json)
        {
            Console.Out.WriteLine(plan.ToJson());
            return;
        }

        var verb = isDry ? "would be removed" : "removed";
        foreach (var pipeline in plan.Runs.GroupBy(run => run.Pipeline))
        {
            Console.Out.WriteLine(
                $"{pipeline.Key}: {Counted(pipeline.Count(), "run")} {verb}: {string.Join(", ", pipeline.Select(run => run.Run))}"
            );
        }

        foreach (var version in plan.Versions)
        {
            Console.Out.WriteLine($"version {version.Version} of {version.Dataset} {verb}: {version.Path}");
        }

        foreach (var (name, count) in plan.Records)
        {
            Console.Out.WriteLine($"{name}: {Counted(count, "row")} {verb}");
        }

        if (plan.Runs.Count == 0 && plan.Records.Count == 0)
        {
            Console.Out.WriteLine("nothing is past what is kept");
        }

        foreach (var stays in plan.Stays)
        {
            Console.Out.WriteLine($"{stays.Pipeline}: {Counted(stays.Runs, "old run")} kept: {stays.Reason}");
        }
    }

    private static string Counted(long count, string what) => $"{count} {what}{(count == 1 ? "" : "s")}";
}
