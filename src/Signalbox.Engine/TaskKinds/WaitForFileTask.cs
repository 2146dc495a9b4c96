using System.IO.Enumeration;
using System.Text.Json;
using Signalbox.Core.Definitions;
using Signalbox.Engine.Attempts;

namespace Signalbox.Engine.TaskKinds;

/// <summary>
/// <c>wait_for: {file}</c>: a path exists, is large enough, and has not changed for a while, so that a half-copied file does not pass.
/// </summary>
/// <remarks>
/// A file is stable when its size and modification time were the same at every look for that long; a folder, when that is true of the
/// latest modification time, the bytes and the number of all that is below it. What was seen is kept in memory only:
/// after a restart the while begins anew, which errs on the safe side.
/// </remarks>
internal static class WaitForFileTask
{
    public static Sighting Look(TaskKind.WaitForFile kind, AttemptContext context)
    {
        var now = context.Parts.Time.GetUtcNow();
        var path = context.RenderPath(kind.Path, "wait_for.file");
        var shown = Path.GetRelativePath(context.Parts.Project.Folder, path);
        long size;
        DateTime changed;
        var entries = 0;
        try
        {
            var info = new FileInfo(path);
            if (info.Exists)
            {
                (size, changed) = (info.Length, info.LastWriteTimeUtc);
            }
            else if (Directory.Exists(path))
            {
                (size, changed, entries) = Tree(path);
            }
            else
            {
                context.Parts.Sightings.Forget(context);
                return new Sighting.NotYet($"{shown} is not there yet", now + kind.Every);
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return new Sighting.NotYet($"{shown} cannot be looked at: {error.Message}", now + kind.Every) { Failed = true };
        }

        if (size < kind.MinSize)
        {
            return new Sighting.NotYet($"{shown} has {size} bytes; waiting for at least {kind.MinSize}", now + kind.Every);
        }

        var since = context.Parts.Sightings.UnchangedSince(context, (size, changed, entries), now);
        if (now - since < kind.StableFor)
        {
            var next = since + kind.StableFor;
            return new Sighting.NotYet($"{shown} is there; waiting for it to stay unchanged for {kind.StableFor}", next);
        }

        context.Parts.Sightings.Forget(context);
        var found = new Dictionary<string, string>
        {
            ["path"] = path,
            ["modified"] = changed.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'"),
            ["size"] = size.ToString(),
        };
        return new Sighting.Satisfied(JsonSerializer.Serialize(found, EngineJson.Default.DictionaryStringString));
    }

    /// <summary>The bytes of all files below a folder, the latest change of anything in it, and how much is in it. Links are not followed.</summary>
    private static (long Size, DateTime Changed, int Entries) Tree(string folder)
    {
        var size = 0L;
        var changed = Directory.GetLastWriteTimeUtc(folder);
        var entries = 0;
        var all = new FileSystemEnumerable<(long Length, DateTime Changed)>(
            folder,
            (ref FileSystemEntry entry) => (entry.IsDirectory ? 0 : entry.Length, entry.LastWriteTimeUtc.UtcDateTime),
            new EnumerationOptions
            {
                RecurseSubdirectories = true,
                AttributesToSkip = FileAttributes.None,
                IgnoreInaccessible = false,
            }
        )
        {
            ShouldRecursePredicate = (ref FileSystemEntry entry) => !entry.Attributes.HasFlag(FileAttributes.ReparsePoint),
        };
        foreach (var entry in all)
        {
            size += entry.Length;
            changed = entry.Changed > changed ? entry.Changed : changed;
            entries++;
        }

        return (size, changed, entries);
    }
}
