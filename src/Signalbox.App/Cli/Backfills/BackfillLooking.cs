using System.CommandLine;
using Signalbox.Storage;

namespace Signalbox.App.Cli;

/// <summary><c>backfill list</c> and <c>backfill show</c>.</summary>
internal static class BackfillLooking
{
    public static Command BuildList()
    {
        var command = VerbParts.Command("list", "Lists backfills, the newest first.", "backfill list");
        var limit = new Option<int>("--limit")
        {
            Description = "At most so many",
            HelpName = "N",
            DefaultValueFactory = _ => 20,
        };
        var project = VerbParts.Project();
        var json = VerbParts.Json();
        command.Options.Add(limit);
        command.Options.Add(project);
        command.Options.Add(json);
        command.SetAction(parsed =>
        {
            using var store = ProjectOpening.FindStore(ProjectOpening.Find(parsed.GetValue(project)));
            var rows =
                store?.Read(session =>
                    session
                        .Backfills(activeOnly: false, Math.Max(0, parsed.GetValue(limit)))
                        .Select(backfill => (Backfill: backfill, Progress: session.BackfillProgress(backfill.Id)))
                        .ToList()
                )
                ?? [];
            if (parsed.GetValue(json))
            {
                CliJson.Print(
                    [.. rows.Select(row => BackfillLineDocument.Of(row.Backfill, row.Progress))],
                    CliJson.Default.BackfillLineDocumentArray
                );
            }
            else if (rows.Count == 0)
            {
                Console.Out.WriteLine("no backfills");
            }
            else
            {
                TextTable.Write(Console.Out, ["backfill", "pipeline", "state", "created (UTC)", "dates", "reason"], [.. rows.Select(Row)]);
            }

            return ExitCode.Done;
        });
        return command;
    }

    public static Command BuildShow()
    {
        var command = VerbParts.Command("show", "One backfill with all its dates.", "backfill show 3");
        var id = new Argument<long>("ID") { Description = "The number of a backfill" };
        var project = VerbParts.Project();
        var json = VerbParts.Json();
        command.Arguments.Add(id);
        command.Options.Add(project);
        command.Options.Add(json);
        command.SetAction(parsed =>
        {
            using var store = ProjectOpening.OpenStore(ProjectOpening.Find(parsed.GetValue(project)));
            var number = parsed.GetRequiredValue(id);
            var document = store.Read(session =>
                session.Backfill(number) is null
                    ? throw new UserMistakeException($"there is no backfill {number}; `signalbox backfill list` lists them")
                    : BackfillDocument.Read(session, number, plan: null)
            );
            if (parsed.GetValue(json))
            {
                CliJson.Print(document, CliJson.Default.BackfillDocument);
                return ExitCode.Done;
            }

            BackfillFollower.Summarise(document);
            TextTable.Write(
                Console.Out,
                ["for", "state", "run", "run id", "reason"],
                [
                    .. document.Runs.Select(run =>
                        new[]
                        {
                            run.Partition.Length > 0 ? run.Partition : run.LogicalDate,
                            run.State,
                            run.RunNumber?.ToString() ?? "",
                            run.RunId ?? "",
                            run.Reason ?? "",
                        }
                    ),
                ]
            );
            return ExitCode.Done;
        });
        return command;
    }

    private static string[] Row((StoredBackfill Backfill, IReadOnlyDictionary<BackfillItemState, int> Progress) row) =>
        [
            row.Backfill.Id.ToString(),
            row.Backfill.Pipeline.Value,
            BackfillWords.Of(row.Backfill.State),
            $"{row.Backfill.CreatedAt.UtcDateTime:yyyy-MM-dd HH:mm:ss}",
            string.Join(", ", row.Progress.OrderBy(state => state.Key).Select(state => $"{state.Value} {BackfillWords.Of(state.Key)}")),
            row.Backfill.Reason ?? "",
        ];
}

/// <summary>One line of <c>backfill list --json</c>.</summary>
internal sealed record BackfillLineDocument(
    long BackfillId,
    string Pipeline,
    string State,
    string? Reason,
    string CreatedAt,
    string? EndedAt,
    Dictionary<string, int> Dates
)
{
    public static BackfillLineDocument Of(StoredBackfill backfill, IReadOnlyDictionary<BackfillItemState, int> progress) =>
        new(
            backfill.Id,
            backfill.Pipeline.Value,
            BackfillWords.Of(backfill.State),
            backfill.Reason,
            InstantText.Fine(backfill.CreatedAt),
            InstantText.Fine(backfill.EndedAt),
            progress.ToDictionary(state => BackfillWords.Of(state.Key), state => state.Value)
        );
}
