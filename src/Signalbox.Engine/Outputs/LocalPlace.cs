using Signalbox.Core.Retry;
using Signalbox.Storage;

namespace Signalbox.Engine.Outputs;

/// <summary>Files and folders of this machine.</summary>
/// <remarks>
/// What is staged is exchanged with what stands at the target (renameat2, RENAME_EXCHANGE), or renamed where nothing does: one step for a file
/// and for a folder alike. What was replaced is then moved to where versions are kept, by its number, or wiped with the staging place.
/// </remarks>
public sealed class LocalPlace(Staging staging) : IPlace
{
    public PublicationKind KindOf(StagedOutput staged) => staged.IsFolder ? PublicationKind.Folder : PublicationKind.File;

    public Task<Placed> PublishAsync(Placing placing, CancellationToken cancellationToken)
    {
        var (staged, intent) = (placing.Staged, placing.Intent);
        // Equal bytes are not kept beside themselves: what is current is what was replaced.
        var keep = placing.Replaced?.Sha256 == intent.Sha256 ? 0 : placing.Keep;
        if (placing.IsAgain && !Holds(staged.Path, intent.Sha256!))
        {
            // The step was taken: what is staged now, if anything, is what it replaced.
            var isCurrent = Holds(staged.Target, intent.Sha256!);
            return Task.FromResult(new Placed(isCurrent ? Retire(staged.Path, placing.Replaced, keep) : null, isCurrent));
        }

        var parent = Path.GetDirectoryName(staged.Target)!;
        Directory.CreateDirectory(parent);
        FaultPoints.Hit(FaultPoints.BeforeSwap);
        DurableFiles.Swap(staged.Path, staged.Target);
        FaultPoints.Hit(FaultPoints.AfterSwap);
        DurableFiles.SyncDirectory(parent);
        FaultPoints.Hit(FaultPoints.AfterSwapSync);
        return Task.FromResult(new Placed(Retire(staged.Path, placing.Replaced, keep)));
    }

    public Task<Placed> SwitchAsync(Publication? current, Publication wanted, CancellationToken cancellationToken)
    {
        var isKept = wanted.Kept is not null && Holds(wanted.Kept, wanted.Sha256!);
        if (!isKept && !Holds(wanted.Path, wanted.Sha256!))
        {
            throw new PlaceException(
                FailureClass.Permanent,
                wanted.Kept is null || !Path.Exists(wanted.Kept)
                    ? $"the content of version {wanted.Id} is no longer kept"
                    : $"the kept content of version {wanted.Id} ({wanted.Kept}) is not what was published: somebody changed it"
            );
        }

        if (wanted.Kept is not { } kept)
        {
            // The same bytes are current already.
            return Task.FromResult(new Placed(null));
        }

        if (isKept)
        {
            var parent = Path.GetDirectoryName(wanted.Path)!;
            Directory.CreateDirectory(parent);
            DurableFiles.Swap(kept, wanted.Path);
            FaultPoints.Hit(FaultPoints.AfterSwitch);
            DurableFiles.SyncDirectory(parent);
        }

        var retired = Retire(kept, current, keep: 1);
        Wipe(Path.GetDirectoryName(kept)!);
        return Task.FromResult(new Placed(retired));
    }

    public Task ForgetAsync(Publication version, CancellationToken cancellationToken)
    {
        if (version.Kept is { } kept && Path.GetDirectoryName(kept) is { } home && Path.GetFileName(home) == $"{version.Id}")
        {
            Wipe(home);
        }

        return Task.CompletedTask;
    }

    /// <summary>What is staged on this machine is <see cref="Staging"/>'s.</summary>
    public Task SweepAsync(Func<string, bool> isOver, CancellationToken cancellationToken) => Task.CompletedTask;

    private static bool Holds(string path, string sha256) => Path.Exists(path) && ContentHash.Of(path).Sha256 == sha256;

    /// <summary>Moves what was replaced to where versions are kept; does nothing when that happened before.</summary>
    /// <returns>Where it is now; null when it is not kept.</returns>
    private string? Retire(string path, Publication? version, int keep)
    {
        if (version is null || keep == 0)
        {
            return null;
        }

        var home = Path.Combine(staging.VersionsFor(version.Path), $"{version.Id}");
        var kept = Path.Combine(home, Path.GetFileName(version.Path));
        if (Path.Exists(path) && !Path.Exists(kept))
        {
            Directory.CreateDirectory(home);
            DurableFiles.Swap(path, kept);
            FaultPoints.Hit(FaultPoints.AfterRetire);
            DurableFiles.SyncDirectory(home);
        }

        return Path.Exists(kept) ? kept : null;
    }

    private static void Wipe(string folder)
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
