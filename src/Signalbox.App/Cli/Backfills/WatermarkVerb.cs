using System.CommandLine;
using Signalbox.Core;
using Signalbox.Storage;

namespace Signalbox.App.Cli;

/// <summary><c>watermark</c>: up to which date a pipeline has processed its data; incremental backfills go on from there.</summary>
internal static class WatermarkVerb
{
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
                await SetAsync(store, name, day, parsed.GetValue(reason) ?? "set by hand", Environment.UserName);
                Print(store, name, parsed.GetValue(json));
                return ExitCode.Done;
            }
        );
        return command;
    }

    /// <summary>Sets the watermark in somebody's name.</summary>
    public static Task SetAsync(Store store, PipelineName pipeline, DateOnly day, string reason, string who)
    {
        var now = TimeProvider.System.GetUtcNow();
        return store.WriteAsync(
            session =>
            {
                session.SetWatermark(pipeline, day, reason, now);
                session.AddAudit(new AuditLine(now, who, $"watermark of {pipeline} set to {day:yyyy-MM-dd}", reason));
            },
            CancellationToken.None
        );
    }

    private static Argument<string> Pipeline() => new("PIPELINE") { Description = "The name of a pipeline of the project" };

    private static void Print(Store? store, PipelineName name, bool json)
    {
        var found = store?.Read(session => WatermarkDocument.Read(session, name)) ?? new WatermarkDocument(name.Value, null, []);
        if (json)
        {
            CliJson.Print(found, CliJson.Default.WatermarkDocument);
            return;
        }

        Console.Out.WriteLine(
            found.ProcessedDate is null ? $"{name} has no watermark" : $"{name} has processed its data up to {found.ProcessedDate}"
        );
        foreach (var move in found.History)
        {
            Console.Out.WriteLine($"  {move.At}  {move.From ?? "none"} -> {move.To}  {move.Reason}");
        }
    }
}

/// <summary><c>watermark --json</c>.</summary>
/// <param name="ProcessedDate">The last date that is processed; null when none is.</param>
/// <param name="History">Its latest moves, the newest first.</param>
internal sealed record WatermarkDocument(string Pipeline, string? ProcessedDate, WatermarkMoveDocument[] History)
{
    private const int MostMoves = 20;

    public static WatermarkDocument Read(ReadSession session, PipelineName name) =>
        new(
            name.Value,
            session.Watermark(name)?.Processed.ToString("yyyy-MM-dd"),
            [
                .. session
                    .WatermarkMoves(name, MostMoves)
                    .Select(move => new WatermarkMoveDocument(
                        InstantText.Utc(move.At),
                        move.From?.ToString("yyyy-MM-dd"),
                        move.To.ToString("yyyy-MM-dd"),
                        move.Reason
                    )),
            ]
        );
}

/// <summary>One move of a watermark.</summary>
internal sealed record WatermarkMoveDocument(string At, string? From, string To, string? Reason);
