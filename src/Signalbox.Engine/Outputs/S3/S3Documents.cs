using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Signalbox.Storage;

namespace Signalbox.Engine.Outputs.S3;

/// <summary><c>_current.json</c>: which version of an output of several objects readers are to take. Written last, in one step.</summary>
/// <param name="Version">The number of the publication.</param>
/// <param name="Attempt">The key of the attempt that made it, which with the number names the version everywhere.</param>
/// <param name="Layout"><c>versions</c> or <c>plain</c>.</param>
/// <param name="Prefix">Where its objects lie: a key of the same bucket, with a trailing slash.</param>
/// <param name="Manifest">The key of its manifest.</param>
/// <param name="Sha256">Of the whole content.</param>
public sealed record S3Pointer(
    string Format,
    long Version,
    string Attempt,
    string Layout,
    string Prefix,
    string Manifest,
    string Sha256,
    int Files,
    long Bytes
)
{
    [JsonIgnore]
    internal S3Mark Mark => new(Attempt, Version);
}

/// <summary><c>_manifest.json</c>: what a version is made of, and who made it from what.</summary>
/// <param name="Rows">Where they were counted.</param>
/// <param name="Inputs">What it was made from, by the name of each input.</param>
/// <param name="Files">In the order of their paths.</param>
/// <param name="Obsolete">Plain layout: paths of the version before that this one does not have, and that are deleted after it is current.</param>
public sealed record S3Manifest(
    string Format,
    long Version,
    string Attempt,
    string Pipeline,
    string Task,
    long Run,
    string Dataset,
    string Partition,
    string Definition,
    string Sha256,
    long Bytes,
    long? Rows,
    JsonElement Inputs,
    ImmutableArray<S3File> Files,
    ImmutableArray<string> Obsolete
)
{
    [JsonIgnore]
    internal S3Mark Mark => new(Attempt, Version);
}

/// <summary>One object of a version.</summary>
/// <param name="Path">Below the prefix of the version.</param>
public sealed record S3File(string Path, long Bytes, string Sha256, string Etag);

/// <summary><c>_target.json</c> in a staging prefix: where an attempt is putting a version, so that it is found again when nobody finishes it.</summary>
/// <param name="Prefix">A key with a trailing slash.</param>
/// <param name="Target">The prefix that readers know.</param>
internal sealed record S3Begun(long Version, string Prefix, string Target);

/// <summary>Names one version of one output, also between installations that publish to the same bucket.</summary>
/// <param name="Attempt">The key of the attempt; it begins with the name of the installation.</param>
internal readonly record struct S3Mark(string Attempt, long Version)
{
    private const string AttemptName = "signalbox-attempt";
    private const string VersionName = "signalbox-version";
    private const string HashName = "signalbox-sha256";

    public static S3Mark Of(Publication publication) => new(Staging.AttemptOf(publication.StagedPath), publication.Id);

    /// <summary>Of an object; null when it is nobody's of us.</summary>
    public static S3Mark? Of(S3Head? found) =>
        found?.Marks.GetValueOrDefault(AttemptName) is { } attempt
        && long.TryParse(found.Marks.GetValueOrDefault(VersionName), out var version)
            ? new S3Mark(attempt, version)
            : null;

    /// <summary>As an object remembers it.</summary>
    public Dictionary<string, string> On(string sha256) =>
        new(StringComparer.Ordinal)
        {
            [AttemptName] = Attempt,
            [VersionName] = $"{Version}",
            [HashName] = sha256,
        };

    /// <summary>Whether the other is of the same installation, and later.</summary>
    public bool IsBefore(S3Mark other) => other.Version > Version && Installation(other.Attempt).SequenceEqual(Installation(Attempt));

    private static ReadOnlySpan<char> Installation(string attempt) =>
        attempt.IndexOf('-', StringComparison.Ordinal) is > 0 and var end ? attempt.AsSpan(0, end) : attempt;
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(S3Pointer))]
[JsonSerializable(typeof(S3Manifest))]
[JsonSerializable(typeof(S3Begun))]
internal sealed partial class S3Json : JsonSerializerContext
{
    /// <summary>What <see cref="S3Pointer.Format"/> and <see cref="S3Manifest.Format"/> say.</summary>
    public const string Format = "signalbox/1";

    /// <summary>The document; null when it is none of ours.</summary>
    public static T? Read<T>(byte[] content, JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(content, type);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
