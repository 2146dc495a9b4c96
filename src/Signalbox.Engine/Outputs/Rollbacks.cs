using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Serialization;
using Signalbox.Core;
using Signalbox.Engine.Control;
using Signalbox.Storage;

namespace Signalbox.Engine.Outputs;

/// <summary>Makes kept versions of a dataset current again, because somebody asked for it.</summary>
/// <remarks>
/// The switches are rows that name the request before anything moves. An engine that dies leaves them; the next one takes the request again,
/// finds them, and finishes what is missing: a request never goes back twice.
/// </remarks>
internal sealed class Rollbacks(EngineParts parts, VersionChains versions)
{
    private const int MostVersions = 1000;

    // Each switch waits for the disk most of the time, so several at once are quicker than one by one.
    private const int AtOnce = 8;

    /// <summary>Carries out a request.</summary>
    /// <exception cref="RequestRefused">It cannot be done; nothing has changed.</exception>
    public async Task<Answer> CarryOutAsync(StoredRequest row, Request.RollBackDataset wanted, CancellationToken cancellationToken)
    {
        var begun = parts.Store.Read(session => session.SwitchesOf(row.Id));
        if (begun.Count == 0)
        {
            var paths = parts.Store.Read(session => Plan(session, wanted)).Select(step => step.To.Path).ToList();
            using var held = await versions.Doors.HoldAsync(paths, cancellationToken);
            begun = await parts.Store.WriteAsync(session => Begin(session, row, wanted, paths), cancellationToken);
            FaultPoints.Hit(FaultPoints.AfterSwitchIntent);
            return await FinishAsync(row, wanted, begun);
        }

        using var again = await versions.Doors.HoldAsync(begun.Select(step => step.Path), cancellationToken);
        return await FinishAsync(row, wanted, parts.Store.Read(session => session.SwitchesOf(row.Id)));
    }

    private IReadOnlyList<VersionSwitch> Begin(WriteSession session, StoredRequest row, Request.RollBackDataset wanted, List<string> paths)
    {
        var plan = Plan(session, wanted);
        if (!plan.Select(step => step.To.Path).SequenceEqual(paths))
        {
            throw new RequestRefused($"dataset {wanted.Dataset} has changed in this moment; ask again");
        }

        foreach (var (from, to) in plan)
        {
            session.BeginVersionSwitch(from, to, row.Sender, wanted.Reason, parts.Time.GetUtcNow(), row.Id);
        }

        return session.SwitchesOf(row.Id);
    }

    private async Task<Answer> FinishAsync(StoredRequest row, Request.RollBackDataset wanted, IReadOnlyList<VersionSwitch> begun)
    {
        var refused = new ConcurrentDictionary<long, string>();
        var left = new ConcurrentQueue<VersionSwitch>(begun.Where(step => step.EndedAt is null));
        await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(_ => FinishSomeAsync(left, refused)));
        var done = begun.Where(step => !refused.ContainsKey(step.Id)).ToList();
        var switched = parts.Store.Read(session =>
            done.Select(step => new SwitchedPath(step.Path, step.From, step.To, session.Publication(step.To)!.Partition)).ToArray()
        );
        var message =
            switched.Length == 1
                ? $"{Told(wanted)}: version {switched[0].To} is current again{(switched[0].From is { } from ? $", {from} was" : "")}"
                : $"{Told(wanted)}: {switched.Length} paths have another version again";
        if (!refused.IsEmpty)
        {
            var why = string.Join("; ", refused.Values.Order(StringComparer.Ordinal).Take(3));
            message = switched.Length == 0 ? $"nothing was rolled back: {why}" : $"{message}; {refused.Count} could not be switched: {why}";
        }

