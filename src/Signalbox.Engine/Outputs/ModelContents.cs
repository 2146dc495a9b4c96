using Signalbox.Core.Definitions;
using Signalbox.Engine.Attempts;
using Signalbox.Storage;

namespace Signalbox.Engine.Outputs;

/// <summary>A model's versions never change: their content is kept under its own hash, whatever later runs put at the published path.</summary>
internal static class ModelContents
{
    /// <summary>Where the content of a version is.</summary>
    public static string PathOf(StateFolder state, Publication intent) =>
        Path.Combine(state.Models, intent.Sha256!, Path.GetFileName(intent.Path));

    /// <summary>Keeps what is staged, when it is a model that live readers will see and is not kept already.</summary>
    public static void Keep(StateFolder state, Publication intent, OutputSpec output)
    {
        if (intent.Namespace is not null || output.Model is null)
        {
            return;
        }

        var kept = PathOf(state, intent);
        if (Path.Exists(kept) || !Path.Exists(intent.StagedPath))
        {
            return;
        }

        var temporary = $"{Path.GetDirectoryName(kept)}.{intent.Id}";
        if (Directory.Exists(temporary))
        {
            Directory.Delete(temporary, recursive: true);
        }

        Directory.CreateDirectory(temporary);
        Copy(intent.StagedPath, Path.Combine(temporary, Path.GetFileName(kept)));
        DurableFiles.SyncTree(temporary);
        DurableFiles.Replace(temporary, Path.GetDirectoryName(kept)!);
        DurableFiles.SyncDirectory(state.Models);
    }

    private static void Copy(string from, string to)
    {
        if (File.Exists(from))
        {
            File.Copy(from, to);
            return;
        }

        Directory.CreateDirectory(to);
        foreach (var entry in Directory.EnumerateFileSystemEntries(from))
        {
            Copy(entry, Path.Combine(to, Path.GetFileName(entry)));
        }
    }
}
