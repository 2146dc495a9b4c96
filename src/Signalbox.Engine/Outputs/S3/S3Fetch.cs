using System.IO.Enumeration;
using Signalbox.Core.Retry;

namespace Signalbox.Engine.Outputs.S3;

/// <summary>Brings inputs to this machine for readers that cannot read <c>s3://</c>.</summary>
internal sealed class S3Fetch(S3Clients clients)
{
    private const int MostVersions = 3;
    private static readonly char[] Wildcards = ['*', '?', '['];

    /// <summary>Copies what an address stands for into a folder, once: what is there already stays.</summary>
    /// <param name="address">An object; a prefix with a trailing slash, of which the current version is taken; or a pattern.</param>
    /// <param name="folder">Made for this input alone.</param>
    /// <returns>The path that stands for the address now: a file, a folder with a trailing slash, or a pattern.</returns>
    /// <exception cref="PlaceException">There is nothing, or the server refuses.</exception>
    public async Task<string> FetchAsync(string address, string folder, CancellationToken cancellationToken)
    {
        var source = S3Address.Parse(address, out var problem) ?? throw new PlaceException(FailureClass.Permanent, problem!);
        var wild = source.Key.IndexOfAny(Wildcards);
        var start = wild < 0 ? source.Key.TrimEnd('/').LastIndexOf('/') + 1 : source.Key.LastIndexOf('/', wild) + 1;
        var result = Path.Combine(folder, source.IsPrefix && wild < 0 ? "" : source.Key[start..]);
        if (Directory.Exists(folder))
        {
            return result;
        }

        // A folder of that name is whole: a command that was started before a restart may be reading it.
        var partial = $"{folder}.partial";
        if (Directory.Exists(partial))
        {
            Directory.Delete(partial, recursive: true);
        }

        Directory.CreateDirectory(partial);
        var client = clients.Of(source.Bucket);
        var found =
            wild >= 0
                ? await MatchesAsync(client, source with { Key = source.Key[..start] }, source.Key[start..], partial, cancellationToken)
            : source.IsPrefix ? await PrefixAsync(client, source, partial, cancellationToken)
            : await client.DownloadAsync(source, Path.Combine(partial, source.Name), etag: null, cancellationToken);
        if (!found)
        {
            throw new PlaceException(FailureClass.Transient, $"there is nothing at {address}");
        }

        Directory.Move(partial, folder);
        return result;
    }

    private static async Task<bool> PrefixAsync(S3Client client, S3Address prefix, string folder, CancellationToken cancellationToken)
    {
        for (var tried = 0; tried < MostVersions; tried++)
        {
            if (await S3Read.VersionAsync(client, prefix, cancellationToken) is not { } version)
            {
                return await MatchesAsync(client, prefix, "**", folder, cancellationToken);
            }

            // Files of another version than the manifest's are not taken: it was dropped, or written over in the plain layout.
            var files = version.Files.Select(file => (version.Prefix.Below(file.Path), file.Path, (string?)file.Etag));
            if (await DownloadAsync(client, [.. files], folder, cancellationToken))
            {
                return true;
            }
        }

        throw new PlaceException(FailureClass.ResourceUnavailable, $"{prefix}: its version changes faster than it can be read");
    }

    private static async Task<bool> MatchesAsync(
        S3Client client,
        S3Address prefix,
        string pattern,
        string folder,
        CancellationToken cancellationToken
    )
    {
        var wanted = pattern.Split('/');
        var found = new List<(S3Address, string, string?)>();
        foreach (var listed in await client.ListAsync(prefix, cancellationToken))
        {
            var relative = listed.Key[prefix.Key.Length..];
            if (relative.Length > 0 && !relative.EndsWith('/') && Matches(relative.Split('/'), wanted))
            {
                found.Add((prefix with { Key = listed.Key }, relative, null));
            }
        }

        return found.Count > 0 && await DownloadAsync(client, found, folder, cancellationToken);
    }

    /// <summary>False when an object is no longer there, or no longer the same.</summary>
    private static async Task<bool> DownloadAsync(
        S3Client client,
        IReadOnlyCollection<(S3Address From, string Relative, string? ETag)> files,
        string folder,
        CancellationToken cancellationToken
    )
    {
        var whole = true;
        await Parallel.ForEachAsync(
            files,
            new ParallelOptions { MaxDegreeOfParallelism = client.Limits.Parallel, CancellationToken = cancellationToken },
            async (file, ct) =>
            {
                var path = Path.GetFullPath(file.Relative, folder);
                if (!path.StartsWith(folder + Path.DirectorySeparatorChar, StringComparison.Ordinal))
                {
                    throw new PlaceException(FailureClass.Permanent, $"{file.From} would be written outside its folder");
                }

                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                if (!await client.DownloadAsync(file.From, path, file.ETag, ct))
                {
                    whole = false;
                }
            }
        );
        return whole;
    }

    /// <summary>Whether names fit a pattern; names that begin with <c>_</c> or <c>.</c> are no data unless the pattern says so.</summary>
    private static bool Matches(ReadOnlySpan<string> names, ReadOnlySpan<string> pattern)
    {
        if (pattern.IsEmpty)
        {
            return names.IsEmpty;
        }

        if (pattern[0] == "**")
        {
            return pattern.Length == 1 && names.IsEmpty
                || (pattern.Length > 1 && Matches(names, pattern[1..]))
                || (!names.IsEmpty && !IsHidden(names[0]) && Matches(names[1..], pattern));
        }

        return !names.IsEmpty
            && (!IsHidden(names[0]) || IsHidden(pattern[0]))
            && FileSystemName.MatchesSimpleExpression(pattern[0], names[0], ignoreCase: false)
            && Matches(names[1..], pattern[1..]);
    }

    private static bool IsHidden(string name) => name.StartsWith('_') || name.StartsWith('.');
}