        return new Answer(refused.IsEmpty, row.Id, message)
        {
            Details = JsonSerializer.Serialize(switched, EngineJson.Default.SwitchedPathArray),
        };
    }

    /// <summary>Finishes one switch after another until none is left.</summary>
    /// <param name="refused">Receives why a place refused one.</param>
    private async Task FinishSomeAsync(ConcurrentQueue<VersionSwitch> left, ConcurrentDictionary<long, string> refused)
    {
        while (left.TryDequeue(out var step))
        {
            try
            {
                await versions.FinishAsync(step, CancellationToken.None);
            }
            catch (Exception problem) when (problem is IOException or UnauthorizedAccessException or PlaceException)
            {
                await parts.Store.WriteAsync(session => session.DropVersionSwitch(step.Id), CancellationToken.None);
                refused[step.Id] = problem.Message;
            }
        }
    }

    /// <summary>What goes from which version to which, by path. Refuses what cannot be done before anything is begun.</summary>
    private static List<(Publication From, Publication To)> Plan(ReadSession session, Request.RollBackDataset wanted)
    {
        var current = Slice(session, wanted);
        var plan = wanted.To is { } number ? To(session, wanted, current, number) : Back(session, wanted, current);
        foreach (var (_, to) in plan)
        {
            if (session.UnfinishedPublicationsAt(to.Path) is [var other, ..])
            {
                throw new RequestRefused(
                    $"{to.Path} is being published to by run {other.Run} ({other.Pipeline}.{other.Task}); ask again when that has ended"
                        + $" (`signalbox runs show {other.Run}`; without a server `signalbox serve` finishes it)"
                );
            }

            if (session.PublicationAt(to.Path) is { } now && now.Sha256 != to.Sha256 && session.HolderOf(to) is null)
            {
                throw new RequestRefused(NotKept(session, to));
            }
        }

        return plan;
    }

    /// <summary>The current versions of the partition that is asked about.</summary>
    private static List<Publication> Slice(ReadSession session, Request.RollBackDataset wanted)
    {
        var all = session.CurrentVersions(wanted.Dataset);
        if (all.Count == 0)
        {
            var names = session.Datasets().Select(dataset => dataset.Name).ToList();
            var advice = Suggestion.DidYouMean(wanted.Dataset, names);
            throw new RequestRefused(
                $"there is no dataset `{wanted.Dataset}`{(advice.Length > 0 ? advice : "; `signalbox datasets` lists them")}"
            );
        }

        var partitions = all.Select(version => version.Partition).Distinct().ToList();
        var partition = wanted.Partition;
        if (partition is null)
        {
            partition = partitions is [var only]
                ? only
                : throw new RequestRefused(
                    $"dataset {wanted.Dataset} has {partitions.Count} partitions ({string.Join(", ", partitions.TakeLast(5))}{(partitions.Count > 5 ? ", ..." : "")}); say which with --partition"
                );
        }

        var slice = all.Where(version => version.Partition == partition).ToList();
        return slice.Count > 0
            ? slice
            : throw new RequestRefused(
                $"dataset {wanted.Dataset} has no partition `{partition}`; it has {string.Join(", ", partitions.TakeLast(5))}{(partitions.Count > 5 ? ", ..." : "")}"
            );
    }

    /// <summary>Back by one: what the newest run made current gives way to what was there before it.</summary>
    private static List<(Publication From, Publication To)> Back(
        ReadSession session,
        Request.RollBackDataset wanted,
        List<Publication> current
    )
    {
        var newest = current.Max(version => version.Run.Value);
        var plan = new List<(Publication, Publication)>();
        foreach (var from in current.Where(version => version.Run.Value == newest))
        {
            if (
                session
                    .VersionsAt(from.Path, MostVersions)
                    .FirstOrDefault(version => version.Id < from.Id && version.Sha256 != from.Sha256) is
                { } to
            )
            {
                plan.Add((from, to));
            }
        }

        return plan.Count > 0
            ? plan
            : throw new RequestRefused(
                $"{Told(wanted)}: there is no version before the current one ({current.Max(version => version.Id)})"
            );
    }

    /// <summary>To a version that is named, and with it to what its run published at the other paths.</summary>
    private static List<(Publication From, Publication To)> To(
        ReadSession session,
        Request.RollBackDataset wanted,
        List<Publication> current,
        long number
    )
    {
        var named = session.Publication(number);
        if (named is not { State: PublicationState.Published })
        {
            throw new RequestRefused(
                $"there is no version {number}; `signalbox datasets show {wanted.Dataset}` lists the versions of the dataset"
            );
        }

        if (named.Namespace is { } space)
        {
            throw new RequestRefused($"version {number} is of the namespace `{space}`: live readers never saw it");
        }

        if (named.Dataset != wanted.Dataset || current.All(version => version.Path != named.Path))
        {
            throw new RequestRefused(
                $"version {number} is of dataset {named.Dataset}{(named.Partition.Length > 0 ? $", partition {named.Partition}" : "")}, at {named.Path}: it is no version of what {Told(wanted)} has now"
            );
        }

        var plan = new List<(Publication, Publication)>();
        foreach (var from in current)
        {
            var to =
                from.Path == named.Path
                    ? named
                    : session.VersionsAt(from.Path, MostVersions).FirstOrDefault(version => version.Run == named.Run);
            if (to is not null && to.Id != from.Id)
            {
                plan.Add((from, to));
            }
        }

        return plan.Count > 0 ? plan : throw new RequestRefused($"{Told(wanted)}: version {number} is current already");
    }

    private static string NotKept(ReadSession session, Publication wanted)
    {
        var kept = session.KeptAt(wanted.Path).Select(version => $"{version.Id}").ToList();
        return $"version {wanted.Id} of {wanted.Path} cannot be brought back: its content is not kept; "
            + (kept.Count == 0 ? "none but the current one is" : $"kept are {string.Join(", ", kept)}")
            + " (`keep:` of the output says how many)";
    }

    private static string Told(Request.RollBackDataset wanted) =>
        wanted.Partition is { Length: > 0 } partition ? $"{wanted.Dataset}, partition {partition}" : wanted.Dataset;
}

/// <summary>A path that has another version since.</summary>
public sealed record SwitchedPath(
    [property: JsonPropertyName("path")] string Path,
    [property: JsonPropertyName("from")] long? From,
    [property: JsonPropertyName("to")] long To,
    [property: JsonPropertyName("partition")] string Partition
);
