using System.Collections.Immutable;
using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Engine.PipelineFiles;

namespace Signalbox.App.Cli;

/// <summary>A pipeline file with what is in it.</summary>
/// <param name="Path">As the person wrote it, or relative to the project.</param>
/// <param name="Text">What stands in the file.</param>
/// <param name="Pipeline">Null exactly when there is an error among the problems.</param>
internal sealed record CheckedFile(string Path, string Text, Pipeline? Pipeline, ImmutableArray<Problem> Problems)
{
    public bool HasErrors => Pipeline is null || Problems.Any(problem => problem.Severity == Severity.Error);
}

/// <summary>Finds pipelines by name or by file, and checks them.</summary>
internal static class PipelineSource
{
    private static readonly string[] Extensions = [".yaml", ".yml"];

    /// <summary>Reads and checks files and all pipeline files of folders.</summary>
    public static IReadOnlyList<CheckedFile> Check(string[] paths, string? project)
    {
        if (paths.Length == 0)
        {
            var folder = Path.Combine(project ?? ".", "pipelines");
            paths = Directory.Exists(folder)
                ? [folder]
                : throw new UserMistakeException(
                    $"{folder}: there is no such folder; name files to check, or make a project with `signalbox init`"
                );
        }

        return [.. paths.SelectMany(Files).Select(Read)];
    }

    /// <summary>The pipeline of a name in the project, or of a file; warnings go to stderr.</summary>
    /// <exception cref="UserMistakeException">There is none, or it has mistakes.</exception>
    public static CheckedFile Load(string nameOrFile, string? project)
    {
        var found = Find(nameOrFile, project);
        if (found.HasErrors)
        {
            var lines = found.Problems.Select(problem => problem.ToString());
            throw new UserMistakeException($"{found.Path} has mistakes:\n{string.Join('\n', lines)}");
        }

        foreach (var warning in found.Problems)
        {
            Console.Error.WriteLine(warning);
        }

        return found;
    }

    private static CheckedFile Find(string nameOrFile, string? project)
    {
        if (Extensions.Contains(Path.GetExtension(nameOrFile)) || nameOrFile.Contains('/'))
        {
            return Read(Files(nameOrFile).Single());
        }

        var all = Check([], project);
        if (all.FirstOrDefault(file => file.Pipeline?.Name.Value == nameOrFile) is { } found)
        {
            return found;
        }

        if (all.FirstOrDefault(file => Path.GetFileNameWithoutExtension(file.Path) == nameOrFile) is { HasErrors: true } broken)
        {
            return broken;
        }

        var names = all.Where(file => file.Pipeline is not null).Select(file => file.Pipeline!.Name.Value).ToList();
        var advice = Suggestion.DidYouMean(nameOrFile, names);
        throw new UserMistakeException(
            $"there is no pipeline `{nameOrFile}`{(advice.Length > 0 ? advice : names.Count > 0 ? $"; there are {string.Join(", ", names)}" : "")}"
        );
    }

    private static IEnumerable<string> Files(string path)
    {
        if (Directory.Exists(path))
        {
            return Directory
                .EnumerateFiles(path, "*", SearchOption.AllDirectories)
                .Where(file => Extensions.Contains(Path.GetExtension(file)))
                .Order(StringComparer.Ordinal);
        }

        return File.Exists(path) ? [path] : throw new UserMistakeException($"{path}: there is no such file or folder");
    }

    private static CheckedFile Read(string path)
    {
        byte[] content;
        try
        {
            content = File.ReadAllBytes(path);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new UserMistakeException($"{path}: the file cannot be read: {problem.Message}");
        }

        var parsed = PipelineFile.Parse(path, content);
        return new CheckedFile(path, System.Text.Encoding.UTF8.GetString(content), parsed.Pipeline, parsed.Problems);
    }
}
