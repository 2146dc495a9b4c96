using System.Text.Json;
using Signalbox.Storage;

namespace Signalbox.Engine.Outputs.S3;

/// <content>Several objects, each version under a prefix of its own.</content>
internal sealed partial class S3Place
{
    private async Task<Placed> PublishVersionAsync(S3Client client, S3Address target, Placing placing, CancellationToken cancellationToken)
    {
        var intent = placing.Intent;
        var mark = S3Mark.Of(intent);
        var version = S3Layout.VersionOf(target, intent);
        var staging = S3Layout.StagingOf(target.Bucket, intent);
        var before = (await ReadPointerAsync(client, target, cancellationToken)).Pointer;
        var isTaken = before?.Mark == mark;
        if (IsSuperseded(before?.Mark, placing))
        {
            await TidyAsync(() => DropAsync(client, version, staging, cancellationToken));
            return new Placed(Kept: null, IsCurrent: false);
        }

        if (!isTaken)
        {
            try
            {
                // Said before the first object is put: the prefix alone would not tell whose it is.
                var begun = new S3Begun(intent.Id, version.Key, target.Key);
                await client.WriteAsync(
                    staging.Below(S3Layout.Begun),
                    JsonSerializer.SerializeToUtf8Bytes(begun, S3Json.Default.S3Begun),
                    unless: null,
                    cancellationToken
                );
                FaultPoints.Hit(FaultPoints.S3AfterBegun);
                var manifest = placing.IsAgain ? await ReadManifestAsync(client, version, cancellationToken) : null;
                if (manifest?.Mark != mark)
                {
                    manifest = ManifestOf(intent, await UploadFilesAsync(client, placing.Staged.Path, version, mark, cancellationToken));
                    FaultPoints.Hit(FaultPoints.S3AfterObjects);
                    await WriteManifestAsync(client, version, manifest, cancellationToken);
                    FaultPoints.Hit(FaultPoints.S3AfterManifest);
                }

                before = await PointAsync(client, target, version, manifest, staging, cancellationToken);
                FaultPoints.Hit(FaultPoints.S3AfterPointed);
            }
            catch (Exception problem) when (problem is PlaceException { InnerException: not S3DoubtException } or IOException)
            {
                await TidyAsync(() => DropAsync(client, version, staging, cancellationToken));
                throw;
            }
        }

        var kept = await KeptVersionAsync(client, target, placing.Replaced, isTaken ? null : before, cancellationToken);
        if (kept is not null && placing.Keep == 0)
        {
            await TidyAsync(() => ForgetPrefixAsync(client, S3Address.Parse(kept, out _)!.Value, cancellationToken));
            kept = null;
        }

        await TidyAsync(() => client.DeleteAsync(staging.Bucket, [staging.Below(S3Layout.Begun).Key], cancellationToken));
        FaultPoints.Hit(FaultPoints.S3AfterUnstaged);
        return new Placed(kept);
    }

    private async Task<Placed> SwitchVersionAsync(
        S3Client client,
        S3Address target,
        Publication? current,
        Publication wanted,
        CancellationToken cancellationToken
    )
    {
        var mark = S3Mark.Of(wanted);
        var before = (await ReadPointerAsync(client, target, cancellationToken)).Pointer;
        if (before?.Mark == mark)
        {
            return new Placed(await KeptVersionAsync(client, target, current, before: null, cancellationToken));
        }

        var prefix = wanted.Kept is null ? null : S3Address.Parse(wanted.Kept, out _);
        var manifest = prefix is { } from ? await ReadManifestAsync(client, from, cancellationToken) : null;
        if (manifest is null)
        {
            throw Gone(wanted);
        }

        before = await PointAsync(client, target, prefix!.Value, manifest, S3Layout.StagingOf(target.Bucket, wanted), cancellationToken);
        FaultPoints.Hit(FaultPoints.S3AfterSwitched);
        return new Placed(await KeptVersionAsync(client, target, current, before, cancellationToken));
    }

    /// <summary>Where a version lies that is no longer current: where it always lay.</summary>
    /// <param name="before">The pointer that was replaced; null when that was before a crash.</param>
    private static async Task<string?> KeptVersionAsync(
        S3Client client,
        S3Address target,
        Publication? version,
        S3Pointer? before,
        CancellationToken cancellationToken
    )
    {
        if (version is null)
        {
            return null;
        }

        if (before?.Mark == S3Mark.Of(version))
        {
            // Under the plain layout the next version is put over it.
            return before.Prefix == target.Key ? null : (target with { Key = before.Prefix }).ToString();
        }

        foreach (var place in (S3Address[])[S3Layout.VersionOf(target, version), S3Layout.KeptOf(target, version)])
        {
            if (await client.HeadAsync(place.Below(S3Layout.Manifest), cancellationToken) is not null)
            {
                return place.ToString();
            }
        }

        return null;
    }

    private static async Task DropAsync(S3Client client, S3Address version, S3Address staging, CancellationToken cancellationToken)
    {
        await ForgetPrefixAsync(client, version, cancellationToken);
        await client.DeleteBelowAsync(staging, cancellationToken);
    }
}
