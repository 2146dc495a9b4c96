using System.CommandLine;
using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Engine.Proving;
using Signalbox.Storage;

namespace Signalbox.App.Cli;

/// <summary><c>verify</c>: proves by doing it that a pipeline can be run again.</summary>
internal static class VerifyVerb
{
    public static readonly Verb Verb = new("verify", "Prove that running a pipeline again changes nothing", Build);

    private static Command Build()
    {
        var command = VerbParts.Command(
            Verb.Name,
            "Proves that running a pipeline again changes nothing, and shows which pipelines are proven.",
            "verify idempotency daily --date 2001-01-05",
            "verify list"
        );
        command.Subcommands.Add(Idempotency());
        command.Subcommands.Add(List());
        return command;
    }

    private static Command Idempotency()
    {
        var command = VerbParts.Command(
            "idempotency",
            "Runs a pipeline twice for one date, apart from the live outputs: the second time with another clock, another temporary folder and "
                + "another seed of hashes, onto what the first run left. Compares everything: bytes, rows, columns, the first rows that differ; and "
                + "names the likely cause. Exit code 1 when something differs. The verdict is kept for this version of the pipeline.",
            "verify idempotency daily --date 2001-01-05",
            "verify idempotency daily --task features --date 2001-01-05 --junit idempotency.xml"
        );
        var pipeline = new Argument<string>("PIPELINE") { Description = "The name of a pipeline of the project, or a file" };
        var task = new Option<string?>("--task")
        {
            Description = "Only this task's outputs count; what it needs runs too",
            HelpName = "TASK",
        };
        var date = new Option<string?>("--date", "-d")
        {
            Description = "The slice that the runs are about. Default: as `run`",
            HelpName = "DATE",
        };
        var param = new Option<string[]>("--param") { Description = ParamArguments.Help, HelpName = "NAME=VALUE" };
        var junit = new Option<string?>("--junit")
        {
            Description = "Write the result as JUnit XML, a test case an output",
            HelpName = "FILE",
        };
        var keep = new Option<bool>("--keep") { Description = "Leave what the runs made where it is" };
        var project = VerbParts.Project();
        var json = VerbParts.Json();
        command.Arguments.Add(pipeline);
        foreach (var option in new Option[] { task, date, param, junit, keep, project, json })
        {
            command.Options.Add(option);
        }

        command.SetAction(
            (parsed, stop) =>
                RunAsync(
                    new Call(
                        parsed.GetRequiredValue(pipeline),
                        parsed.GetValue(task),
                        parsed.GetValue(date),
                        parsed.GetValue(param) ?? [],
                        parsed.GetValue(junit),
                        parsed.GetValue(keep),
                        parsed.GetValue(project),
                        parsed.GetValue(json)
                    ),
                    stop
                )
        );
        return command;
    }

    private static Command List()
    {
        var command = VerbParts.Command("list", "The pipelines of the project, each with what is proven of it.", "verify list");
        var project = VerbParts.Project();
        var json = VerbParts.Json();
        command.Options.Add(project);
        command.Options.Add(json);
        command.SetAction(
            async (parsed, _) =>
            {
                var opened = ProjectOpening.Find(parsed.GetValue(project));
                var files = PipelineSource.Check([], opened).Where(file => file.Pipeline is not null).ToList();
                await using var store = ProjectOpening.FindStore(opened);
                var badges = files.ConvertAll(file => ProofBadge.Of(store, file.Pipeline!));
                if (parsed.GetValue(json))
                {
                    CliJson.Print([.. badges], CliJson.Default.ProofBadgeArray);
                }
                else
                {
                    TextTable.Write(
                        Console.Out,
                        ["PIPELINE", "IDEMPOTENCY", "PROVEN FOR", "WHAT WAS SEEN"],
                        badges.ConvertAll(badge => (string[])[badge.Pipeline, badge.Words, badge.Partition ?? "", badge.Message ?? ""])
                    );
                }

                return ExitCode.Done;
            }
        );
        return command;
    }

    private static async Task<int> RunAsync(Call call, CancellationToken stop)
    {
        var project = ProjectOpening.Find(call.Project);
        var file = PipelineSource.Load(call.Pipeline, project);
        var pipeline = file.Pipeline!;
        var date = call.Date ?? RunVerb.DefaultDate(pipeline, TimeProvider.System.GetUtcNow());
        if (pipeline.CalendarOf().Find(date).Error is { } wrong)
        {
            throw new UserMistakeException($"--date: {wrong}");
        }

        if (call.Task is { } name && pipeline.Tasks.All(task => task.Name.Value != name))
        {
            var names = pipeline.Tasks.Select(task => task.Name.Value).ToList();
            throw new UserMistakeException($"--task: {pipeline.Name} has no task `{name}`{Suggestion.DidYouMean(name, names)}");
        }

        var parameters = ParamArguments.Json(pipeline, call.Params);
        PipelineSource.RequireSecrets(file, project);
        await using var engine = ProjectOpening.OpenEngine(project);
        var version = await PipelineSource.SaveAsync(engine.Store, file);
        var proof = new IdempotencyProof(engine, ProjectOpening.Options().WorkerCommand);
        if (!call.Json)
        {
            proof.Said += Console.Out.WriteLine;
        }

        ProofReport report;
        try
        {
            report = await proof.RunAsync(
                new ProofRequest(pipeline, version, date, parameters, call.Task is { } task ? new TaskName(task) : null, call.Keep),
                stop
            );
        }
        catch (ProofRefused refused)
        {
            throw new UserMistakeException(refused.Message);
        }

        if (call.Junit is { } target)
        {
            JUnitFile.Write(target, pipeline.Name.Value, report);
        }

        if (call.Json)
        {
            CliJson.Print(ProofDocument.Of(pipeline, version, report), CliJson.Default.ProofDocument);
        }
        else
        {
            ProofText.Print(Console.Out, report, call.Keep);
        }

        return report.State == VerdictState.Idempotent ? ExitCode.Done : ExitCode.WorkFailed;
    }

    private sealed record Call(
        string Pipeline,
        string? Task,
        string? Date,
        string[] Params,
        string? Junit,
        bool Keep,
        string? Project,
        bool Json
    );
}
