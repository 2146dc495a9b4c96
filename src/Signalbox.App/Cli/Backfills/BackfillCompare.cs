using System.CommandLine;
using Signalbox.Core.Definitions;
using Signalbox.Engine.Proving;

namespace Signalbox.App.Cli;

/// <summary><c>backfill compare</c>: proves that what stands for a range of dates is what a fresh run makes.</summary>
internal static class BackfillCompare
{
    public static Command Build()
    {
        var command = VerbParts.Command(
            "compare",
            "Runs each date of a range again, apart from the live outputs, and compares what it makes with the live versions by their hashes. Exit "
                + "code 1 when something differs, or is not there.",
            "backfill compare daily --from 2024-01-01 --to 2024-01-07"
        );
        var pipeline = new Argument<string>("PIPELINE") { Description = "The name of a pipeline of the project" };
        var from = new Option<string>("--from")
        {
            Description = "The first date, included",
            HelpName = "DATE",
            Required = true,
        };
        var to = new Option<string>("--to")
        {
            Description = "The last date, included",
            HelpName = "DATE",
            Required = true,
        };
        var param = new Option<string[]>("--param") { Description = ParamArguments.Help, HelpName = "NAME=VALUE" };
        var project = VerbParts.Project();
        var json = VerbParts.Json();
        command.Arguments.Add(pipeline);
        foreach (var option in new Option[] { from, to, param, project, json })
        {
            command.Options.Add(option);
        }

        command.SetAction(
            async (parsed, stop) =>
            {
                var opened = ProjectOpening.Find(parsed.GetValue(project));
                var file = PipelineSource.Load(parsed.GetRequiredValue(pipeline), opened);
                var definition = file.Pipeline!;
                var slices = definition
                    .CalendarOf()
                    .Between(Date("--from", parsed.GetRequiredValue(from)), Date("--to", parsed.GetRequiredValue(to)))
                    .ToList();
                if (slices.Count == 0)
                {
                    throw new UserMistakeException($"--from and --to: {definition.Name} has no date between them");
                }

                var parameters = ParamArguments.Json(definition, parsed.GetValue(param) ?? []);
                PipelineSource.RequireSecrets(file, opened);
                await using var engine = ProjectOpening.OpenEngine(opened);
                var version = await PipelineSource.SaveAsync(engine.Store, file);
                var isJson = parsed.GetValue(json);
                try
                {
                    var compared = await new FreshComparison(engine, ProjectOpening.Options().WorkerCommand).RunAsync(
                        definition,
                        version,
                        [.. slices.Select(BackfillPlan.Name)],
                        parameters,
                        isJson ? null : Print,
                        stop
                    );
                    var same = compared.Count(date => date.Same);
                    if (isJson)
                    {
                        CliJson.Print(FreshDocument.Of(definition.Name.Value, version.Value, compared), CliJson.Default.FreshDocument);
                    }
                    else
                    {
                        Console.Out.WriteLine(
                            same == compared.Length
                                ? $"equal: all {Brief.Count(compared.Length, "date")} are what a fresh run makes"
                                : $"not equal: {compared.Length - same} of {Brief.Count(compared.Length, "date")} are not what a fresh run makes"
                        );
                    }

                    return same == compared.Length ? ExitCode.Done : ExitCode.WorkFailed;
                }
                catch (ProofRefused refused)
                {
                    throw new UserMistakeException(refused.Message);
                }
            }
        );
        return command;
    }

    private static void Print(ComparedDate date)
    {
        if (date.Problem is { } problem)
        {
            Console.Out.WriteLine($"{date.Date}  DIFF  {problem}");
        }

        foreach (var output in date.Outputs)
        {
            Console.Out.WriteLine($"{date.Date}  {(output.Same ? "same" : "DIFF")}  {output.Name} ({output.Path}): {output.Message}");
        }
    }

    private static DateOnly Date(string option, string text) =>
        InstantText.Date(text) ?? throw new UserMistakeException($"{option}: `{text}` is no date of the calendar; write e.g. 2001-01-05");
}

/// <summary><c>backfill compare --json</c>.</summary>
internal sealed record FreshDocument(string Pipeline, string Version, bool Equal, FreshDateDocument[] Dates)
{
    public static FreshDocument Of(string pipeline, string version, IReadOnlyList<ComparedDate> dates) =>
        new(
            pipeline,
            version,
            dates.All(date => date.Same),
            [
                .. dates.Select(date => new FreshDateDocument(
                    date.Date,
                    date.Run.Value,
                    date.Same,
                    date.Problem,
                    [.. date.Outputs.Select(ProofOutputDocument.Of)]
                )),
            ]
        );
}

/// <summary>One date: of each output the live version as <c>first</c>, that of the fresh run as <c>second</c>.</summary>
internal sealed record FreshDateDocument(string Date, long Run, bool Same, string? Problem, ProofOutputDocument[] Outputs);
