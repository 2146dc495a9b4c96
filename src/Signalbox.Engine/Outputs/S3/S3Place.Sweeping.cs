using Signalbox.Storage;

namespace Signalbox.Engine.Outputs.S3;

/// <content>What attempts left that are over.</content>
internal sealed partial class S3Place
{
    private readonly Lock _buckets = new();

    // Where something was staged from here; without it every bucket there is would have to be looked at.
    private string BucketsFile => Path.Combine(stateFolder, "buckets");

    public async Task SweepAsync(Func<string, bool> isOver, CancellationToken cancellationToken)
    {
        string[] buckets;
        lock (_buckets)
        {
            buckets = File.Exists(BucketsFile) ? [.. File.ReadLines(BucketsFile).Distinct()] : [];
        }

        foreach (var bucket in buckets)
        {
            await SweepAsync(clients.Of(bucket), bucket, isOver, cancellationToken);
        }
    }

    private async Task SweepAsync(S3Client client, string bucket, Func<string, bool> isOver, CancellationToken cancellationToken)
    {
        var all = new S3Address(bucket, S3Layout.Staging);
        await client.AbortUploadsAsync(all, key => isOver(AttemptIn(key)), cancellationToken);
        var keys = new List<string>();
        foreach (var listed in await client.ListAsync(all, cancellationToken))
        {
            if (isOver(AttemptIn(listed.Key)) && await DropBegunAsync(client, new S3Address(bucket, listed.Key), cancellationToken))
            {
                keys.Add(listed.Key);
            }
        }

        if (keys.Count > 0)
        {
            await client.DeleteAsync(bucket, keys, cancellationToken);
        }
    }

    /// <summary>Drops the version that an attempt had begun and never published.</summary>
    /// <returns>Whether its marker may go.</returns>
    private async Task<bool> DropBegunAsync(S3Client client, S3Address at, CancellationToken cancellationToken)
    {
        if (at.Name != S3Layout.Begun || await client.ReadAsync(at, cancellationToken) is not { } found)
        {
            return true;
        }

        if (S3Json.Read(found.Content, S3Json.Default.S3Begun) is not { } begun || find(begun.Version) is not { } version)
        {
            return false;
        }

        var prefix = at with { Key = begun.Prefix };
        if (version.State == PublicationState.Published || !S3Layout.IsKeptOf(prefix, version))
        {
            return version.State == PublicationState.Published;
        }

        var pointer = (await ReadPointerAsync(client, at with { Key = begun.Target }, cancellationToken)).Pointer;
        if (pointer?.Prefix != begun.Prefix)
        {
            await ForgetPrefixAsync(client, prefix, cancellationToken);
        }

        return true;
    }

    private static string AttemptIn(string key)
    {
        var rest = key.AsSpan(S3Layout.Staging.Length);
        var end = rest.IndexOf('/');
        return (end < 0 ? rest : rest[..end]).ToString();
    }

    private void Remember(string bucket)
    {
        lock (_buckets)
        {
            if (!File.Exists(BucketsFile) || !File.ReadLines(BucketsFile).Contains(bucket, StringComparer.Ordinal))
            {
                Directory.CreateDirectory(stateFolder);
                File.AppendAllText(BucketsFile, bucket + "\n");
            }
        }
    }
}
