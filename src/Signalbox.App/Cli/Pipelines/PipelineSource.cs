using System.Collections.Immutable;
using System.Text;
using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Engine.PipelineFiles;
using Signalbox.Engine.Projects;
using Signalbox.Storage;

namespace Signalbox.App.Cli;

/// <summary>A pipeline file with what is in it.</summary>
/// <param name="File">As the person wrote it, or relative to the project.</param>
/// <param name="Text">What stands in the file.</param>
/// <param name="Pipeline">Null exactly when there is an error among the problems.</param>
/// <param name="InProject">Whether it is one of the project's pipelines, whose current definition it is.</param>
internal sealed record CheckedFile(string File, string Text, Pipeline? Pipeline, ImmutableArray<Problem> Problems, bool InProject)
{
    /// <summary>What was read, with the places of its fields.</summary>
    public required ParsedPipeline Parsed { get; init; }
}

/// <summary>Finds pipelines by name or by file, and checks them.</summary>
internal static class PipelineSource
{
    // Enough to be seen, too few to hide what the verb itself says.
    private const int MostWarnings = 3;

    private static readonly string[] Extensions = [".yaml", ".yml"];

    /// <summary>Reads and checks files, and all pipeline files of folders; all of the project when nothing is named.</summary>
    public static IReadOnlyList<CheckedFile> Check(string[] paths, Project project)
    {
        if (paths.Length > 0)
        {
            return [.. paths.SelectMany(Files).Select(path => BesideOthers(Read(path, path, project), project))];
        }

        var folder = Path.Combine(project.Folder, PipelineFolder.Name);
        return Directory.Exists(folder)
            ? BesideEachOther(ReadAll(folder, project))
            : throw new UserMistakeException(
                $"{folder}: there is no such folder; name files to check, or make a project with `signalbox init`"
            );
    }

    /// <summary>The pipeline of a name in the project, or of a file; warnings go to stderr.</summary>
    /// <exception cref="UserMistakeException">There is none, or it has mistakes.</exception>
    public static CheckedFile Load(string nameOrFile, Project project)
    {
        var found = Find(nameOrFile, project);
        if (found.Pipeline is null)
        {
            var lines = found.Problems.Select(problem => problem.ToString());
            throw new UserMistakeException($"{found.File} has mistakes, so nothing was started:\n{string.Join('\n', lines)}");
        }

        foreach (var warning in found.Problems.Take(MostWarnings))
        {
            Console.Error.WriteLine(warning);
        }

        if (found.Problems.Length > MostWarnings)
        {
            Console.Error.WriteLine(
                $"{found.File}: {Brief.Count(found.Problems.Length - MostWarnings, "more warning")}; `signalbox validate` lists them"
            );
        }

        return found;
    }

    /// <summary>A pipeline file that was sent: its text, and a name for messages.</summary>
    public static CheckedFile Sent(string name, string text, Project project) =>
        BesideOthers(Of(name, name, Encoding.UTF8.GetBytes(text), project, inProject: false), project);

    /// <summary>Keeps the definition, so that runs can be pinned to it; one of the project becomes the current one.</summary>
    public static Task<VersionHash> SaveAsync(Store store, CheckedFile file)
    {
        var now = TimeProvider.System.GetUtcNow();
        return store.WriteAsync(
            session =>
                file.InProject
                    ? session.SaveCurrentDefinition(file.Pipeline!, file.Text, file.File, now)
                    : session.SaveDefinition(file.Pipeline!, file.Text, now),
            CancellationToken.None
        );
    }

    /// <summary>Keeps a definition without making it the current one, wherever its file lies.</summary>
    public static Task<VersionHash> SaveCandidateAsync(Store store, CheckedFile file) =>
        store.WriteAsync(
            session => session.SaveDefinition(file.Pipeline!, file.Text, TimeProvider.System.GetUtcNow()),
            CancellationToken.None
        );

    /// <summary>
    /// What keeps a run from being possible though the file is right, found before its first task starts: missing secrets.
    /// </summary>
    /// <exception cref="UserMistakeException">Something is missing.</exception>
    public static void RequireSecrets(CheckedFile file, Project project)
    {
        var missing = project.MissingSecrets(file.Pipeline!);
        if (!missing.IsEmpty)
        {
            throw new UserMistakeException(string.Join('\n', missing.Select(problem => $"{file.File}: {problem.Path}: {problem.Message}")));
        }
    }

