using Signalbox.Core.Retry;
using Signalbox.Engine.Projects;
using Signalbox.Storage;

namespace Signalbox.Engine.Outputs.S3;

/// <summary>Objects of S3, and of whatever speaks it. The command writes on this machine; this puts, copies, points and deletes.</summary>
/// <remarks>
/// <para>An object: put to <c>_staging/ATTEMPT/</c>, the object that it replaces copied to <c>_versions/</c>, copied to its key (the one step that
/// readers see), its staging deleted.</para>
/// <para>Several objects, versions layout: put under a prefix of their own that nobody knows yet, then the manifest, then the pointer
/// <c>_current.json</c>, which is the one step; with a condition where the server honours one.</para>
/// <para>Several objects, plain layout: put to staging, what they replace copied to <c>_versions/</c>, copied to their keys one by one, then manifest
/// and pointer, then what the old version had and the new one has not is deleted.</para>
/// <para>Every object and document says which version it is of (<see cref="S3Mark"/>), so that each step finds what it did before a crash.</para>
/// </remarks>
internal sealed partial class S3Place(S3Clients clients, string stateFolder, Func<long, Publication?> find) : IPlace
{
    public PublicationKind KindOf(StagedOutput staged) => staged.IsFolder ? PublicationKind.Objects : PublicationKind.Object;

    public Task<Placed> PublishAsync(Placing placing, CancellationToken cancellationToken)
    {
        var target = AddressOf(placing.Staged.Target, placing.Staged.IsFolder);
        var client = clients.Of(target.Bucket);
        Remember(target.Bucket);
        return !placing.Staged.IsFolder ? PublishObjectAsync(client, target, placing, cancellationToken)
            : client.Connection.Layout == ObjectLayout.Plain ? PublishPlainAsync(client, target, placing, cancellationToken)
            : PublishVersionAsync(client, target, placing, cancellationToken);
    }

    public Task<Placed> SwitchAsync(Publication? current, Publication wanted, CancellationToken cancellationToken)
    {
        var isFolder = wanted.Kind == PublicationKind.Objects;
        var target = AddressOf(wanted.Path, isFolder);
        var client = clients.Of(target.Bucket);
        return !isFolder ? SwitchObjectAsync(client, target, current, wanted, cancellationToken)
            : client.Connection.Layout == ObjectLayout.Plain ? SwitchPlainAsync(client, target, current, wanted, cancellationToken)
            : SwitchVersionAsync(client, target, current, wanted, cancellationToken);
    }

    /// <summary>Several objects: the prefix that the pointer leads to, which is of another version when somebody else has moved it.</summary>
    public async Task<string> ResolveAsync(Publication current, CancellationToken cancellationToken)
    {
        if (current.Kind != PublicationKind.Objects)
        {
            return current.Path;
        }

        var target = AddressOf(current.Path, isFolder: true);
        var pointer = (await ReadPointerAsync(clients.Of(target.Bucket), target, cancellationToken)).Pointer;
        return pointer is null ? target.ToString() : (target with { Key = pointer.Prefix }).ToString();
    }

    public async Task ForgetAsync(Publication version, CancellationToken cancellationToken)
    {
        if (version.Kept is null || S3Address.Parse(version.Kept, out _) is not { } kept || !S3Layout.IsKeptOf(kept, version))
        {
            return;
        }

        var client = clients.Of(kept.Bucket);
        if (!kept.IsPrefix)
        {
            await client.DeleteAsync(kept.Bucket, [kept.Key], cancellationToken);
        }
        else if ((await ReadPointerAsync(client, AddressOf(version.Path, isFolder: true), cancellationToken)).Pointer?.Prefix != kept.Key)
        {
            await ForgetPrefixAsync(client, kept, cancellationToken);
        }
    }

    /// <summary>The manifest goes first: a version without one is not there.</summary>
    private static async Task ForgetPrefixAsync(S3Client client, S3Address prefix, CancellationToken cancellationToken)
    {
        await client.DeleteAsync(prefix.Bucket, [prefix.Below(S3Layout.Manifest).Key], cancellationToken);
        await client.DeleteBelowAsync(prefix, cancellationToken);
    }

    private static S3Address AddressOf(string text, bool isFolder)
    {
        var address =
            S3Address.Parse(isFolder ? text.TrimEnd('/') + "/" : text, out var problem)
            ?? throw new PlaceException(FailureClass.Permanent, problem!);
        return address.Key.Trim('/').Length > 0
            ? address
            : throw new PlaceException(
                FailureClass.Permanent,
                $"`{text}` is a whole bucket; an output is s3://bucket/key or s3://bucket/prefix/"
            );
    }

    /// <summary>
    /// Takes the step that readers see. When its answer is lost it is asked for until it is known whether it was taken: a publication counts as failed
    /// only when it did not happen.
    /// </summary>
    private static async Task CommitAsync(
        S3Client client,
        Func<Task> step,
        Func<Task<bool>> isTaken,
        S3Address at,
        CancellationToken cancellationToken
    )
    {
        try
        {
            await step();
            return;
        }
        catch (PlaceException refused) when (refused.Class == FailureClass.ResourceUnavailable)
        {
            var began = TimeProvider.System.GetTimestamp();
            while (true)
            {
                try
                {
                    if (await isTaken())
                    {
                        return;
                    }
                }
                catch (PlaceException again) when (again.Class == FailureClass.ResourceUnavailable)
                {
                    if (TimeProvider.System.GetElapsedTime(began) > client.Limits.Doubt)
                    {
                        throw new PlaceException(
                            FailureClass.ResourceUnavailable,
                            $"{at}: the server failed in the middle of the last step, and nobody knows whether it was taken: {refused.Message}",
                            new S3DoubtException()
                        );
                    }

                    await Task.Delay(client.Limits.FirstPause * 5, cancellationToken);
                    continue;
                }

                throw;
            }
        }
    }

    /// <summary>What only tidies up does not undo what was done: what is left is dropped by the next sweep.</summary>
    private static async Task TidyAsync(Func<Task> step)
    {
        try
        {
            await step();
        }
        catch (PlaceException)
        {
            return;
        }
    }

    private static bool IsSuperseded(S3Mark? there, Placing placing) =>
        placing.IsAgain
        && there is { } found
        && S3Mark.Of(placing.Intent).IsBefore(found)
        && (placing.Replaced is null || S3Mark.Of(placing.Replaced) != found);

    /// <summary>The last step may have been taken; what belongs to it stays.</summary>
    private sealed class S3DoubtException : Exception;
}
