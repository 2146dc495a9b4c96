using System.Globalization;
using System.IO.Enumeration;
using Signalbox.Core.Triggers;

namespace Signalbox.Engine.Triggers;

/// <summary><c>file:</c> of this machine: looks for files, and takes each once it has stayed as it is for a while.</summary>
/// <remarks>
/// A file is told from others by path, size and modification time. What was seen is kept in memory only; what was taken is known by the inbox,
/// so after a restart every file that is still there is offered again and makes nothing.
/// </remarks>
internal sealed class FileListener(ListenerSeat seat, MessageTrigger.File trigger) : Listener(seat)
{
    private readonly Dictionary<string, Seen> _seen = new(StringComparer.Ordinal);

    /// <summary>The message of a file.</summary>
    public static Arrival ArrivalOf(string path, string fullPath, long size, string etag, DateTime modified)
    {
        var mtime = modified.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture);
        return new Arrival(
            $"{path}|{size}|{mtime}",
            Json(json =>
            {
                json.WriteStartObject(MessageNames.File);
                json.WriteString("path", fullPath);
                json.WriteString("name", fullPath[(fullPath.LastIndexOf('/') + 1)..]);
                json.WriteNumber("size", size);
                json.WriteString("etag", etag);
                json.WriteString("mtime", mtime);
                json.WriteEndObject();
            })
        );
    }

    public override async Task ListenAsync(CancellationToken cancellationToken)
    {
        var pattern = ArrivalPattern.Parse(trigger.Path, out var problem) ?? throw new ListenerException(problem!);
        while (true)
        {
            var stable = Look(pattern);
            foreach (var some in stable.Chunk(MostAtOnce))
            {
                await ReceiveAsync([.. some.Select(path => ArrivalOf(path, pattern))], cancellationToken);
                foreach (var path in some)
                {
                    _seen[path] = _seen[path] with { IsTaken = true };
                }
            }

            Seat.Heard();
            await PauseAsync(trigger.Pause, cancellationToken);
        }
    }

    /// <returns>The files that have become messages, in the order of their paths.</returns>
    private List<string> Look(ArrivalPattern pattern)
    {
        var root = Path.GetFullPath(pattern.Root, Parts.Project.Folder);
        var now = Parts.Time.GetUtcNow();
        var stable = new List<string>();
        var there = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (relative, size, modified) in Files(root, pattern.IsDeep))
        {
            var path = pattern.Root + relative;
            if (size < trigger.MinSize || !pattern.Matches(path))
            {
                continue;
            }

            there.Add(path);
            if (!_seen.TryGetValue(path, out var seen) || (seen.Size, seen.Modified) != (size, modified))
            {
                _seen[path] = seen = new Seen(size, modified, now, IsTaken: false);
            }

            if (!seen.IsTaken && now - seen.Since >= trigger.StableFor)
            {
                stable.Add(path);
            }
        }

        foreach (var gone in _seen.Keys.Where(path => !there.Contains(path)).ToList())
        {
            _seen.Remove(gone);
        }

        stable.Sort(StringComparer.Ordinal);
        return stable;
    }

    private static IEnumerable<(string Relative, long Size, DateTime Modified)> Files(string root, bool isDeep)
    {
        if (!Directory.Exists(root))
        {
            return [];
        }

        return new FileSystemEnumerable<(string, long, DateTime)>(
            root,
            (ref FileSystemEntry entry) =>
                (Path.GetRelativePath(root, entry.ToFullPath()), entry.Length, entry.LastWriteTimeUtc.UtcDateTime),
            new EnumerationOptions
            {
                RecurseSubdirectories = isDeep,
                AttributesToSkip = FileAttributes.None,
                IgnoreInaccessible = false,
            }
        )
        {
            ShouldIncludePredicate = (ref FileSystemEntry entry) => !entry.IsDirectory,
            // Folders that are links may lead round in a circle.
            ShouldRecursePredicate = (ref FileSystemEntry entry) =>
                !entry.Attributes.HasFlag(FileAttributes.ReparsePoint) && !entry.FileName.StartsWith("."),
        };
    }

    private Arrival ArrivalOf(string path, ArrivalPattern pattern)
    {
        var seen = _seen[path];
        var full = Path.Combine(Path.GetFullPath(pattern.Root, Parts.Project.Folder), path[pattern.Root.Length..]);
        return ArrivalOf(path, full, seen.Size, $"{seen.Modified.Ticks:x}-{seen.Size:x}", seen.Modified);
    }

    private sealed record Seen(long Size, DateTime Modified, DateTimeOffset Since, bool IsTaken);
}