    private static CheckedFile Find(string nameOrFile, Project project)
    {
        if (Extensions.Contains(Path.GetExtension(nameOrFile)) || nameOrFile.Contains('/'))
        {
            return BesideOthers(Read(Files(nameOrFile).First(), nameOrFile, project), project);
        }

        var all = Check([], project);
        if (all.FirstOrDefault(file => file.Pipeline?.Name.Value == nameOrFile) is { } found)
        {
            return found;
        }

        if (all.FirstOrDefault(file => Path.GetFileNameWithoutExtension(file.File) == nameOrFile) is { Pipeline: null } broken)
        {
            return broken;
        }

        var names = all.Where(file => file.Pipeline is not null).Select(file => file.Pipeline!.Name.Value).ToList();
        var advice = Suggestion.DidYouMean(nameOrFile, names);
        throw new UserMistakeException(
            $"there is no pipeline `{nameOrFile}` in {project.Folder}{(advice.Length > 0 ? advice : names.Count > 0 ? $"; there are {string.Join(", ", names)}" : "")}"
        );
    }

    private static List<CheckedFile> ReadAll(string folder, Project project) =>
        [.. Files(folder).Select(path => Read(path, Path.GetRelativePath(project.Folder, path), project))];

    /// <summary>Adds what only shows beside the other pipelines of the project.</summary>
    private static List<CheckedFile> BesideEachOther(List<CheckedFile> all)
    {
        var isComplete = all.TrueForAll(file => file.Pipeline is not null);
        var pipelines = all.Select(file => file.Pipeline).OfType<Pipeline>().ToList();
        return all.ConvertAll(file => With(file, OtherPipelines.Check(file.File, file.Parsed, pipelines, isComplete)));
    }

    private static CheckedFile BesideOthers(CheckedFile file, Project project)
    {
        var folder = Path.Combine(project.Folder, PipelineFolder.Name);
        if (file.Pipeline is null || !OtherPipelines.AreNamedBy(file.Pipeline) || !Directory.Exists(folder))
        {
            return file;
        }

        var all = ReadAll(folder, project);
        return With(
            file,
            OtherPipelines.Check(
                file.File,
                file.Parsed,
                all.Select(each => each.Pipeline).OfType<Pipeline>(),
                all.TrueForAll(each => each.Pipeline is not null)
            )
        );
    }

    private static CheckedFile With(CheckedFile file, ImmutableArray<Problem> more) =>
        more.IsEmpty
            ? file
            : file with
            {
                Problems = file.Problems.AddRange(more),
                Pipeline = more.Any(problem => problem.Severity == Severity.Error) ? null : file.Pipeline,
            };

    private static IEnumerable<string> Files(string path)
    {
        if (Directory.Exists(path))
        {
            return Directory
                .EnumerateFiles(path, "*", SearchOption.AllDirectories)
                .Where(file => Extensions.Contains(Path.GetExtension(file)) && !Path.GetFileName(file).StartsWith('.'))
                .Order(StringComparer.Ordinal);
        }

        return File.Exists(path) ? [path] : throw new UserMistakeException($"{path}: there is no such file or folder");
    }

    private static CheckedFile Read(string path, string shown, Project project)
    {
        byte[] content;
        try
        {
            content = PipelineFile.Load(path);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new UserMistakeException($"{shown}: the file cannot be read: {problem.Message.TrimEnd('.')}");
        }

        var folder = Path.Combine(project.Folder, PipelineFolder.Name) + Path.DirectorySeparatorChar;
        var full = Path.GetFullPath(path);
        var inProject = full.StartsWith(folder, StringComparison.Ordinal);
        return Of(inProject ? Path.GetRelativePath(project.Folder, full) : shown, shown, content, project, inProject);
    }

    private static CheckedFile Of(string name, string shown, byte[] content, Project project, bool inProject)
    {
        var parsed = PipelineFile.Parse(
            shown,
            content,
            project.Defaults,
            project.Connections,
            project.Alerts,
            project.CalendarShelf,
            project.Targets
        );
        return new CheckedFile(name, Encoding.UTF8.GetString(content), parsed.Pipeline, parsed.Problems, inProject) { Parsed = parsed };
    }
}
