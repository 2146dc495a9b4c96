using System.Collections.Immutable;
using System.Reflection;
using Signalbox.Core.Definitions;
using Signalbox.Engine.PipelineFiles;

namespace Signalbox.Engine.Projects;

/// <summary>What <c>signalbox init</c> makes: settings with comments, and a small pipeline that works with nothing but Python.</summary>
public static class ProjectTemplate
{
    private const string Prefix = "Signalbox.Template/";

    /// <summary>The files, by their path in a project, with <c>/</c>.</summary>
    public static ImmutableSortedDictionary<string, string> Files { get; } = Read();

    /// <summary>
    /// Writes the files into a folder, which is made if there is none. A file that is there already is kept as it is.
    /// </summary>
    /// <returns>The paths that were written, relative to the folder; and the problems, one for each file that was there.</returns>
    /// <exception cref="IOException">A file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">A file must not be written.</exception>
    public static (ImmutableArray<string> Written, ImmutableArray<Problem> Kept) WriteTo(string folder)
    {
        var written = ImmutableArray.CreateBuilder<string>();
        var kept = ImmutableArray.CreateBuilder<Problem>();
        foreach (var (name, text) in Files)
        {
            var path = Path.Combine(folder, name);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            try
            {
                using var stream = new FileStream(path, FileMode.CreateNew, FileAccess.Write);
                using var writer = new StreamWriter(stream);
                writer.Write(text);
                written.Add(name);
            }
            catch (IOException) when (File.Exists(path))
            {
                kept.Add(new Problem(name, 1, 1, Severity.Warning, "exists", "the file is there already and stays as it is"));
            }
        }

        return (written.ToImmutable(), kept.ToImmutable());
    }

    private static ImmutableSortedDictionary<string, string> Read()
    {
        var assembly = Assembly.GetExecutingAssembly();
        var files = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        foreach (var name in assembly.GetManifestResourceNames().Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
            files[name[Prefix.Length..].Replace('\\', '/')] = reader.ReadToEnd();
        }

        return files.ToImmutable();
    }
}
