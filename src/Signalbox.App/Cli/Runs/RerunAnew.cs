using Signalbox.Core;
using Signalbox.Core.Runs;
using Signalbox.Engine.Control;
using Signalbox.Engine.Projects;
using Signalbox.Storage;

namespace Signalbox.App.Cli;

/// <summary>A re-run with another definition or other parameters: in a run of its own, for a run keeps those that it began with.</summary>
internal static class RerunAnew
{
    /// <summary>The run's own version.</summary>
    public const string Pinned = "pinned";

    /// <summary>The version that is live.</summary>
    public const string Newest = "newest";

    // More versions of one pipeline than anybody names one of.
    private const int MostVersions = 1_000;

    /// <summary>The version that people name.</summary>
    /// <exception cref="UserMistakeException">There is none, or there are several that begin so.</exception>
    public static StoredDefinition Find(ReadSession session, Run run, string version)
    {
        if (version == Pinned)
        {
            return session.Definition(run.Pipeline, run.Version)!;
        }

        if (version == Newest)
        {
            return session.Pipeline(run.Pipeline)?.Version is { } live
                ? session.Definition(run.Pipeline, live)!
                : throw new UserMistakeException($"--with-version: {run.Pipeline} has no version that is live");
        }

        var all = session.DefinitionVersions(run.Pipeline, MostVersions).Select(each => each.Version).ToList();
        var found = all.Where(each => each.Value.StartsWith(version, StringComparison.Ordinal)).ToList();
        return found switch
        {
            [var one] => session.Definition(run.Pipeline, one)!,
            [] => throw new UserMistakeException(
                $"--with-version: {run.Pipeline} has no version `{version}`; write pinned, newest, or one of {string.Join(", ", all.Take(10))}"
            ),
            _ => throw new UserMistakeException($"--with-version: `{version}` begins {string.Join(" and ", found)}; write more of it"),
        };
    }

    public static async Task<int> RunAsync(RerunVerb.Call call, Project project, RunSnapshot run, RerunMode mode, string? task)
    {
        if (call.Downstream)
        {
            throw new UserMistakeException("--downstream: a new run wakes the subscribers of what it publishes by itself; leave it out");
        }

        using var interrupts = call.Detach || call.DryRun ? null : new Interrupts();
        await using var engine = ProjectOpening.OpenEngine(project);
        var version = call.Version;
        if (version == Newest)
        {
            // What the file says now, also where no server has seen it yet; a preview makes nothing live.
            var file = PipelineSource.Load(run.Run.Pipeline.Value, project);
            var saved = call.DryRun
                ? await PipelineSource.SaveCandidateAsync(engine.Store, file)
                : await PipelineSource.SaveAsync(engine.Store, file);
            version = saved.Value;
        }

        var definition = engine.Store.Read(session => Find(session, run.Run, version));
        var changes = ParamArguments.Json(definition.Pipeline, call.Params);
        var wish = Wish();
        if (call is { DryRun: true, Json: true })
        {
            CliJson.Print(RerunDocument.Of(run.Run, wish), CliJson.Default.RerunDocument);
            return ExitCode.Done;
        }

        if (!call.Json)
        {
            var read = definition.Pipeline.Tasks.Length - wish.OnlyTasks.Length;
            Console.Out.WriteLine($"a new run of {run.Run.Pipeline} for {Brief.Slice(run.Run)}");
            Console.Out.WriteLine(
                $"  version:  {definition.Version}{(definition.Version == run.Run.Version ? $", as run {run.Run.Number}" : $" (run {run.Run.Number}: {run.Run.Version})")}"
            );
            Console.Out.WriteLine($"  params:   {wish.Params}");
            Console.Out.WriteLine($"  runs:     {string.Join(", ", wish.OnlyTasks)}");
            Console.Out.WriteLine($"  reads what {(read == 1 ? "1 other task" : $"{read} other tasks")} published");
        }

        if (call.DryRun)
        {
            return ExitCode.Done;
        }

        var answer = await engine.AskAsync(wish);
        var number = new RunNumber(answer.Number!.Value);
        if (interrupts is not null)
        {
            return await RunFollower.FollowAsync(engine, number, call.Json, DateTimeOffset.MinValue, interrupts);
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

        Request.StartRun Wish()
        {
            try
            {
                return Reruns.Anew(run, mode, task, definition, changes, call.Reason);
            }
            catch (RequestRefused refused)
            {
                throw new UserMistakeException($"rerun: {refused.Message}");
            }
        }
    }
}
