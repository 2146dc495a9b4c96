using Signalbox.Engine.Outputs.Tables;

namespace Signalbox.Engine.Outputs;

/// <summary>Where commands write: a place of one attempt alone on this machine, wherever its outputs are published in the end.</summary>
/// <remarks>
/// It lies under the project's state folder when that is on the same file system as the target, or the target is not on this machine; else
/// in a hidden folder beside the target's nearest existing parent: a rename works only inside one file system.
/// </remarks>
public class Staging(string stateFolder)
{
    /// <summary>In every staging folder; nothing without it is ever swept.</summary>
    public const string Marker = ".signalbox-staging";

    private readonly string _home = Path.Combine(stateFolder, "staging");

    /// <summary>Says where one output of one attempt is staged.</summary>
    /// <param name="attempt">The attempt's key.</param>
    /// <param name="output">The output's name.</param>
    /// <param name="target">The absolute path or the address that readers know; a trailing slash makes it a folder.</param>
    public StagedOutput Locate(string attempt, string output, string target)
    {
        var final = target.TrimEnd('/');
        var path = Path.Combine(
            HomeFor(final),
            attempt,
            output,
            TableTarget.IsTable(final) ? LoadReceipt.FileName : Path.GetFileName(final)
        );
        return new StagedOutput(output, path, final, target.EndsWith('/'));
    }

    /// <summary>The key of the attempt that staged at a path, which <see cref="Locate"/> gave.</summary>
    public static string AttemptOf(string path) => Path.GetFileName(Path.GetDirectoryName(Path.GetDirectoryName(path)!)!);

    /// <summary>Makes the staging place anew, empty.</summary>
    public void Prepare(StagedOutput staged)
    {
        var folder = Path.GetDirectoryName(staged.Path)!;
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }

        Directory.CreateDirectory(staged.IsFolder ? staged.Path : folder);
        File.WriteAllBytes(Path.Combine(Path.GetDirectoryName(folder)!, Marker), []);
    }

    /// <summary>Whether the attempt wrote anything there.</summary>
    public bool HasContent(StagedOutput staged) =>
        staged.IsFolder
            ? Directory.Exists(staged.Path) && Directory.EnumerateFileSystemEntries(staged.Path).Any()
            : File.Exists(staged.Path);

    /// <summary>Makes the content durable and tells what it is.</summary>
    public ContentHash Seal(StagedOutput staged)
    {
        Sync(staged);
        return ContentHash.Of(staged.Path);
    }

    /// <summary>Makes the content durable.</summary>
    public void Sync(StagedOutput staged)
    {
        DurableFiles.SyncTree(staged.Path);
        DurableFiles.SyncDirectory(Path.GetDirectoryName(staged.Path)!);
    }

    /// <summary>Wipes what the attempt staged, and what it replaced.</summary>
    public virtual void Discard(string attempt)
    {
        foreach (var home in Homes())
        {
            var root = Path.Combine(home, attempt);
            if (File.Exists(Path.Combine(root, Marker)))
            {
                Directory.Delete(root, recursive: true);
            }
        }
    }

    /// <summary>The keys of all attempts that have something staged.</summary>
    public IEnumerable<string> Staged() =>
        Homes()
            .Where(Directory.Exists)
            .SelectMany(home => Directory.EnumerateDirectories(home).Where(root => File.Exists(Path.Combine(root, Marker))))
            .Select(root => Path.GetFileName(root));

    // Every home that was needed is listed in the state folder, so that staging on other file systems is found again.
    private string OtherHomes => Path.Combine(_home, "elsewhere");

    private IEnumerable<string> Homes()
    {
        yield return _home;
        if (File.Exists(OtherHomes))
        {
            foreach (var line in File.ReadLines(OtherHomes).Distinct())
            {
                yield return line;
            }
        }
    }

    /// <summary>Where the content of replaced versions is kept: on the target's file system, so that a rename brings it back.</summary>
    internal string VersionsFor(string target) =>
        HomeFor(target) is var home && home == _home ? Path.Combine(stateFolder, "versions") : Path.Combine(home, "versions");

    private string HomeFor(string target)
    {
        Directory.CreateDirectory(_home);
        if (Targets.IsAddress(target))
        {
            return _home;
        }

        var parent = Path.GetDirectoryName(target)!;
        while (!Directory.Exists(parent))
        {
            parent = Path.GetDirectoryName(parent)!;
        }

        if (DurableFiles.OnSameFileSystem(_home, parent))
        {
            return _home;
        }

        // One home for a file system, whatever comes to stand beside a target later: an attempt is looked for where it was staged.
        foreach (var known in Homes().Skip(1))
        {
            if (Directory.Exists(known) && DurableFiles.OnSameFileSystem(known, parent))
            {
                return known;
            }
        }

        var other = Path.Combine(parent, Marker);
        if (!Directory.Exists(other))
        {
            Directory.CreateDirectory(other);
            File.AppendAllText(OtherHomes, other + "\n");
        }

        return other;
    }
}
