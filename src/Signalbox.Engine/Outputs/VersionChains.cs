using System.Collections.Concurrent;
using Signalbox.Core.Definitions;
using Signalbox.Storage;

namespace Signalbox.Engine.Outputs;

/// <summary>The versions of every path: which one readers see, which are kept, and the step from one to another.</summary>
/// <remarks>
/// The rows and the places are changed one after the other, so each step may have been taken by an engine that died before it wrote it down.
/// Whoever comes to a path next finishes what was begun there, before anything else: so the row of what is current is what is there, and a
/// publication that was decided first is never put over a later one.
/// </remarks>
internal sealed class VersionChains(EngineParts parts)
{
    // What a place refused, until the end of the attempt is written: nobody else is to try it.
    private readonly ConcurrentDictionary<long, bool> _givenUp = new();

    /// <summary>Holds paths while they are published to or switched.</summary>
    public PathDoors Doors { get; } = new();

    /// <summary>Told of what people who watch the server should see.</summary>
    public event Action<string>? Said;

    /// <summary>Makes what was decided current at its path.</summary>
    /// <param name="isAgain">Whether an earlier engine may have taken the step already.</param>
    /// <exception cref="PlaceException">The place refused; readers see what they saw.</exception>
    /// <exception cref="IOException">As before.</exception>
    public async Task PublishAsync(Publication intent, OutputSpec output, bool isAgain)
    {
        using var held = await Doors.HoldAsync(intent.Path, CancellationToken.None);
        await SettleAsync(intent);
        await PutAsync(intent, output, isAgain);
    }

    /// <summary>Sees to it that nobody finishes publications that will be recorded as aborted.</summary>
    public async Task GiveUpAsync(IEnumerable<Publication> intents)
    {
        foreach (var intent in intents)
        {
            using var held = await Doors.HoldAsync(intent.Path, CancellationToken.None);
            _givenUp[intent.Id] = true;
        }
    }

    /// <summary>Finishes a switch that was begun, whoever began it; its path is held by the caller.</summary>
    /// <exception cref="PlaceException">The place refused; readers see what they saw.</exception>
    /// <exception cref="IOException">As before.</exception>
    public async Task FinishAsync(VersionSwitch begun, CancellationToken cancellationToken)
    {
        var (from, to, holder) = parts.Store.Read(session =>
        {
            var wanted = session.Publication(begun.To)!;
            return (begun.From is { } id ? session.Publication(id) : null, wanted, session.HolderOf(wanted));
        });
        var placed = await parts.Places.Of(to.Path).SwitchAsync(from, to with { Kept = holder?.Kept }, cancellationToken);
        FaultPoints.Hit(FaultPoints.AfterSwitchPlaced);
        await parts.Store.WriteAsync(
            session =>
            {
                session.EndVersionSwitch(begun.Id, from, to, placed.Kept, parts.Time.GetUtcNow());
                if (holder is not null && holder.Id != to.Id)
                {
                    session.KeepVersion(holder.Id, kept: null);
                }
            },
            CancellationToken.None
        );
        FaultPoints.Hit(FaultPoints.AfterSwitchRecorded);
    }

    /// <summary>Finishes all switches that engines before this one began.</summary>
    public async Task FinishAllAsync(CancellationToken cancellationToken)
    {
        foreach (var path in parts.Store.Read(session => session.UnfinishedSwitches()).Select(begun => begun.Path).Distinct())
        {
            using var held = await Doors.HoldAsync(path, cancellationToken);
            await FinishAtAsync(path, cancellationToken);
        }
    }

    /// <summary>Finishes what others have begun at the path of a publication, in the order in which it was decided.</summary>
    private async Task SettleAsync(Publication comes)
    {
        await FinishAtAsync(comes.Path, CancellationToken.None);
        foreach (var other in parts.Store.Read(session => session.UnfinishedPublicationsAt(comes.Path)))
        {
            if (other.Id >= comes.Id || _givenUp.ContainsKey(other.Id) || OutputOf(other) is not { } output)
            {
                continue;
            }

            try
            {
                await PutAsync(other, output, isAgain: true);
            }
            catch (Exception problem) when (problem is IOException or UnauthorizedAccessException or PlaceException)
            {
                // It is told to the attempt that decided it, when that comes to publish.
                Said?.Invoke($"run {other.Run}, {other.Task}: {problem.Message}");
            }
        }
    }

