using Signalbox.Core.Retry;
using Signalbox.Storage;

namespace Signalbox.Engine.Outputs.S3;

/// <content>Outputs of one object.</content>
internal sealed partial class S3Place
{
    private static async Task<Placed> PublishObjectAsync(
        S3Client client,
        S3Address target,
        Placing placing,
        CancellationToken cancellationToken
    )
    {
        var intent = placing.Intent;
        var mark = S3Mark.Of(intent);
        var staging = S3Layout.StagingOf(target.Bucket, intent);
        var there = await client.HeadAsync(target, cancellationToken);
        if (IsSuperseded(S3Mark.Of(there), placing))
        {
            await TidyAsync(() => client.DeleteBelowAsync(staging, cancellationToken));
            return new Placed(Kept: null, IsCurrent: false);
        }

        string? kept;
        if (S3Mark.Of(there) == mark)
        {
            kept = await KeepObjectAsync(client, target, there, placing.Replaced, placing.Keep, cancellationToken);
        }
        else
        {
            try
            {
                if (placing.IsAgain)
                {
                    // A copy in parts that died before its last step.
                    await client.AbortUploadsAsync(target, key => key == target.Key, cancellationToken);
                }

                var source = staging.Below(target.Name);
                var etag = await client.UploadAsync(placing.Staged.Path, source, mark.On(intent.Sha256!), cancellationToken);
                FaultPoints.Hit(FaultPoints.S3AfterStaged);
                kept = await KeepObjectAsync(client, target, there, placing.Replaced, placing.Keep, cancellationToken);
                FaultPoints.Hit(FaultPoints.S3AfterKept);
                var made = new S3Head(etag, new FileInfo(placing.Staged.Path).Length, mark.On(intent.Sha256!));
                await CopyOverAsync(client, source, target, made, mark, cancellationToken);
                FaultPoints.Hit(FaultPoints.S3AfterCopied);
            }
            catch (Exception problem) when (problem is PlaceException { InnerException: not S3DoubtException } or IOException)
            {
                await TidyAsync(() => client.DeleteBelowAsync(staging, cancellationToken));
                throw;
            }
        }

        await TidyAsync(() => client.DeleteBelowAsync(staging, cancellationToken));
        FaultPoints.Hit(FaultPoints.S3AfterUnstaged);
        return new Placed(kept);
    }

    private static async Task<Placed> SwitchObjectAsync(
        S3Client client,
        S3Address target,
        Publication? current,
        Publication wanted,
        CancellationToken cancellationToken
    )
    {
        var mark = S3Mark.Of(wanted);
        var there = await client.HeadAsync(target, cancellationToken);
        S3Address? source = wanted.Kept is null ? null : S3Address.Parse(wanted.Kept, out _);
        if (S3Mark.Of(there) != mark)
        {
            var found = source is { } from ? await client.HeadAsync(from, cancellationToken) : null;
            if (found is null)
            {
                throw Gone(wanted);
            }

            var kept = await KeepObjectAsync(client, target, there, current, keep: 1, cancellationToken);
            FaultPoints.Hit(FaultPoints.S3AfterKept);
            await CopyOverAsync(client, source!.Value, target, found, mark, cancellationToken);
            FaultPoints.Hit(FaultPoints.S3AfterSwitched);
            await TidyAsync(() => client.DeleteAsync(target.Bucket, [source.Value.Key], cancellationToken));
            return new Placed(kept);
        }

        if (source is { } old)
        {
            await TidyAsync(() => client.DeleteAsync(target.Bucket, [old.Key], cancellationToken));
        }

        return new Placed(await KeepObjectAsync(client, target, there, current, keep: 1, cancellationToken));
    }

    /// <summary>Copies what readers see to where its version is kept; finds what was copied before.</summary>
    /// <param name="there">What readers see now.</param>
    /// <returns>Where it is kept; null when it is not, or is not what was published.</returns>
    private static async Task<string?> KeepObjectAsync(
        S3Client client,
        S3Address target,
        S3Head? there,
        Publication? version,
        int keep,
        CancellationToken cancellationToken
    )
    {
        if (version is null || keep == 0)
        {
            return null;
        }

        var kept = S3Layout.KeptOf(target, version);
        if (there is not null && S3Mark.Of(there) == S3Mark.Of(version))
        {
            await client.CopyAsync(target, kept, there, cancellationToken);
            return kept.ToString();
        }

        return S3Mark.Of(await client.HeadAsync(kept, cancellationToken)) == S3Mark.Of(version) ? kept.ToString() : null;
    }

    private static Task CopyOverAsync(
        S3Client client,
        S3Address from,
        S3Address target,
        S3Head source,
        S3Mark mark,
        CancellationToken cancellationToken
    ) =>
        CommitAsync(
            client,
            () => client.CopyAsync(from, target, source, cancellationToken),
            async () => S3Mark.Of(await client.HeadAsync(target, cancellationToken)) == mark,
            target,
            cancellationToken
        );

    private static PlaceException Gone(Publication version) =>
        new(FailureClass.Permanent, $"the content of version {version.Id} of {version.Path} is no longer kept");
}
