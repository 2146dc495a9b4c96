using System.CommandLine;
using Signalbox.Core;
using Signalbox.Engine.Deadlines;
using Signalbox.Storage;

namespace Signalbox.App.Cli;

/// <summary><c>datasets freshness</c>: which datasets must be updated how often, and which are late.</summary>
internal static class DatasetsFreshness
{
    private const int MostMisses = 20;

    public static Command Build()
    {
        var command = VerbParts.Command(
            "freshness",
            "The datasets whose freshness a pipeline states: when they were last updated, by when they must be again, and whether they are late. Of one of "
                + "them also when it was late before.",
            "datasets freshness",
            "datasets freshness flights/raw --json"
        );
        var name = new Argument<string?>("DATASET") { Description = "The name of a dataset", Arity = ArgumentArity.ZeroOrOne };
        var project = VerbParts.Project();
        var json = VerbParts.Json();
        command.Arguments.Add(name);
        command.Options.Add(project);
        command.Options.Add(json);
        command.SetAction(parsed =>
        {
            using var store = ProjectOpening.OpenStore(ProjectOpening.Find(parsed.GetValue(project)));
            var document = store.Read(session => FreshnessDocument.Read(session, parsed.GetValue(name), TimeProvider.System.GetUtcNow()));
            if (parsed.GetValue(json))
            {
                CliJson.Print(document, CliJson.Default.FreshnessDocument);
            }
            else
            {
                Print(document);
            }

            return ExitCode.Done;
        });
        return command;
    }

    private static void Print(FreshnessDocument document)
    {
        if (document.Datasets.Length == 0)
        {
            Console.Out.WriteLine(
                "no pipeline states the freshness of a dataset: write `freshness: 26h` beside the `dataset:` of an output"
            );
            return;
        }

        TextTable.Write(
            Console.Out,
            ["dataset", "state", "must be updated", "last update (UTC)", "due (UTC)", "pipeline"],
            [
                .. document.Datasets.Select(one =>
                    new[]
                    {
                        one.Dataset,
                        one.LateSince is { } since ? $"late since {since}" : "fresh",
                        one.Rule,
                        one.UpdatedAt ?? "never",
                        one.DueAt ?? "",
                        one.Pipeline,
                    }
                ),
            ]
        );
        foreach (var miss in document.Misses)
        {
            Console.Out.WriteLine(
                $"late by {miss.DueAt}: {(miss.EndedAt is { } ended ? $"updated at {ended}" : "not updated yet")} ({miss.Rule})"
            );
        }
    }

    /// <summary><c>datasets freshness --json</c>.</summary>
    internal static FreshnessMissDocument[] MissesOf(ReadSession session, string name) =>
        [.. session.Misses(name, MostMisses).Select(FreshnessMissDocument.Of)];
}

/// <summary><c>datasets freshness --json</c>.</summary>
/// <param name="Misses">Of the one dataset that was asked about, the newest first; otherwise none.</param>
internal sealed record FreshnessDocument(DatasetFreshnessDocument[] Datasets, FreshnessMissDocument[] Misses)
{
    /// <exception cref="UserMistakeException">No pipeline states the freshness of such a dataset.</exception>
    public static FreshnessDocument Read(ReadSession session, string? name, DateTimeOffset now)
    {
        var all = DatasetFreshness.All(session, now);
        if (name is not null && all.All(each => each.Standing.Need.Dataset != name))
        {
            var advice = Suggestion.DidYouMean(name, all.Select(each => each.Standing.Need.Dataset));
            throw new UserMistakeException(
                $"no pipeline states how often `{name}` must be updated{(advice.Length > 0 ? advice : "; write `freshness: 26h` beside its `dataset:`")}"
            );
        }

        return new FreshnessDocument(
            [
                .. all.Where(each => name is null || each.Standing.Need.Dataset == name)
                    .Select(each => DatasetFreshnessDocument.Of(each.Pipeline, each.Standing)),
            ],
            name is null ? [] : DatasetsFreshness.MissesOf(session, name)
        );
    }
}

/// <summary>A dataset and how often it must be updated.</summary>
/// <param name="Rule">In words, e.g. <c>within 1d2h</c>.</param>
/// <param name="DueAt">By when the next update must come, or must have come.</param>
/// <param name="LateSince">The deadline that passed; null when it is fresh.</param>
internal sealed record DatasetFreshnessDocument(
    string Dataset,
    string Pipeline,
    string Rule,
    string? UpdatedAt,
    string? DueAt,
    string? LateSince
)
{
    public static DatasetFreshnessDocument Of(PipelineName pipeline, FreshnessStanding standing) =>
        new(
            standing.Need.Dataset,
            pipeline.Value,
            standing.Need.Rule.Sentence,
            standing.UpdatedAt is { } updated ? InstantText.Utc(updated) : null,
            standing.DueAt is { } due ? InstantText.Utc(due) : null,
            standing.MissedAt is { } missed ? InstantText.Utc(missed) : null
        );
}

/// <summary>A time at which a dataset was late.</summary>
/// <param name="EndedAt">When the next update came; null: it is late still.</param>
internal sealed record FreshnessMissDocument(
    string Pipeline,
    string Rule,
    string DueAt,
    string? UpdatedAt,
    string NoticedAt,
    string? EndedAt
)
{
    public static FreshnessMissDocument Of(FreshnessMiss miss) =>
        new(
            miss.Pipeline.Value,
            miss.Rule,
            InstantText.Utc(miss.DueAt),
            miss.UpdatedAt is { } updated ? InstantText.Utc(updated) : null,
            InstantText.Utc(miss.At),
            miss.EndedAt is { } ended ? InstantText.Utc(ended) : null
        );
}
