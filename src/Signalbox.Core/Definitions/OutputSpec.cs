using System.Text.Json.Serialization;
using Signalbox.Core.Checks;

namespace Signalbox.Core.Definitions;

/// <summary>Something a task makes and the product publishes: staged per attempt, audited by its checks, made visible in one atomic step.</summary>
public sealed record OutputSpec
{
    /// <summary>The name: <c>{{ outputs.NAME }}</c> and <c>SIGNALBOX_OUTPUT_NAME</c> are the staging place of the attempt.</summary>
    public required string Name { get; init; }

    /// <summary>
    /// Where it is published: a template of a path relative to the project folder, or of an address such as <c>s3://bucket/key</c>; a trailing
    /// <c>/</c> makes it a folder.
    /// </summary>
    public required string Path { get; init; }

    /// <summary>Whether the output is a folder: the path is written with a trailing slash.</summary>
    [JsonIgnore]
    public bool IsFolder => Path.EndsWith('/');

    /// <summary>The name under which its versions are known. Default: <c>PIPELINE.TASK.OUTPUT</c>.</summary>
    public string? Dataset { get; init; }

    /// <summary>A template of the name of the model of which a publication is a new version. Default none.</summary>
    public string? Model { get; init; }

    /// <summary>The connection of a registry that is told of the model's versions and aliases, too. Default none.</summary>
    public string? Registry { get; init; }

    /// <summary>Whether the task may succeed without having made it. Default false.</summary>
    public bool Optional { get; init; }

    /// <summary>How many replaced versions of each path are kept for a rollback. Default 2.</summary>
    public int Keep { get; init; } = DefaultKeep;

    /// <summary>The default of <see cref="Keep"/>.</summary>
    public const int DefaultKeep = 2;

    /// <summary>
    /// A template for each dimension of the pipeline: which cell of the dataset it is, such as <c>{{ item.region }}</c>. Default none: it is the
    /// whole slice of the run.
    /// </summary>
    public ImmutableSortedDictionary<string, string> Keys { get; init; } =
        ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);

    /// <summary>How often <see cref="Dataset"/> must be updated. Default: nobody watches it.</summary>
    public FreshnessSpec? Freshness { get; init; }

    /// <summary>How two versions of the pipeline are compared by it. Default: by whole rows.</summary>
    public CompareSpec? Compare { get; init; }

    public ImmutableArray<CheckSpec> Checks { get; init; } = [];

    /// <summary>What counts when two results of it are compared. Default: every byte.</summary>
    public IdempotencySpec? Idempotency { get; init; }
}
