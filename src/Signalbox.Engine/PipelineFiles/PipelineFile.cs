using System.Collections.Immutable;
using Signalbox.Core.Definitions;
using Signalbox.Engine.PipelineFiles.Shapes;
using Signalbox.Engine.PipelineFiles.Yaml;

namespace Signalbox.Engine.PipelineFiles;

/// <summary>What became of a pipeline file.</summary>
/// <param name="Pipeline">The pipeline; null exactly when there is an error among the problems.</param>
/// <param name="Problems">All of them at once, in the order of their places.</param>
public sealed record ParsedPipeline(Pipeline? Pipeline, ImmutableArray<Problem> Problems)
{
    /// <summary>Where the name of the pipeline stands.</summary>
    internal (int Line, int Column) NamePlace { get; init; } = (1, 1);
}

/// <summary>Reads a pipeline file: YAML to <see cref="Pipeline"/>. Never throws for what a file contains, and never takes long.</summary>
public static class PipelineFile
{
    /// <summary>Reads one file.</summary>
    /// <param name="path">Names the file in problems; nothing is read from it.</param>
    /// <param name="content">The bytes of the file: UTF-8, with or without a byte order mark, at most 1 MiB.</param>
    /// <param name="projectDefaults">Settings of tasks for which neither task nor pipeline has a word. Default none.</param>
    public static ParsedPipeline Parse(string path, ReadOnlySpan<byte> content, TaskDefaults? projectDefaults = null)
    {
        var source = SourceText.Decode(content, out var refusal);
        var reading = new Reading(path, source);
        if (refusal is not null)
        {
            reading.Report(refusal.Position, Severity.Error, refusal.Code, refusal.Message);
            return new ParsedPipeline(null, [.. reading.Problems]);
        }

        var root = YamlTree.Parse(source, out var mistakes);
        foreach (var mistake in mistakes)
        {
            reading.Report(mistake.Position, Severity.Error, mistake.Code, mistake.Message);
        }

        var pipeline = root is null ? null : PipelineShape.Read(root, reading, projectDefaults ?? TaskDefaults.None);
        var name = (root as YamlMapping)?.Find("pipeline")?.Value.Position ?? 0;
        return new ParsedPipeline(reading.HasErrors ? null : pipeline, [.. reading.Problems]) { NamePlace = source.Place(name) };
    }
}
