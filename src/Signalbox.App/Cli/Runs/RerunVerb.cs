using System.CommandLine;
using Signalbox.Core;
using Signalbox.Core.Runs;
using Signalbox.Engine.Control;

namespace Signalbox.App.Cli;

/// <summary>
/// <c>rerun</c>: runs tasks of a run again, in the same run and with the same definition; with another one or other parameters in a run of its own.
/// </summary>
internal static class RerunVerb
{
    public static readonly Verb Verb = new("rerun", "Run tasks of a run again: what failed, from a task on, or one alone", Build);

    private static Command Build()
    {
        var command = VerbParts.Command(
            Verb.Name,
            "Runs tasks of a run again, in the same run; the others keep what they did. With another version or other parameters a new run of the same "
                + "date runs them, and what the others published is read. What will run is shown first, then it waits for the end.",
            "rerun 12 --from-failed",
            "rerun last --from features --reason \"mended the query\"",
            "rerun 12 --only load --dry-run",
            "rerun 12 --from extract --downstream",
            "rerun 12 --from-failed --with-version newest --param rows=10"
        );
        var run = new Argument<string>("RUN") { Description = RunReference.Help };
        var fromFailed = new Option<bool>("--from-failed")
        {
            Description = "What failed, what could not run because of it, and all after it",
        };
        var from = new Option<string?>("--from") { Description = "A task and all that comes after it", HelpName = "TASK" };
        var only = new Option<string?>("--only") { Description = "A task, or an instance such as train[3], alone", HelpName = "TASK" };
        var reason = new Option<string?>("--reason") { Description = "Why; shown in the run's history", HelpName = "TEXT" };
        var downstream = new Option<bool>("--downstream")
        {
            Description = "Pipelines that subscribe to what is published again run again for the same partitions, once",
        };
        var version = new Option<string?>("--with-version")
        {
            Description = "`pinned`, the run's own; `newest`; or the hash of a version, or how it begins. Default: pinned",
            HelpName = "VERSION",
        };
        var param = new Option<string[]>("--param")
        {
            Description = "A parameter that is to differ from the run's",
            HelpName = "NAME=VALUE",
        };
        var dryRun = new Option<bool>("--dry-run") { Description = "Only show what would run" };
        var detach = new Option<bool>("--detach") { Description = "Do not wait for the end: the server runs it" };
        var project = VerbParts.Project();
        var json = VerbParts.Json();
        command.Arguments.Add(run);
        foreach (var option in new Option[] { fromFailed, from, only, version, param, downstream, reason, dryRun, detach, project, json })
        {
            command.Options.Add(option);
        }

        command.SetAction(
            (parsed, _) =>
                RunAsync(
                    new Call(
                        parsed.GetRequiredValue(run),
                        parsed.GetValue(fromFailed),
                        parsed.GetValue(from),
                        parsed.GetValue(only),
                        parsed.GetValue(version) ?? RerunAnew.Pinned,
                        parsed.GetValue(param) ?? [],
                        parsed.GetValue(downstream),
                        parsed.GetValue(reason),
                        parsed.GetValue(dryRun),
                        parsed.GetValue(detach),
                        parsed.GetValue(project),
                        parsed.GetValue(json)
                    )
                )
        );
        return command;
    }

