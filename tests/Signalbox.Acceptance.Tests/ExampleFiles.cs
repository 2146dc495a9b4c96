namespace Signalbox.Acceptance.Tests;

/// <summary>The worked examples of <c>examples/</c>, each a project of its own.</summary>
internal static class ExampleFiles
{
    private static readonly string Folder = Path.Combine(BuiltProgram.Root, "examples");

    public static IEnumerable<string> Names =>
        Directory
            .EnumerateDirectories(Folder)
            .Where(folder => Directory.Exists(Path.Combine(folder, "pipelines")))
            .Select(folder => Path.GetFileName(folder))
            .Order(StringComparer.Ordinal);

    /// <summary>What stands in the files of an example; nothing when there is none.</summary>
    public static IReadOnlyList<string> Texts(string name) =>
        Directory.Exists(Path.Combine(Folder, name))
            ? [.. Directory.EnumerateFiles(Path.Combine(Folder, name), "*", SearchOption.AllDirectories).Select(File.ReadAllText)]
            : [];

    /// <summary>A copy of an example in a folder whose name needs quoting.</summary>
    public static TestProject Copy(string name)
    {
        var project = new TestProject();
        var source = Path.Combine(Folder, name);
        foreach (var file in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories))
        {
            var relative = Path.GetRelativePath(source, file);
            if (relative.Split(Path.DirectorySeparatorChar) is [not (".signalbox" or "out"), ..])
            {
                project.Write(relative, File.ReadAllText(file));
            }
        }

        return project;
    }
}
