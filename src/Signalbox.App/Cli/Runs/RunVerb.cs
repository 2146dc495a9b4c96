using System.CommandLine;
using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Time;
using Signalbox.Engine.Control;

namespace Signalbox.App.Cli;

/// <summary><c>run</c>: runs a pipeline for one logical date, in this terminal or in the server.</summary>
internal static class RunVerb
{
    public static readonly Verb Verb = new("run", "Run a pipeline for one date, with live progress", Build);

    private static Command Build()
    {
        var command = VerbParts.Command(
            Verb.Name,
            "Runs a pipeline of the project, or a file, for one logical date, and waits for its end. Exit code 0 only when it succeeds. Where a "
                + "server serves the project it runs there; else here.",
            "run hello",
            "run daily --date 2001-01-05 --param min_rows=10",
            "run pipelines/daily.yaml --date 2001-01-05 --json"
        );
        var pipeline = new Argument<string>("PIPELINE") { Description = "The name of a pipeline of the project, or a file" };
        var date = new Option<string?>("--date", "-d")
        {
            Description =
                "The slice of time the run is about: a date, an instant, or a partition such as 2001-W01. Default: the latest interval of the "
                + "schedule that is over; today (UTC) for a pipeline without one",
            HelpName = "DATE",
        };
        var param = new Option<string[]>("--param") { Description = ParamArguments.Help, HelpName = "NAME=VALUE" };
        var reason = new Option<string?>("--reason") { Description = "Why; shown on the run", HelpName = "TEXT" };
        var runId = new Option<string?>("--run-id")
        {
            Description =
                "A name for the run, unique in its pipeline: asking again for the same name gives the same run. Default: made from the date",
            HelpName = "ID",
        };
        var variant = new Option<string?>("--variant")
        {
            Description = "The deployed variant that runs, into places of its own, e.g. green. Default: the live version",
            HelpName = "NAME",
        };
        var detach = new Option<bool>("--detach") { Description = "Do not wait for the end: the server runs it" };
        var project = VerbParts.Project();
        var json = VerbParts.Json();
        command.Arguments.Add(pipeline);
        foreach (var option in new Option[] { date, param, reason, runId, variant, detach, project, json })
        {
            command.Options.Add(option);
        }

        command.SetAction(
            (parsed, _) =>
                RunAsync(
                    new Call(
                        parsed.GetRequiredValue(pipeline),
                        parsed.GetValue(date),
                        parsed.GetValue(param) ?? [],
                        parsed.GetValue(reason),
                        parsed.GetValue(runId),
                        parsed.GetValue(variant),
                        parsed.GetValue(detach),
                        parsed.GetValue(project),
                        parsed.GetValue(json)
                    )
                )
        );
        return command;
    }

    /// <summary>The date that a run is about when nobody names one.</summary>
    public static string DefaultDate(Pipeline pipeline, DateTimeOffset now)
    {
        var schedule = pipeline.ScheduleOf();
        if (schedule.Previous(now.AddTicks(1)) is not { } tick)
        {
            return InstantText.Utc(now)[..10];
        }

        return InstantText.Utc(pipeline.CalendarOf().Of(schedule.IntervalOf(tick)).LogicalDate);
    }

    private static async Task<int> RunAsync(Call call)
    {
        var project = ProjectOpening.Find(call.Project);
        var file = PipelineSource.Load(call.Pipeline, project);
        var variant = call.Variant is { } name ? VariantSource.Find(project, file, name) : null;
        var pipeline = variant?.Pipeline ?? file.Pipeline!;
        var date = call.Date ?? DefaultDate(pipeline, TimeProvider.System.GetUtcNow());
        if (pipeline.CalendarOf().Find(date).Error is { } wrong)
        {
            throw new UserMistakeException($"--date: {wrong}");
        }

        var parameters = ParamArguments.Json(pipeline, call.Params);
        PipelineSource.RequireSecrets(file with { Pipeline = pipeline }, project);
        using var interrupts = call.Detach ? null : new Interrupts();
        await using var engine = ProjectOpening.OpenEngine(project);
        var version = await PipelineSource.SaveAsync(engine.Store, file);
        var number = Known(engine, pipeline.Name, call.RunId);
        var message = $"run {number} has that run id already";
        if (number is null)
        {
            var answer = await engine.AskAsync(
                new Request.StartRun(
                    pipeline.Name.Value,
                    (variant?.Version ?? version).Value,
                    date,
                    parameters,
                    call.RunId,
                    call.Reason,
                    call.Variant
                )
            );
            (number, message) = (new RunNumber(answer.Number!.Value), answer.Message);
        }

        if (interrupts is not null)
        {
            return await RunFollower.FollowAsync(engine, number.Value, call.Json, DateTimeOffset.MinValue, interrupts);
        }

        if (call.Json)
        {
            CliJson.Print(engine.Store.Read(session => RunDocument.Read(session, number.Value)), CliJson.Default.RunDocument);
        }
        else
        {
            Console.Out.WriteLine($"{message}{(engine.OwnsEngine ? "; it waits until `signalbox serve` runs" : "")}");
        }

        return ExitCode.Done;
    }

    /// <summary>The run of that name, when somebody asked for it before.</summary>
    private static RunNumber? Known(EngineSession engine, PipelineName pipeline, string? runId) =>
        runId is null ? null : engine.Store.Read(session => session.Run(pipeline, new RunId(runId)))?.Number;

    private sealed record Call(
        string Pipeline,
        string? Date,
        string[] Params,
        string? Reason,
        string? RunId,
        string? Variant,
        bool Detach,
        string? Project,
        bool Json
    );
}
