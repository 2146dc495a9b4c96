using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text.Json;
using Signalbox.Core.Retry;
using Signalbox.Engine.Projects;
using Signalbox.Storage;

namespace Signalbox.Engine.Outputs.S3;

/// <content>What both layouts of several objects need: files up, the manifest, the pointer.</content>
internal sealed partial class S3Place
{
    private const int MostRaces = 10;

    /// <summary>The pointer of a prefix and its ETag; null where there is none, or none of ours.</summary>
    private static async Task<(S3Pointer? Pointer, string? ETag)> ReadPointerAsync(
        S3Client client,
        S3Address target,
        CancellationToken cancellationToken
    ) =>
        await client.ReadAsync(target.Below(S3Layout.Current), cancellationToken) is { } found
            ? (S3Json.Read(found.Content, S3Json.Default.S3Pointer), found.ETag)
            : default;

    private static async Task<S3Manifest?> ReadManifestAsync(S3Client client, S3Address prefix, CancellationToken cancellationToken) =>
        await client.ReadAsync(prefix.Below(S3Layout.Manifest), cancellationToken) is { } found
            ? S3Json.Read(found.Content, S3Json.Default.S3Manifest)
            : null;

    private static Task WriteManifestAsync(S3Client client, S3Address prefix, S3Manifest manifest, CancellationToken cancellationToken) =>
        client.WriteAsync(
            prefix.Below(S3Layout.Manifest),
            JsonSerializer.SerializeToUtf8Bytes(manifest, S3Json.Default.S3Manifest),
            unless: null,
            cancellationToken
        );

    /// <summary>Writes the pointer in one step, over nothing but what was read just before where the server can tell.</summary>
    /// <param name="probe">Where the server may be tried.</param>
    /// <returns>The pointer that it replaced.</returns>
    private async Task<S3Pointer?> PointAsync(
        S3Client client,
        S3Address target,
        S3Address version,
        S3Manifest manifest,
        S3Address probe,
        CancellationToken cancellationToken
    )
    {
        var pointer = new S3Pointer(
            S3Json.Format,
            manifest.Version,
            manifest.Attempt,
            ConnectionShapes.WordOf(version == target ? ObjectLayout.Plain : ObjectLayout.Versions),
            version.Key,
            version.Below(S3Layout.Manifest).Key,
            manifest.Sha256,
            manifest.Files.Length,
            manifest.Bytes
        );
        var content = JsonSerializer.SerializeToUtf8Bytes(pointer, S3Json.Default.S3Pointer);
        var conditional = await HonoursConditionsAsync(client, probe, cancellationToken);
        for (var race = 0; race < MostRaces; race++)
        {
            var (before, etag) = await ReadPointerAsync(client, target, cancellationToken);
            if (before?.Mark == manifest.Mark && before.Prefix == version.Key)
            {
                return before;
            }

            var written = true;
            await CommitAsync(
                client,
                async () =>
                    written = await client.WriteAsync(
                        target.Below(S3Layout.Current),
                        content,
                        conditional ? new S3Unless(etag) : null,
                        cancellationToken
                    ),
                async () => (await ReadPointerAsync(client, target, cancellationToken)).Pointer?.Mark == manifest.Mark,
                target,
                cancellationToken
            );
            if (written)
            {
                return before;
            }
        }

        throw new PlaceException(FailureClass.ResourceUnavailable, $"{target}: others write {S3Layout.Current} all the time");
    }

    /// <summary>Copies the files of a staged folder to a prefix, some at a time.</summary>
    private static async Task<ImmutableArray<S3File>> UploadFilesAsync(
        S3Client client,
        string folder,
        S3Address to,
        S3Mark mark,
        CancellationToken cancellationToken
    )
    {
        var names = FilesOf(folder);
        var files = new S3File[names.Count];
        await Parallel.ForAsync(
            0,
            names.Count,
            new ParallelOptions { MaxDegreeOfParallelism = client.Limits.Parallel, CancellationToken = cancellationToken },
            async (index, ct) =>
            {
                var path = Path.Combine(folder, names[index]);
                string hash;
                long length;
                await using (var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1))
                {
                    hash = Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, ct));
                    length = stream.Length;
                }

                var etag = await client.UploadAsync(path, to.Below(names[index]), mark.On(hash), ct);
                files[index] = new S3File(names[index], length, hash, etag);
            }
        );
        return ImmutableArray.Create(files);
    }

    private static S3Manifest ManifestOf(Publication version, ImmutableArray<S3File> files)
    {
        using var inputs = JsonDocument.Parse(version.Inputs);
        return new S3Manifest(
            S3Json.Format,
            version.Id,
            Staging.AttemptOf(version.StagedPath),
            version.Pipeline.Value,
            version.Task.ToString(),
            version.Run.Value,
            version.Dataset,
            version.Partition,
            version.Version.Value,
            version.Sha256!,
            version.Bytes ?? files.Sum(file => file.Bytes),
            version.Rows,
            inputs.RootElement.Clone(),
            files,
            Obsolete: []
        );
    }

    /// <summary>The files below a folder by their relative paths with <c>/</c>, in ordinal order.</summary>
    private static List<string> FilesOf(string folder)
    {
        var names = new List<string>();
        foreach (var entry in new DirectoryInfo(folder).EnumerateFileSystemInfos("*", SearchOption.AllDirectories))
        {
            var relative = Path.GetRelativePath(folder, entry.FullName).Replace('\\', '/');
            if (entry.LinkTarget is not null)
            {
                throw new PlaceException(
                    FailureClass.Validation,
                    $"the output has a link `{relative}`; there are no links on S3: write a file"
                );
            }

            if (entry is FileInfo)
            {
                if (S3Layout.Reserved(relative) is { } problem)
                {
                    throw new PlaceException(FailureClass.Validation, problem);
                }

                names.Add(relative);
            }
        }

        names.Sort(StringComparer.Ordinal);
        return names;
    }

    private readonly System.Collections.Concurrent.ConcurrentDictionary<string, bool> _conditional = new(StringComparer.Ordinal);

    /// <summary>Whether conditions of writes hold here: told by the connection, or tried once.</summary>
    private async Task<bool> HonoursConditionsAsync(S3Client client, S3Address probe, CancellationToken cancellationToken)
    {
        if (client.Connection.Conditional is { } told)
        {
            return told;
        }

        var server = $"{client.Connection.Name}/{probe.Bucket}";
        if (_conditional.TryGetValue(server, out var known))
        {
            return known;
        }

        var at = probe.Below("_probe");
        byte[] content = "{}"u8.ToArray();
        bool honours;
        try
        {
            await client.WriteAsync(at, content, unless: null, cancellationToken);
            honours =
                !await client.WriteAsync(at, content, new S3Unless(ETag: null), cancellationToken)
                && !await client.WriteAsync(at, content, new S3Unless("\"00000000000000000000000000000000\""), cancellationToken);
        }
        catch (PlaceException refused) when (refused.InnerException is { } cause && S3Failures.IsNotImplemented(cause))
        {
            honours = false;
        }

        await TidyAsync(() => client.DeleteAsync(at.Bucket, [at.Key], cancellationToken));
        _conditional[server] = honours;
        return honours;
    }
}
