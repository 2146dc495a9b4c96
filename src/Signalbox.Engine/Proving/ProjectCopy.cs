using System.Collections.Immutable;
using Signalbox.Engine.Projects;

namespace Signalbox.Engine.Proving;

/// <summary>
/// A copy of a project in which commands work during a proof, so that what they write beside their declared outputs does not reach the live
/// project, and can be seen.
/// </summary>
internal static class ProjectCopy
{
    /// <summary>Larger files are linked, not copied: a command that writes into one of them writes into the live one.</summary>
    public const long MostBytes = 256L << 20;

    private static readonly string[] Left = [Project.StateFolderName, ".git"];

    // Programs and packages, which no task writes into.
    private static readonly string[] Linked = [".venv", "venv", "node_modules"];

    private static readonly EnumerationOptions All = new() { AttributesToSkip = FileAttributes.None };

    /// <summary>Makes the copy.</summary>
    /// <returns>What was linked, relative to the project.</returns>
    public static ImmutableArray<string> Make(string project, string copy)
    {
        var linked = ImmutableArray.CreateBuilder<string>();
        Copy(project, copy, "", linked);
        return linked.ToImmutable();
    }

    /// <summary>All files of a copy, relative, with what tells whether one was written since.</summary>
    public static Dictionary<string, (long Length, long Written)> Look(string copy)
    {
        var files = new Dictionary<string, (long, long)>(StringComparer.Ordinal);
        Look(new DirectoryInfo(copy), "", files);
        return files;
    }

    private static void Look(DirectoryInfo folder, string relative, Dictionary<string, (long, long)> files)
    {
        foreach (var entry in folder.EnumerateFileSystemInfos("*", All))
        {
            var name = relative.Length == 0 ? entry.Name : $"{relative}/{entry.Name}";
            if (entry.LinkTarget is not null || entry.Name == "__pycache__")
            {
                continue;
            }

            if (entry is DirectoryInfo inner)
            {
                Look(inner, name, files);
            }
            else if (entry is FileInfo file)
            {
                files[name] = (file.Length, file.LastWriteTimeUtc.Ticks);
            }
        }
    }

    private static void Copy(string from, string to, string relative, ImmutableArray<string>.Builder linked)
    {
        Directory.CreateDirectory(to);
        foreach (var entry in new DirectoryInfo(from).EnumerateFileSystemInfos("*", All))
        {
            var name = relative.Length == 0 ? entry.Name : $"{relative}/{entry.Name}";
            var target = Path.Combine(to, entry.Name);
            if (relative.Length == 0 && Left.Contains(entry.Name))
            {
                continue;
            }

            if (entry.LinkTarget is not null || Linked.Contains(entry.Name))
            {
                File.CreateSymbolicLink(target, entry.FullName);
            }
            else if (entry is DirectoryInfo)
            {
                Copy(entry.FullName, target, name, linked);
            }
            else if (entry is FileInfo { Length: > MostBytes })
            {
                File.CreateSymbolicLink(target, entry.FullName);
                linked.Add(name);
            }
            else if (entry is FileInfo file && !file.Attributes.HasFlag(FileAttributes.Device))
            {
                file.CopyTo(target);
            }
        }
    }
}
