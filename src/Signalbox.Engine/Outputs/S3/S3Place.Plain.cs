using System.Collections.Immutable;
using Signalbox.Storage;

namespace Signalbox.Engine.Outputs.S3;

/// <content>Several objects at the keys that readers know who know nothing of versions.</content>
internal sealed partial class S3Place
{
    private async Task<Placed> PublishPlainAsync(S3Client client, S3Address target, Placing placing, CancellationToken cancellationToken)
    {
        var intent = placing.Intent;
        var mark = S3Mark.Of(intent);
        var staging = S3Layout.StagingOf(target.Bucket, intent);
        var before = (await ReadPointerAsync(client, target, cancellationToken)).Pointer;
        if (IsSuperseded(before?.Mark, placing))
        {
            await TidyAsync(() => client.DeleteBelowAsync(staging, cancellationToken));
            return new Placed(Kept: null, IsCurrent: false);
        }

        string? kept;
        try
        {
            ImmutableArray<S3File> files = [];
            if (before?.Mark != mark)
            {
                files = await UploadFilesAsync(client, placing.Staged.Path, staging, mark, cancellationToken);
                FaultPoints.Hit(FaultPoints.S3AfterStaged);
            }

            var made = ManifestOf(intent, files);
            kept = await PlacePlainAsync(client, target, staging, made, placing.Replaced, placing.Keep, before, cancellationToken);
        }
        catch (Exception problem) when (problem is PlaceException { InnerException: not S3DoubtException } or IOException)
        {
            await TidyAsync(() => client.DeleteBelowAsync(staging, cancellationToken));
            throw;
        }

        await TidyAsync(() => client.DeleteBelowAsync(staging, cancellationToken));
        FaultPoints.Hit(FaultPoints.S3AfterUnstaged);
        return new Placed(kept);
    }

    private async Task<Placed> SwitchPlainAsync(
        S3Client client,
        S3Address target,
        Publication? current,
        Publication wanted,
        CancellationToken cancellationToken
    )
    {
        var before = (await ReadPointerAsync(client, target, cancellationToken)).Pointer;
        var source = wanted.Kept is null ? null : S3Address.Parse(wanted.Kept, out _);
        S3Manifest? manifest = null;
        if (before?.Mark != S3Mark.Of(wanted))
        {
            manifest = source is { } from ? await ReadManifestAsync(client, from, cancellationToken) : null;
            if (manifest is null)
            {
                throw Gone(wanted);
            }
        }

        var kept = await PlacePlainAsync(
            client,
            target,
            source ?? target,
            manifest ?? ManifestOf(wanted, []),
            current,
            keep: 1,
            before,
            cancellationToken
        );
        FaultPoints.Hit(FaultPoints.S3AfterSwitched);
        if (source is { } old)
        {
            await TidyAsync(() => ForgetPrefixAsync(client, old, cancellationToken));
        }

        return new Placed(kept);
    }

    /// <summary>Puts a version over the one that stands at the plain keys; every step may be taken again.</summary>
    /// <param name="source">Where the objects of the version lie.</param>
    /// <param name="wanted">Its manifest; without files when it is current already.</param>
    /// <param name="before">The pointer as it was.</param>
    /// <returns>Where the replaced version is kept.</returns>
    private async Task<string?> PlacePlainAsync(
        S3Client client,
        S3Address target,
        S3Address source,
        S3Manifest wanted,
        Publication? replaced,
        int keep,
        S3Pointer? before,
        CancellationToken cancellationToken
    )
    {
        var there = await ReadManifestAsync(client, target, cancellationToken);
        var kept = await KeepPlainAsync(client, target, there, replaced, keep, before, cancellationToken);
        FaultPoints.Hit(FaultPoints.S3AfterKept);
        if (before?.Mark != wanted.Mark)
        {
            var files = await CopyFilesAsync(client, source, target, wanted.Files, cancellationToken);
            FaultPoints.Hit(FaultPoints.S3AfterCopied);
            there = wanted with { Files = files, Obsolete = Obsolete(there, wanted) };
            await WriteManifestAsync(client, target, there, cancellationToken);
            FaultPoints.Hit(FaultPoints.S3AfterManifest);
            await PointAsync(client, target, target, there, S3Layout.StagingOf(target.Bucket, wanted.Attempt, "_probe"), cancellationToken);
            FaultPoints.Hit(FaultPoints.S3AfterPointed);
        }

        if (there?.Mark == wanted.Mark && there.Obsolete.Length > 0)
        {
            string[] keys = [.. there.Obsolete.Select(path => target.Below(path).Key)];
            await TidyAsync(() => client.DeleteAsync(target.Bucket, keys, cancellationToken));
            FaultPoints.Hit(FaultPoints.S3AfterPruned);
        }

        return kept;
    }

