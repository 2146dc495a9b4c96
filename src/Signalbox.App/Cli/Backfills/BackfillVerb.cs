using System.CommandLine;
using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Engine.Control;
using Signalbox.Engine.Projects;
using Signalbox.Storage;

namespace Signalbox.App.Cli;

/// <summary><c>backfill</c>: runs a pipeline for many dates, a limited number at one time; its subcommands look at and end backfills.</summary>
internal static class BackfillVerb
{
    public static readonly Verb Verb = new("backfill", "Run a pipeline for many dates; `backfill list` shows them", Build);

    private static Command Build()
    {
        var command = BuildCreate(Verb.Name);
        command.Subcommands.Add(BuildCreate("create"));
        command.Subcommands.Add(BackfillLooking.BuildList());
        command.Subcommands.Add(BackfillLooking.BuildShow());
        command.Subcommands.Add(BackfillSteering.BuildPause());
        command.Subcommands.Add(BackfillSteering.BuildResume());
        command.Subcommands.Add(BackfillSteering.BuildCancel());
        command.Subcommands.Add(BackfillImpact.Build());
        command.Subcommands.Add(BackfillCompare.Build());
        return command;
    }

    /// <summary>What makes a backfill: the verb by itself, and <c>create</c> for who names it.</summary>
    private static Command BuildCreate(string name)
    {
        var command = VerbParts.Command(
            name,
            "Runs a pipeline for many logical dates: first the whole list, then at most --max-active of them at one time. The dates are those of "
                + "the schedule, or the partitions of a pipeline without one. Exit code 1 when a date failed.",
            "backfill daily --from 2024-01-01 --to 2024-03-01 --dry-run",
            "backfill daily --last 7d --max-active 2",
            "backfill daily --dates 2024-02-14,2024-02-15,2024-02-16 --reason \"time zone bug\"",
            "backfill daily --since-watermark",
            "backfill daily --last 30d --stale --dry-run",
            "backfill daily --last 7d --downstream --dry-run",
            "backfill weekly --partitions 2024-W01..2024-W05 --every 2s",
            "backfill show 3"
        );
        var options = new BackfillOptions();
        command.Arguments.Add(options.Pipeline);
        foreach (var option in options.All)
        {
            command.Options.Add(option);
        }

        command.SetAction((parsed, _) => RunAsync(parsed, options));
        return command;
    }

    /// <summary>Makes the backfill that a call asks for, and follows it.</summary>
    public static async Task<int> RunAsync(ParseResult parsed, BackfillOptions options)
    {
        var project = ProjectOpening.Find(parsed.GetValue(options.Project));
        var file = PipelineSource.Load(parsed.GetRequiredValue(options.Pipeline), project);
        if (!file.InProject)
        {
            throw new UserMistakeException($"{file.File} is not among the project's pipelines; a backfill needs one that is");
        }

        var selection = options.Read(parsed, file.Pipeline!);
        var pipeline = file.Pipeline!;
        StoredDefinition? deployed = null;
        if (selection.Variant is { } variant)
        {
            deployed = VariantSource.Find(project, file, variant.Value);
            pipeline = deployed.Pipeline;
        }

        var only = parsed.GetValue(options.Only) ?? [];
        foreach (var unknown in only.Where(name => pipeline.Tasks.All(task => task.Name.Value != name)))
        {
            throw new UserMistakeException(
                $"--only: {pipeline.Name} has no task `{unknown}`{Suggestion.DidYouMean(unknown, pipeline.Tasks.Select(task => task.Name.Value))}"
            );
        }

        var parameters = ParamArguments.Json(pipeline, parsed.GetValue(options.Param) ?? []);
        PipelineSource.RequireSecrets(file with { Pipeline = pipeline }, project);
        var json = parsed.GetValue(options.Json);
        if (parsed.GetValue(options.DryRun))
        {
            using var store = ProjectOpening.FindStore(project);
            Show(
                BackfillPlan.Make(pipeline, selection, store, project, only, TimeProvider.System.GetUtcNow(), All(selection, project)),
                json,
                isFinal: true
            );
            return ExitCode.Done;
        }

        using var interrupts = parsed.GetValue(options.Detach) ? null : new Interrupts();
        await using var engine = ProjectOpening.OpenEngine(project);
        var version = await PipelineSource.SaveAsync(engine.Store, file);
        var now = TimeProvider.System.GetUtcNow();
        var plan = BackfillPlan.Make(pipeline, selection, engine.Store, project, only, now, All(selection, project));
        Show(plan, json, isFinal: plan.Dates.IsEmpty);
        if (plan.Dates.IsEmpty)
        {
            return ExitCode.Done;
        }

        var answer = await engine.AskAsync(
            new Request.StartBackfill(
                pipeline.Name.Value,
                [.. plan.Dates.Select(slice => slice.LogicalDate)],
                selection.MaxActive,
                parameters,
                [.. only],
                selection.Reason,
                selection.Kind == BackfillKind.Selective,
                selection.Kind == BackfillKind.Incremental,
                (deployed?.Version ?? version).Value
            )
            {
                Variant = selection.Variant?.Value,
                Every = selection.Every,
                Replace = selection.Replace,
                Downstream = selection.Downstream,
            }
        );
        return await BackfillFollower.FollowAsync(engine, answer.Number!.Value, plan, json, interrupts);
    }

    /// <summary>The pipelines among which consumers are looked for; none when they are not asked for.</summary>
    private static Pipeline[] All(BackfillSelection selection, Project project) =>
        selection.Downstream ? [.. project.OpenPipelines().Load().Pipelines.Select(loaded => loaded.Pipeline)] : [];

    private static void Show(BackfillPlan plan, bool json, bool isFinal)
    {
        if (json)
        {
            if (isFinal)
            {
                CliJson.Print(BackfillDocument.Planned(plan), CliJson.Default.BackfillDocument);
            }
        }
        else
        {
            plan.Print(Console.Out);
        }
    }
}
