using Signalbox.Core;
using Signalbox.Core.Runs;
using Signalbox.Engine.Outputs;
using Signalbox.Engine.Outputs.Tables;
using Signalbox.Engine.Projects;
using Signalbox.Storage;

namespace Signalbox.Engine.Proving;

/// <summary>The folders of one proof: where its runs work and publish, and beside it what the first of them left.</summary>
internal sealed class Workplace(Project project, RunNamespace space)
{
    private readonly Dictionary<long, string> _kept = [];
    private readonly Dictionary<long, TableSeen> _tables = [];

    /// <summary>The folder of the namespace: the copy of the project, and where outputs go.</summary>
    public string Folder { get; } = Targets.FolderOf(project.StateFolder, space);

    /// <summary>For requests of the child process and what it spills.</summary>
    public string Scratch => Folder + ".scratch";

    private string FirstFolder => Folder + ".first";

    /// <summary>Keeps what the first run left before the second comes: its outputs, and the files beside them that it wrote.</summary>
    public async Task KeepAsync(IReadOnlyList<Publication> outputs, IReadOnlyList<string> files, CancellationToken cancellationToken)
    {
        foreach (var output in outputs.Where(output => TableTarget.IsTable(output.Path)))
        {
            _tables[output.Id] = await SeeAsync(output, FirstFolder, cancellationToken);
        }

        foreach (var output in outputs.Where(output => !Targets.IsAddress(output.Path) && Path.Exists(output.Path)))
        {
            var target = Path.Combine(FirstFolder, "outputs", $"{output.Id}", Path.GetFileName(output.Path));
            Copy(output.Path, target);
            _kept[output.Id] = target;
        }

        foreach (var file in files)
        {
            var path = Path.Combine(Folder, file);
            if (File.Exists(path))
            {
                Copy(path, Path.Combine(FirstFolder, "files", file));
            }
        }
    }

    /// <summary>What the first run published; null when it is not there.</summary>
    public string? Kept(Publication output) => _kept.GetValueOrDefault(output.Id);

    /// <summary>What stood in a table when the first run had published to it.</summary>
    public TableSeen KeptTable(Publication output) => _tables[output.Id];

    /// <summary>What stands in a table of the namespace now.</summary>
    /// <exception cref="ProofRefused">It cannot be read.</exception>
    public Task<TableSeen> SeeAsync(Publication output, CancellationToken cancellationToken) =>
        SeeAsync(output, Scratch, cancellationToken);

    /// <summary>The runs in the namespace.</summary>
    public List<RunNumber> Runs { get; } = [];

    /// <summary>A file as it was between the runs: as the first left it, or as the live project has it; null when it was not there.</summary>
    public string? KeptFile(string file, bool wasThere)
    {
        var kept = Path.Combine(FirstFolder, "files", file);
        return !wasThere ? null
            : File.Exists(kept) ? kept
            : Path.Combine(project.Folder, file);
    }

    /// <summary>Where a live run publishes what stands at a path of the namespace, relative to the project.</summary>
    public string Live(string path) =>
        path.StartsWith(Folder + Path.DirectorySeparatorChar, StringComparison.Ordinal) ? path[(Folder.Length + 1)..]
        : Targets.IsAddress(path) ? LivePath(path)
        : path;

    /// <summary>The absolute path, or the address, at which a live run publishes what stands at a path of the namespace.</summary>
    public string LivePath(string path) =>
        Targets.IsAddress(path)
            ? path.Replace($"@{space}", "", StringComparison.Ordinal)
                .Replace($"/_{Targets.NamespacesFolder}/{space.Value}/", "/", StringComparison.Ordinal)
            : Path.Combine(project.Folder, Live(path));

    /// <summary>Removes all of it.</summary>
    /// <exception cref="ProofRefused">A table of it cannot be dropped.</exception>
    public async Task RemoveAsync(Store store)
    {
        foreach (var folder in (string[])[Folder, FirstFolder, Scratch])
        {
            if (Directory.Exists(folder))
            {
                Directory.Delete(folder, recursive: true);
            }
        }

        await store.WriteAsync(session => session.ForgetNamespace(space), CancellationToken.None);
        await NamespaceTables.DropAsync(project, store, Runs);
    }

    private Task<TableSeen> SeeAsync(Publication output, string folder, CancellationToken cancellationToken) =>
        NamespaceTables.SeeAsync(project, output, Path.Combine(folder, "tables", $"{output.Id}"), cancellationToken);

    private static void Copy(string from, string to)
    {
        if (Directory.Exists(from))
        {
            Directory.CreateDirectory(to);
            foreach (var entry in Directory.EnumerateFileSystemEntries(from))
            {
                Copy(entry, Path.Combine(to, Path.GetFileName(entry)));
            }
        }
        else
        {
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            File.Copy(from, to);
        }
    }
}
