using System.Text.Json;
using Signalbox.Core.Runs;
using Signalbox.Engine.Deadlines;
using Signalbox.Engine.Outputs;
using Signalbox.Engine.Reuse;
using Signalbox.Storage;

namespace Signalbox.App.Cli;

/// <summary>A dataset in <c>datasets list --json</c>.</summary>
/// <param name="Version">The newest of the current versions, and who made it.</param>
/// <param name="Rows">Of all current versions; null when none is a table.</param>
internal sealed record DatasetLineDocument(
    string Dataset,
    string Kind,
    int Partitions,
    long Paths,
    long? Rows,
    long? Bytes,
    long Version,
    string Partition,
    long Run,
    string Task,
    string SwitchedAt
)
{
    /// <summary>How many of its current versions, of the latest thousand, were made from what stands in another version by now.</summary>
    public int Stale { get; init; }

    /// <summary>By when it had to be updated and was not; null when it is fresh, or when nobody states how often.</summary>
    public string? LateSince { get; init; }

    private const int MostLooked = 1000;

    /// <summary>All datasets with how they stand now.</summary>
    public static DatasetLineDocument[] Read(ReadSession session, RunNamespace? space, DateTimeOffset now)
    {
        var late = space is null
            ? DatasetFreshness
                .All(session, now)
                .Where(each => each.Standing.MissedAt is not null)
                .GroupBy(each => each.Standing.Need.Dataset, StringComparer.Ordinal)
                .ToDictionary(each => each.Key, each => each.Min(one => one.Standing.MissedAt!.Value), StringComparer.Ordinal)
            : [];
        return
        [
            .. session
                .Datasets(space)
                .Select(dataset =>
                    Of(dataset, session.Publication(dataset.Newest)!) with
                    {
                        Stale = session
                            .CurrentVersions(dataset.Name, space)
                            .OrderByDescending(version => version.Id)
                            .Take(MostLooked)
                            .Count(version => Staleness.Reason(session, version) is not null),
                        LateSince = late.TryGetValue(dataset.Name, out var due) ? InstantText.Utc(due) : null,
                    }
                ),
        ];
    }

    public static DatasetLineDocument Of(DatasetSummary dataset, Publication newest) =>
        new(
            dataset.Name,
            KindWord.Of(newest.Kind),
            dataset.Partitions,
            dataset.Paths,
            dataset.Rows,
            dataset.Bytes,
            dataset.Newest,
            newest.Partition,
            newest.Run.Value,
            $"{newest.Pipeline}.{newest.Task}",
            InstantText.Fine(dataset.SwitchedAt)
        );
}

/// <summary><c>datasets show --json</c>: versions, switches and refusals, the newest first.</summary>
/// <param name="Partition">The partition that was asked for; null for all.</param>
internal sealed record DatasetDocument(
    string Dataset,
    string? Partition,
    VersionDocument[] Versions,
    VersionSwitchDocument[] Switches,
    RefusalDocument[] Refusals
)
{
    /// <exception cref="UserMistakeException">There is no such dataset, or it has no such partition.</exception>
    public static DatasetDocument Read(ReadSession session, string name, string? partition, int limit, RunNamespace? space)
    {
        var versions = session.Versions(name, partition, limit, space);
        if (versions.Count == 0)
        {
            var any = session.Versions(name, partition: null, limit: 100, space);
            throw partition is null || any.Count == 0
                ? DatasetsVerb.Unknown(session, name, space)
                : DatasetsVerb.NoPartition(name, partition, any.Select(version => version.Partition).Reverse());
        }

        var current = new Dictionary<string, long?>(StringComparer.Ordinal);
        foreach (var version in versions)
        {
            if (!current.ContainsKey(version.Path))
            {
                current[version.Path] = session.PublicationAt(version.Path)?.Id;
            }
        }

        return new DatasetDocument(
            name,
            partition,
            [.. versions.Select(version => VersionDocument.Of(session, version, current[version.Path] == version.Id))],
            [
                .. current
                    .Keys.SelectMany(path => session.Switches(path, limit))
                    .OrderByDescending(made => made.Id)
                    .Take(limit)
                    .Select(VersionSwitchDocument.Of),
            ],
            [
                .. versions
                    .Select(version => version.Run)
                    .Distinct()
                    .SelectMany(session.Refusals)
                    .Where(refusal => versions.Any(version => version.Run == refusal.Run && version.Task.Task == refusal.Task.Task))
                    .OrderByDescending(refusal => refusal.At)
                    .Select(RefusalDocument.Of),
            ]
        );
    }
}