    private async Task FinishAtAsync(string path, CancellationToken cancellationToken)
    {
        foreach (var begun in parts.Store.Read(session => session.UnfinishedSwitches()).Where(begun => begun.Path == path))
        {
            try
            {
                await FinishAsync(begun, cancellationToken);
            }
            catch (Exception problem) when (problem is IOException or UnauthorizedAccessException or PlaceException)
            {
                Said?.Invoke($"{path}: version {begun.To} does not become current: {problem.Message}");
                await parts.Store.WriteAsync(session => session.DropVersionSwitch(begun.Id), CancellationToken.None);
            }
        }
    }

    /// <summary>Drops the kept content of a version, when it is still only kept.</summary>
    /// <exception cref="PlaceException">The place refused; the content stays.</exception>
    /// <exception cref="IOException">As before.</exception>
    public async Task DropAsync(Publication version, CancellationToken cancellationToken)
    {
        using var held = await Doors.HoldAsync(version.Path, cancellationToken);
        // Somebody may have brought it back before the path was free.
        if (parts.Store.Read(session => session.Publication(version.Id)) is { Kept: not null } still)
        {
            await parts.Places.Of(still.Path).ForgetAsync(still, cancellationToken);
            await parts.Store.WriteAsync(session => session.KeepVersion(still.Id, kept: null), CancellationToken.None);
        }
    }

    private async Task PutAsync(Publication intent, OutputSpec output, bool isAgain)
    {
        var place = parts.Places.Of(intent.Path);
        var (wasCurrent, current) = parts.Store.Read(session => (session.WasCurrent(intent.Id), session.PublicationAt(intent.Path)));
        if (!wasCurrent)
        {
            ModelContents.Keep(parts.State, intent, output);
            var placed = await place.PublishAsync(
                new Placing(StagedOf(intent), intent, current, output.Keep, isAgain),
                CancellationToken.None
            );
            FaultPoints.Hit(FaultPoints.AfterPlaced);
            if (!placed.IsCurrent)
            {
                return;
            }

            var now = parts.Time.GetUtcNow();
            await parts.Store.WriteAsync(
                session =>
                {
                    var number = session.BeginVersionSwitch(current, intent, $"{intent.Pipeline}.{intent.Task}", reason: null, now);
                    session.EndVersionSwitch(number, current, intent, placed.Kept, now);
                },
                CancellationToken.None
            );
            FaultPoints.Hit(FaultPoints.AfterCurrent);
        }

        await ForgetAsync(place, intent.Path, output.Keep);
    }

    /// <summary>Drops the content of versions beyond those that are kept, and what is kept twice.</summary>
    private async Task ForgetAsync(IPlace place, string path, int keep)
    {
        var (current, kept) = parts.Store.Read(session => (session.PublicationAt(path), session.KeptAt(path)));
        var contents = new HashSet<string> { current?.Sha256 ?? "" };
        var left = 0;
        foreach (var version in kept)
        {
            var isDouble = version.IsFoundByContent && !contents.Add(version.Sha256!);
            if (!isDouble && left < keep)
            {
                left++;
                continue;
            }

            try
            {
                await place.ForgetAsync(version, CancellationToken.None);
            }
            catch (Exception problem) when (problem is IOException or UnauthorizedAccessException or PlaceException)
            {
                // What readers see is not touched by it; the next publication tries again.
                Said?.Invoke($"{path}: version {version.Id} cannot be dropped: {problem.Message}");
                continue;
            }

            FaultPoints.Hit(FaultPoints.AfterForget);
            await parts.Store.WriteAsync(session => session.KeepVersion(version.Id, kept: null), CancellationToken.None);
        }
    }

    private OutputSpec? OutputOf(Publication intent) =>
        parts
            .Store.Read(session => session.Definition(intent.Pipeline, intent.Version)!)
            .Pipeline.Tasks.First(node => node.Name == intent.Task.Task)
            .Outputs.FirstOrDefault(output => output.Name == intent.Output);

    private static StagedOutput StagedOf(Publication intent) =>
        new(intent.Output, intent.StagedPath, intent.Path, intent.Kind is PublicationKind.Folder or PublicationKind.Objects);
}
