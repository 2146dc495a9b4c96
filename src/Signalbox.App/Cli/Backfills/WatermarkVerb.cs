using System.CommandLine;
using Signalbox.Core;
using Signalbox.Storage;

namespace Signalbox.App.Cli;

/// <summary><c>watermark</c>: up to which date a pipeline has processed its data; incremental backfills go on from there.</summary>
internal static class WatermarkVerb
{
    private const int MostMoves = 20;

    public static readonly Verb Verb = new("watermark", "Show or set up to which date a pipeline has processed its data", Build);

    private static Command Build()
    {
        var command = VerbParts.Command(
            Verb.Name,
            "Up to which date a pipeline has processed its data. `backfill --since-watermark` goes on from the day after it, and moves it.",
            "watermark show daily",
            "watermark set daily 2024-02-29 --reason \"restored from the archive\""
        );
        command.Subcommands.Add(BuildShow());
        command.Subcommands.Add(BuildSet());
        return command;
    }

    private static Command BuildShow()
    {
        var command = VerbParts.Command("show", "The watermark and how it moved.", "watermark show daily");
        var pipeline = Pipeline();
        var project = VerbParts.Project();
        var json = VerbParts.Json();
        command.Arguments.Add(pipeline);
        command.Options.Add(project);
        command.Options.Add(json);
        command.SetAction(parsed =>
        {
            var name = new PipelineName(parsed.GetRequiredValue(pipeline));
            using var store = ProjectOpening.FindStore(ProjectOpening.Find(parsed.GetValue(project)));
            Print(store, name, parsed.GetValue(json));
            return ExitCode.Done;
        });
        return command;
    }

    private static Command BuildSet()
    {
        var command = VerbParts.Command(
            "set",
            "Sets the watermark by hand, forwards or back; who did it and why is kept.",
            "watermark set daily 2024-02-29 --reason \"restored from the archive\""
        );
        var pipeline = Pipeline();
        var date = new Argument<string>("DATE") { Description = "The last date that is processed" };
        var reason = new Option<string?>("--reason") { Description = "Why; kept with the change", HelpName = "TEXT" };
        var project = VerbParts.Project();
        var json = VerbParts.Json();
        command.Arguments.Add(pipeline);
        command.Arguments.Add(date);
        command.Options.Add(reason);
        command.Options.Add(project);
        command.Options.Add(json);
        command.SetAction(
            async (parsed, _) =>
            {
                var text = parsed.GetRequiredValue(date);
                var day =
                    InstantText.Date(text) ?? throw new UserMistakeException($"`{text}` is no date of the calendar; write e.g. 2001-01-05");
                var found = ProjectOpening.Find(parsed.GetValue(project));
                var name = PipelineSource.Load(parsed.GetRequiredValue(pipeline), found).Pipeline!.Name;
                found.CreateState();
                using var store = Store.Open(found.Database.Value);
                var why = parsed.GetValue(reason) ?? "set by hand";
                var now = TimeProvider.System.GetUtcNow();
                await store.WriteAsync(
                    session =>
                    {
                        session.SetWatermark(name, day, why, now);
                        session.AddAudit(new AuditLine(now, Environment.UserName, $"watermark of {name} set to {day:yyyy-MM-dd}", why));
                    },
                    CancellationToken.None
                );
                Print(store, name, parsed.GetValue(json));
                return ExitCode.Done;
            }
        );
        return command;
    }

    private static Argument<string> Pipeline() => new("PIPELINE") { Description = "The name of a pipeline of the project" };

    private static void Print(Store? store, PipelineName name, bool json)
    {
        var (mark, moves) = store?.Read(session => (session.Watermark(name), session.WatermarkMoves(name, MostMoves))) ?? (null, []);
        if (json)
        {
            CliJson.Print(
                new WatermarkDocument(
                    name.Value,
                    mark?.Processed.ToString("yyyy-MM-dd"),
                    [
                        .. moves.Select(move => new WatermarkMoveDocument(
                            InstantText.Utc(move.At),
                            move.From?.ToString("yyyy-MM-dd"),
                            move.To.ToString("yyyy-MM-dd"),
                            move.Reason
                        )),
                    ]
                ),
                CliJson.Default.WatermarkDocument
            );
            return;
        }

        Console.Out.WriteLine(
            mark is null ? $"{name} has no watermark" : $"{name} has processed its data up to {mark.Processed:yyyy-MM-dd}"
        );
        foreach (var move in moves)
        {
            Console.Out.WriteLine(
                $"  {InstantText.Utc(move.At)}  {move.From?.ToString("yyyy-MM-dd") ?? "none"} -> {move.To:yyyy-MM-dd}  {move.Reason}"
            );
        }
    }
}

/// <summary><c>watermark --json</c>.</summary>
internal sealed record WatermarkDocument(string Pipeline, string? ProcessedDate, WatermarkMoveDocument[] History);

/// <summary>One move of a watermark.</summary>
internal sealed record WatermarkMoveDocument(string At, string? From, string To, string? Reason);
