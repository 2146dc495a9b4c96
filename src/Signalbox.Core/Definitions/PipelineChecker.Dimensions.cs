using Signalbox.Core.Time;
using Signalbox.Core.Triggers;

namespace Signalbox.Core.Definitions;

public sealed partial class PipelineChecker
{
    private const int LongestKey = 100;

    private void CheckDimensions()
    {
        var cells = 1L;
        foreach (var dimension in _pipeline.Dimensions.IsDefault ? [] : _pipeline.Dimensions)
        {
            var path = $"partition.keys.{dimension.Name}";
            if (dimension.Keys.IsEmpty)
            {
                Error("no-keys", path, "a list of partitions has at least one key");
            }

            cells = Math.Min(cells * Math.Max(1, dimension.Keys.Length), long.MaxValue / PartitionCells.Most);
            for (var i = 0; i < dimension.Keys.Length; i++)
            {
                var key = dimension.Keys[i];
                if (KeyProblem(key) is { } problem)
                {
                    Error("bad-key", $"{path}[{i}]", problem);
                }
                else if (dimension.Keys.AsSpan(0, i).Contains(key))
                {
                    Error("key-twice", $"{path}[{i}]", $"the key `{key}` is in the list already");
                }
            }
        }

        if (cells > PartitionCells.Most)
        {
            Error("too-many-cells", "partition.keys", $"the lists have {cells} combinations; a run makes at most {PartitionCells.Most}");
        }
    }

    private static string? KeyProblem(string key) =>
        key.Length == 0 ? "a key is not empty"
        : key.Length > LongestKey ? $"a key has at most {LongestKey} characters"
        : key.Contains(PartitionCells.Separator) ? $"`{key}` has a `/` in it, which stands between the keys of several lists"
        : key.Any(letter => char.IsWhiteSpace(letter) || char.IsControl(letter)) || key.Contains("{{", StringComparison.Ordinal)
            ? $"`{key}` is no key: it has a space or a template in it"
        : PartitionMapping.Read(key, new PartitionScheme(PartitionKind.Day, Zone.Utc)) is not null
            ? $"`{key}` looks like a time; data is cut by time with `by`"
        : null;

    /// <summary>An output is one cell, so it says the key of every list; or it is all of the run's slice, and says none.</summary>
    private void CheckKeys(int node, OutputSpec output, string path)
    {
        if (output.Keys.IsEmpty)
        {
            return;
        }

        if (output.Dataset is null)
        {
            Error("wrong-key", $"{path}.keys", "`keys` goes with `dataset`, which the output does not have");
        }

        var dimensions = _pipeline.Dimensions.IsDefault ? [] : _pipeline.Dimensions;
        foreach (var (name, text) in output.Keys)
        {
            var place = $"{path}.keys.{name}";
            if (dimensions.FirstOrDefault(each => each.Name == name) is not { } dimension)
            {
                Error(
                    "unknown-dimension",
                    place,
                    $"the pipeline is not cut by `{name}`{(dimensions.IsEmpty ? "; write its list under `partition: { keys: ... }`" : Suggestion.DidYouMean(name, dimensions.Select(each => each.Name)))}"
                );
            }
            else if (CheckTemplate(node, text, place, Place.Output) is { IsLiteral: true } && !dimension.Keys.Contains(text))
            {
                Error("unknown-key", place, $"`{text}` is none of {name}{Suggestion.DidYouMean(text, dimension.Keys)}");
            }
        }

        if (dimensions.FirstOrDefault(each => !output.Keys.ContainsKey(each.Name)) is { } missing)
        {
            Error("missing-key", $"{path}.keys", $"a cell has a key of every list: `{missing.Name}` is missing");
        }
    }
}