/// <summary>One version.</summary>
/// <param name="Current">Whether readers see it.</param>
/// <param name="Kept">Whether it can be brought back.</param>
/// <param name="KeptAt">Where its own content is kept; null when it is current, gone, or equal to another's.</param>
/// <param name="Columns">Names and types, where it is a table.</param>
/// <param name="Inputs">The versions that it was made from.</param>
internal sealed record VersionDocument(
    long Version,
    bool Current,
    bool Kept,
    string? KeptAt,
    string Partition,
    string Path,
    string Kind,
    string? Sha256,
    long? Bytes,
    long? Rows,
    JsonElement? Columns,
    long Run,
    string Task,
    int MapIndex,
    int Attempt,
    string Definition,
    string? Namespace,
    string? PublishedAt,
    JsonElement Inputs
)
{
    /// <summary>Of a current version: which input stands in another version by now, a sentence; null when none does.</summary>
    public string? Stale { get; init; }

    public static VersionDocument Of(ReadSession session, Publication version, bool isCurrent) =>
        new(
            version.Id,
            isCurrent,
            isCurrent || IsKept(session, version),
            version.Kept,
            version.Partition,
            version.Path,
            KindWord.Of(version.Kind),
            version.Sha256,
            version.Bytes,
            version.Rows,
            version.Columns is { } columns ? Parsed(columns) : null,
            version.Run.Value,
            $"{version.Pipeline}.{version.Task.Task}",
            version.Task.MapIndex,
            version.Attempt,
            version.Version.Value,
            version.Namespace?.Value,
            InstantText.Fine(version.EndedAt),
            Parsed(version.Inputs)
        )
        {
            Stale = isCurrent ? Staleness.Reason(session, version) : null,
        };

    private static bool IsKept(ReadSession session, Publication version) =>
        session.HolderOf(version) is not null
        || (version.IsFoundByContent && session.PublicationAt(version.Path)?.Sha256 == version.Sha256);

    private static JsonElement Parsed(string json)
    {
        using var document = JsonDocument.Parse(json);
        return document.RootElement.Clone();
    }
}

/// <summary>One change of what readers see.</summary>
internal sealed record VersionSwitchDocument(string Path, long? From, long To, string Who, string? Reason, string At)
{
    public static VersionSwitchDocument Of(VersionSwitch made) =>
        new(made.Path, made.From, made.To, made.Who, made.Reason, InstantText.Fine(made.EndedAt ?? made.At));
}

/// <summary>An attempt that was over when it came to publish.</summary>
internal sealed record RefusalDocument(long Run, string Task, int MapIndex, int Attempt, string Reason, string At)
{
    public static RefusalDocument Of(Refusal refusal) =>
        new(
            refusal.Run.Value,
            refusal.Task.Task.Value,
            refusal.Task.MapIndex,
            refusal.Attempt,
            refusal.Reason,
            InstantText.Fine(refusal.At)
        );
}

/// <summary>A line of <c>datasets resolve --json</c>.</summary>
/// <param name="Namespace">The variant that is promoted; null for the live one.</param>
/// <param name="Path">Where readers look for it: what the pipeline says.</param>
/// <param name="Location">Where it lies: the path, or what a pointer there leads to.</param>
/// <param name="Variant">The variant whose version it is; <c>blue</c> is the live one.</param>
/// <param name="FallsBack">Whether another variant is active, which never made it.</param>
internal sealed record ResolvedDocument(
    string Dataset,
    string Partition,
    string? Namespace,
    string Path,
    string Location,
    long Version,
    string? Sha256,
    long? Rows,
    string Variant,
    bool FallsBack
);

/// <summary><c>datasets rollback --json</c>.</summary>
internal sealed record RollbackDocument(bool Done, string Message, SwitchedDocument[] Switched);

/// <summary>A path that has another version since.</summary>
internal sealed record SwitchedDocument(string Path, string Partition, long? From, long To)
{
    public static SwitchedDocument Of(SwitchedPath path) => new(path.Path, path.Partition, path.From, path.To);
}

/// <summary>What a run published, in <c>run --json</c> and <c>runs show --json</c>.</summary>
/// <param name="State"><c>published</c>, or <c>prepared</c> while it is under way.</param>
internal sealed record PublishedDocument(
    string Dataset,
    string Partition,
    long Version,
    string State,
    string Path,
    string Kind,
    string? Sha256,
    long? Rows,
    long? Bytes,
    string Task,
    int MapIndex,
    int Attempt
)
{
    public static PublishedDocument[] Read(ReadSession session, Core.RunNumber run) =>
        [.. session.Publications(run).Where(version => version.State != PublicationState.Aborted).Select(Of)];

    private static PublishedDocument Of(Publication version) =>
        new(
            version.Dataset,
            version.Partition,
            version.Id,
            version.State == PublicationState.Published ? "published" : "prepared",
            version.Path,
            KindWord.Of(version.Kind),
            version.Sha256,
            version.Rows,
            version.Bytes,
            version.Task.Task.Value,
            version.Task.MapIndex,
            version.Attempt
        );
}

/// <summary>The words for what an output is.</summary>
internal static class KindWord
{
    public static string Of(PublicationKind kind) =>
        kind switch
        {
            PublicationKind.File => "file",
            PublicationKind.Folder => "folder",
            PublicationKind.Object => "object",
            PublicationKind.Objects => "objects",
            PublicationKind.Table => "table",
            _ => throw new System.Diagnostics.UnreachableException(),
        };
}
