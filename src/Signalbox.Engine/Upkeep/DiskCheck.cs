using Signalbox.Core.Runs;
using Signalbox.Engine.Attempts;
using Signalbox.Engine.Outputs;
using Signalbox.Engine.Projects;
using Signalbox.Storage;

namespace Signalbox.Engine.Upkeep;

/// <summary>
/// Compares the database with what lies on the disk, both ways: what rows refer to and is not there, and what is there and no row refers to.
/// Whoever wants to trust its answer asks while nothing runs.
/// </summary>
public static class DiskCheck
{
    /// <summary>A sentence for each thing that is amiss; empty when all is there.</summary>
    /// <param name="contents">Whether contents are read and compared with their hashes, which costs reading all outputs.</param>
    public static IReadOnlyList<string> Problems(Project project, Store store, bool contents)
    {
        var state = new StateFolder(project.StateFolder);
        var problems = new List<string>();
        // What is on the disk is listed first: the row of what is put there comes before it.
        var folders = state.Runs().ToList();
        var versions = Numbered(Path.Combine(state.Root, "versions")).ToList();
        var models = Directory.Exists(state.Models) ? Directory.GetDirectories(state.Models) : [];
        store.Read(session =>
        {
            foreach (var version in session.VersionsOnDisk())
            {
                problems.AddRange(OfVersion(version, contents));
            }

            foreach (var (number, folder) in versions)
            {
                if (session.Publication(number)?.Kept?.StartsWith(folder + "/", StringComparison.Ordinal) != true)
                {
                    problems.Add($"{folder}: no version of a dataset is kept there; it can be deleted");
                }
            }

            foreach (var model in models.Where(folder => !session.HasModelContent(Path.GetFileName(folder))))
            {
                problems.Add($"{model}: no version of a model is kept there; it can be deleted");
            }

            foreach (var (run, folder) in folders)
            {
                if (session.Run(run) is null)
                {
                    problems.Add($"{folder}: there is no run {run}; it can be deleted");
                }
            }

            foreach (var (run, attempt) in session.EndedProcesses())
            {
                if (!Directory.Exists(state.Attempt(run, attempt.Key, attempt.Number)))
                {
                    problems.Add($"run {run}, {attempt.Key}, attempt {attempt.Number}: its folder with the logs is gone");
                }
            }

            return problems;
        });
        return problems;
    }

    private static IEnumerable<string> OfVersion(Publication version, bool contents)
    {
        var path = version.Kept ?? version.Path;
        var what = version.Kept is null ? "what readers see" : "what is kept of it";
        if (!Path.Exists(path))
        {
            yield return $"version {version.Id} of {version.Dataset}: {what} is gone: {path}";
        }
        else if (
            version.Kind == PublicationKind.File && new FileInfo(path).Length != version.Bytes
            || (contents && ContentHash.Of(path).Sha256 != version.Sha256)
        )
        {
            yield return $"version {version.Id} of {version.Dataset}: {what} is not what was published: {path}";
        }
    }

    private static IEnumerable<(long Number, string Folder)> Numbered(string folder) =>
        Directory.Exists(folder)
            ? Directory
                .GetDirectories(folder)
                .Where(each => long.TryParse(Path.GetFileName(each), out _))
                .Select(each => (long.Parse(Path.GetFileName(each)), each))
            : [];
}