    /// <summary>Copies what stands at the plain keys to where its version is kept, the manifest last; before any of it is written over.</summary>
    private static async Task<string?> KeepPlainAsync(
        S3Client client,
        S3Address target,
        S3Manifest? there,
        Publication? version,
        int keep,
        S3Pointer? before,
        CancellationToken cancellationToken
    )
    {
        if (version is null || keep == 0)
        {
            return null;
        }

        var mark = S3Mark.Of(version);
        if (before?.Mark == mark && before.Prefix != target.Key)
        {
            // Of the versions layout.
            return (target with { Key = before.Prefix }).ToString();
        }

        var kept = S3Layout.KeptOf(target, version);
        if ((await ReadManifestAsync(client, kept, cancellationToken))?.Mark == mark)
        {
            return kept.ToString();
        }

        if (there?.Mark != mark)
        {
            return null;
        }

        try
        {
            var files = await CopyFilesAsync(client, target, kept, there.Files, cancellationToken);
            await WriteManifestAsync(client, kept, there with { Files = files, Obsolete = [] }, cancellationToken);
            return kept.ToString();
        }
        catch (PlaceException refused) when (refused.InnerException is { } cause && IsOtherContent(cause))
        {
            // Somebody else wrote over it: it is not what was published, and nothing to go back to.
            await TidyAsync(() => ForgetPrefixAsync(client, kept, cancellationToken));
            return null;
        }
    }

    private static bool IsOtherContent(Exception cause) => S3Failures.IsConditionFailed(cause) || S3Failures.IsMissingKey(cause);

    private static async Task<ImmutableArray<S3File>> CopyFilesAsync(
        S3Client client,
        S3Address from,
        S3Address to,
        ImmutableArray<S3File> files,
        CancellationToken cancellationToken
    )
    {
        var copied = new S3File[files.Length];
        await Parallel.ForAsync(
            0,
            files.Length,
            new ParallelOptions { MaxDegreeOfParallelism = client.Limits.Parallel, CancellationToken = cancellationToken },
            async (index, ct) =>
            {
                var file = files[index];
                var source = new S3Head(file.Etag, file.Bytes, new Dictionary<string, string>(StringComparer.Ordinal));
                copied[index] = file with { Etag = await client.CopyAsync(from.Below(file.Path), to.Below(file.Path), source, ct) };
                FaultPoints.Hit(FaultPoints.S3WithinCopy);
            }
        );
        return ImmutableArray.Create(copied);
    }

    /// <summary>The paths that stand there and are not of the new version. A manifest of the new version itself was written before a crash.</summary>
    private static ImmutableArray<string> Obsolete(S3Manifest? there, S3Manifest wanted)
    {
        if (there is null || there.Mark == wanted.Mark)
        {
            return there?.Obsolete ?? [];
        }

        var stays = wanted.Files.Select(file => file.Path).ToHashSet(StringComparer.Ordinal);
        return [.. there.Files.Select(file => file.Path).Concat(there.Obsolete).Where(path => !stays.Contains(path)).Distinct()];
    }
}
