using System.Text;
using Signalbox.Core.Definitions;
using Signalbox.Core.Lint;

namespace Signalbox.Engine.Linting;

/// <summary>Reads the files of a project that its tasks run, and what those import from their own folder.</summary>
public static class SourceFiles
{
    /// <summary>Larger files are data, or made by a program.</summary>
    private const int MaxBytes = 1 << 20;

    /// <summary>So many files of one task are followed.</summary>
    private const int MaxFiles = 200;

    /// <summary>The sources of a task, in the order in which they are named. A file that is not there is none.</summary>
    /// <param name="folder">The project folder, a full path.</param>
    public static IEnumerable<TaskSource> Of(string folder, TaskNode task)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var open = new Queue<(string File, string Field)>(TaskSources.FilesOf(task));
        while (open.TryDequeue(out var next) && seen.Count < MaxFiles)
        {
            if (SourceLanguages.OfFile(next.File) is not { } language || !seen.Add(next.File) || Read(folder, next.File) is not { } text)
            {
                continue;
            }

            yield return new TaskSource(task.Name, next.File, next.Field, language, text);
            foreach (var file in TaskSources.FilesOf(next.File, language, text))
            {
                open.Enqueue((file, next.Field));
            }
        }
    }

    /// <summary>The text of a file; null when it is none of the project, is not there, cannot be read, or is no text.</summary>
    private static string? Read(string folder, string file)
    {
        var path = Path.GetFullPath(Path.Combine(folder, file));
        if (!path.StartsWith(Path.TrimEndingDirectorySeparator(folder) + Path.DirectorySeparatorChar, StringComparison.Ordinal))
        {
            return null;
        }

        try
        {
            return new FileInfo(path) is { Exists: true, Length: <= MaxBytes } ? File.ReadAllText(path, Encoding.UTF8) : null;
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
