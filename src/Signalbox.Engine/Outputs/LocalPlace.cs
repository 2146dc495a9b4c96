namespace Signalbox.Engine.Outputs;

/// <summary>Files and folders of this machine.</summary>
/// <remarks>
/// Staging lies under the project's state folder when that is on the same file system as the target, else in a hidden folder beside
/// the target's nearest existing parent: a rename works only inside one file system. A file is renamed over the old one; a folder is
/// exchanged with the old one (renameat2, RENAME_EXCHANGE), which is then wiped.
/// </remarks>
public sealed class LocalPlace(string stateFolder) : IPlace
{
    /// <summary>In every staging folder; nothing without it is ever swept.</summary>
    public const string Marker = ".signalbox-staging";

    private readonly string _home = Path.Combine(stateFolder, "staging");

    public StagedOutput Locate(string attempt, string output, string target)
    {
        var final = Path.TrimEndingDirectorySeparator(target);
        var path = Path.Combine(HomeFor(final), attempt, output, Path.GetFileName(final));
        return new StagedOutput(output, path, final, target.EndsWith('/'));
    }

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

    public bool HasContent(StagedOutput staged) =>
        staged.IsFolder
            ? Directory.Exists(staged.Path) && Directory.EnumerateFileSystemEntries(staged.Path).Any()
            : File.Exists(staged.Path);

    public ContentHash Seal(StagedOutput staged)
    {
        DurableFiles.SyncTree(staged.Path);
        DurableFiles.SyncDirectory(Path.GetDirectoryName(staged.Path)!);
        return ContentHash.Of(staged.Path);
    }

    public void Publish(StagedOutput staged, string sha256)
    {
        if (IsVisible(staged, sha256))
        {
            return;
        }

        var parent = Path.GetDirectoryName(staged.Target)!;
        Directory.CreateDirectory(parent);
        DurableFiles.Replace(staged.Path, staged.Target);
        DurableFiles.SyncDirectory(parent);
    }

    public void Discard(string attempt)
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

    public IEnumerable<string> Staged() =>
        Homes()
            .Where(Directory.Exists)
            .SelectMany(home => Directory.EnumerateDirectories(home).Where(root => File.Exists(Path.Combine(root, Marker))))
            .Select(root => Path.GetFileName(root));

    // After a crash between the rename and its record the staged content is gone (file), or is the old version (folder).
    private static bool IsVisible(StagedOutput staged, string sha256)
    {
        if (staged.IsFolder ? !Directory.Exists(staged.Target) : !File.Exists(staged.Target))
        {
            return false;
        }

        var stillStaged = staged.IsFolder ? Directory.Exists(staged.Path) : File.Exists(staged.Path);
        return (!stillStaged || ContentHash.Of(staged.Path).Sha256 != sha256) && ContentHash.Of(staged.Target).Sha256 == sha256;
    }

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

    private string HomeFor(string target)
    {
        Directory.CreateDirectory(_home);
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
