using System.Collections.Immutable;

namespace Signalbox.Engine.Outputs.S3;

/// <summary>One version of several objects, as its manifest has it.</summary>
/// <param name="Prefix">Below which its objects lie.</param>
internal sealed record S3Version(S3Address Prefix, ImmutableArray<S3File> Files);

/// <summary>How readers find a version: the pointer, then the manifest that it names.</summary>
internal static class S3Read
{
    /// <summary>The version that is current at a prefix, or that lies there; null when nothing there says so.</summary>
    public static async Task<S3Version?> VersionAsync(S3Client client, S3Address prefix, CancellationToken cancellationToken)
    {
        while (true)
        {
            var pointer = await client.ReadAsync(prefix.Below(S3Layout.Current), cancellationToken) is { } found
                ? S3Json.Read(found.Content, S3Json.Default.S3Pointer)
                : null;
            var at = pointer is null ? prefix : prefix with { Key = pointer.Prefix };
            var read = await client.ReadAsync(at.Below(S3Layout.Manifest), cancellationToken);
            if (read is { } content && S3Json.Read(content.Content, S3Json.Default.S3Manifest) is { } manifest)
            {
                return new S3Version(at, manifest.Files);
            }

            if (pointer is null)
            {
                return null;
            }

            // Versions went by between the two reads: the pointer tells of a newer one by now.
            var again = await client.ReadAsync(prefix.Below(S3Layout.Current), cancellationToken);
            if (again is not { } now || S3Json.Read(now.Content, S3Json.Default.S3Pointer) is not { } other || other.Mark == pointer.Mark)
            {
                return null;
            }
        }
    }
}
