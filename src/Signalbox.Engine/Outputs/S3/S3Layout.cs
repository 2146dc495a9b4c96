using Signalbox.Storage;

namespace Signalbox.Engine.Outputs.S3;

/// <summary>Where things lie in a bucket. What is ours begins with <c>_</c>, as tools that read whole folders expect of what is not data.</summary>
internal static class S3Layout
{
    public const string Current = "_current.json";
    public const string Manifest = "_manifest.json";
    public const string Begun = "_target.json";
    public const string Versions = "_versions/";
    public const string Staging = "_staging/";

    private const int HashLength = 12;
    private const string Namespaces = $"_{Targets.NamespacesFolder}/";

    /// <summary>Why a file of an output of several objects cannot be published under its name; null when it can.</summary>
    public static string? Reserved(string relative) =>
        relative is Current or Manifest || relative.StartsWith(Versions, StringComparison.Ordinal)
            ? $"the output has a file `{relative}`; {Current}, {Manifest} and {Versions} of a prefix are written by Signalbox"
            : null;

    /// <summary>Where an attempt puts what nobody may read yet.</summary>
    public static S3Address StagingOf(string bucket, Publication intent) =>
        StagingOf(bucket, Outputs.Staging.AttemptOf(intent.StagedPath), intent.Output);

    /// <summary>The same of an attempt by its key.</summary>
    public static S3Address StagingOf(string bucket, string attempt, string name) => new(bucket, $"{Staging}{attempt}/{name}/");

    /// <summary>Versions layout: where the objects of a version lie for as long as there is the version.</summary>
    public static S3Address VersionOf(S3Address target, Publication version) => target.Below($"{Versions}{NumberOf(version)}/");

    /// <summary>Where the content of a replaced version is kept whose place readers know by a plain path.</summary>
    /// <param name="target">An object, or a prefix.</param>
    public static S3Address KeptOf(S3Address target, Publication version)
    {
        // What was made in a namespace is kept in it.
        var inner = target.Key.StartsWith(Namespaces, StringComparison.Ordinal) ? target.Key.IndexOf('/', Namespaces.Length) + 1 : 0;
        var kept = $"{target.Key[..inner]}{Versions}{target.Key[inner..].TrimEnd('/')}/{NumberOf(version)}/";
        return target with { Key = target.IsPrefix ? kept : kept + target.Name };
    }

    /// <summary>The prefix whose version an address is of, as <see cref="VersionOf"/> gave it; else the text itself.</summary>
    public static string TargetOf(string path)
    {
        const string inner = "/" + Versions;
        var at = S3Address.Is(path) && path.EndsWith('/') ? path.LastIndexOf(inner, StringComparison.Ordinal) : -1;
        return at > S3Address.Scheme.Length && path.IndexOf('/', at + inner.Length) == path.Length - 1 ? path[..at] : path;
    }

    /// <summary>Whether an address is where this version is kept, by its name.</summary>
    public static bool IsKeptOf(S3Address address, Publication version) =>
        address.Key.Contains(Versions, StringComparison.Ordinal)
        && address.Key[..(address.Key.TrimEnd('/').LastIndexOf('/') + 1)] is var above
        && (address.IsPrefix ? address.Key : above).EndsWith($"/{NumberOf(version)}/", StringComparison.Ordinal);

    private static string NumberOf(Publication version) => $"{version.Id}-{version.Sha256![..HashLength]}";
}