    private static async Task<int> RunAsync(Call call)
    {
        var (mode, task) = call switch
        {
            { FromFailed: true, From: null, Only: null } => (RerunMode.FromFailed, null),
            { FromFailed: false, From: { } name, Only: null } => (RerunMode.From, name),
            { FromFailed: false, From: null, Only: { } name } => (RerunMode.Only, name),
            _ => throw new UserMistakeException("rerun: say which tasks, with one of --from-failed, --from TASK and --only TASK"),
        };
        var project = ProjectOpening.Find(call.Project);
        using var reading = ProjectOpening.OpenStore(project);
        var snapshot = reading.Read(session =>
        {
            var run = RunReference.Find(session, call.Run);
            var stored = session.LoadRun(run.Number)!;
            var pipeline = session.Definition(run.Pipeline, run.Version)!.Pipeline;
            if (task is not null)
            {
                var key = RunReference.Task(stored.Tasks, run, task);
                if (key.IsInstance && mode == RerunMode.From)
                {
                    throw new UserMistakeException($"--from takes a task; for the instance {key} alone write --only '{key}'");
                }
            }

            return RunSnapshot.Load(
                pipeline,
                stored.Run,
                stored.Tasks,
                session.Attempts(run.Number).Where(attempt => !attempt.State.IsEnd())
            );
        });
        if (call.Version != RerunAnew.Pinned || call.Params.Length > 0)
        {
            return await RerunAnew.RunAsync(call, project, snapshot, mode, task);
        }

        var plan = Reruns.Plan(snapshot, mode, task);
        if (plan.IsEmpty)
        {
            throw new UserMistakeException(
                $"run {snapshot.Run.Number} has nothing that failed; name a task with --from TASK or --only TASK"
            );
        }

        if (call.DryRun && call.Json)
        {
            CliJson.Print(RerunDocument.Of(snapshot.Run, plan.Select(key => key.ToString())), CliJson.Default.RerunDocument);
            return ExitCode.Done;
        }

        if (!call.Json)
        {
            var kept = snapshot.Graph.Count - plan.Select(key => key.Task).Distinct().Count();
            Console.Out.WriteLine($"run {snapshot.Run.Number} of {snapshot.Run.Pipeline} for {Brief.Slice(snapshot.Run)}");
            Console.Out.WriteLine($"  runs again: {string.Join(", ", plan)}");
            Console.Out.WriteLine($"  keeps what {(kept == 1 ? "1 other task" : $"{kept} other tasks")} did");
        }

        return call.DryRun ? ExitCode.Done : await CarryOutAsync(call, project, snapshot.Run.Number, mode, task);
    }

    private static async Task<int> CarryOutAsync(Call call, Engine.Projects.Project project, RunNumber number, RerunMode mode, string? task)
    {
        using var interrupts = call.Detach ? null : new Interrupts();
        await using var engine = ProjectOpening.OpenEngine(project);
        var asked = TimeProvider.System.GetUtcNow();
        var answer = await engine.AskAsync(new Request.Rerun(number.Value, mode, task, call.Reason ?? "re-run by hand", call.Downstream));
        if (interrupts is not null)
        {
            return await RunFollower.FollowAsync(engine, number, call.Json, asked, interrupts);
        }

        if (call.Json)
        {
            CliJson.Print(engine.Store.Read(session => RunDocument.Read(session, number)), CliJson.Default.RunDocument);
        }
        else
        {
            Console.Out.WriteLine(answer.Message);
        }

        return ExitCode.Done;
    }

    /// <param name="Version">As <c>--with-version</c> says it.</param>
    public sealed record Call(
        string Run,
        bool FromFailed,
        string? From,
        string? Only,
        string Version,
        string[] Params,
        bool Downstream,
        string? Reason,
        bool DryRun,
        bool Detach,
        string? Project,
        bool Json
    );
}

/// <summary><c>rerun --dry-run --json</c>.</summary>
/// <param name="Tasks">What would run.</param>
/// <param name="Version">The definition that it would run with.</param>
/// <param name="NewRun">Whether in a new run of the same date, not in this one.</param>
internal sealed record RerunDocument(string RunId, long Number, string[] Tasks, string Version, bool NewRun)
{
    /// <summary>A re-run in the run itself.</summary>
    public static RerunDocument Of(Run run, IEnumerable<string> tasks) =>
        new(run.Id.Value, run.Number.Value, [.. tasks], run.Version.Value, NewRun: false);

    /// <summary>One in a run of its own.</summary>
    public static RerunDocument Of(Run run, Request.StartRun anew) =>
        new(run.Id.Value, run.Number.Value, [.. anew.OnlyTasks], anew.Version!, NewRun: true);
}
