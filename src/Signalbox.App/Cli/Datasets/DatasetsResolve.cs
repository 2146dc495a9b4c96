using System.CommandLine;
using Signalbox.Core.Runs;
using Signalbox.Engine.Outputs;
using Signalbox.Engine.Projects;
using Signalbox.Storage;

namespace Signalbox.App.Cli;

/// <summary><c>datasets resolve</c>: where the current version lies.</summary>
internal static class DatasetsResolve
{
    public static Command Build()
    {
        var command = VerbParts.Command(
            "resolve",
            "Prints where the current version lies: a path or an address, one line for each path, and nothing else. What is printed for several "
                + "objects in an object store is the prefix of the one version, which stays whole while a new one is published. Where a variant of the "
                + "pipeline is active, what it made is printed, and for what it never made what the live version has.",
            "datasets resolve flights/features --partition 2024-03-01",
            "cat $(signalbox datasets resolve flights/features --partition 2024-03-01)",
            "datasets resolve flights/features --json"
        );
        var name = new Argument<string>("DATASET") { Description = "The name of a dataset" };
        var partition = DatasetsVerb.Partition("all");
        var space = DatasetsVerb.Namespace();
        var project = VerbParts.Project();
        var json = VerbParts.Json();
        command.Arguments.Add(name);
        foreach (var option in new Option[] { partition, space, project, json })
        {
            command.Options.Add(option);
        }

        command.SetAction(
            async (parsed, stop) =>
            {
                var found = ProjectOpening.Find(parsed.GetValue(project));
                using var store = ProjectOpening.OpenStore(found);
                var lines = await ReadAsync(
                    found,
                    store,
                    parsed.GetRequiredValue(name),
                    parsed.GetValue(partition),
                    DatasetsVerb.SpaceOf(parsed.GetValue(space)),
                    Console.Error.WriteLine,
                    stop
                );
                if (parsed.GetValue(json))
                {
                    CliJson.Print([.. lines], CliJson.Default.ResolvedDocumentArray);
                }
                else
                {
                    lines.ForEach(line => Console.Out.WriteLine(line.Location));
                }

                return ExitCode.Done;
            }
        );
        return command;
    }

    /// <summary>Where the current version of each path lies.</summary>
    /// <param name="note">Told what is served from elsewhere than one might think.</param>
    /// <exception cref="UserMistakeException">There is no such dataset, or no such partition of it.</exception>
    public static async Task<List<ResolvedDocument>> ReadAsync(
        Project project,
        Store store,
        string name,
        string? partition,
        RunNamespace? space,
        Action<string> note,
        CancellationToken stop
    )
    {
        var places = Places.Of(project, ProjectOpening.Options(), store);
        var lines = new List<ResolvedDocument>();
        foreach (var served in store.Read(session => Current(session, project, name, partition, space)))
        {
            var version = served.Version!;
            lines.Add(
                new ResolvedDocument(
                    version.Dataset,
                    version.Partition,
                    version.Namespace?.Value,
                    version.Path,
                    await places.Of(version.Path).ResolveAsync(version, stop),
                    version.Id,
                    version.Sha256,
                    version.Rows,
                    RunNamespace.NameOf(served.Variant),
                    served.FallsBack
                )
            );
            if (served.FallsBack)
            {
                note(
                    $"note: {served.Active} is active and has not made {(version.Partition.Length > 0 ? version.Partition : version.Path)}; "
                        + $"it is served from {RunNamespace.NameOf(served.Variant)}"
                );
            }
        }

        return lines;
    }

    private static IReadOnlyList<ActivePath> Current(
        ReadSession session,
        Project project,
        string name,
        string? partition,
        RunNamespace? space
    )
    {
        IReadOnlyList<ActivePath> all = space is null
            ? ActiveVariants.Read(session, project.Folder, project.StateFolder).Dataset(session, name)
            : [.. session.CurrentVersions(name, space).Select(version => new ActivePath(version.Path, version, space, space))];
        if (all.Count == 0)
        {
            throw DatasetsVerb.Unknown(session, name, space);
        }

        if (partition is null)
        {
            return all;
        }

        var slice = all.Where(served => served.Version!.Partition == partition).ToList();
        return slice.Count > 0 ? slice : throw DatasetsVerb.NoPartition(name, partition, all.Select(served => served.Version!.Partition));
    }
}
