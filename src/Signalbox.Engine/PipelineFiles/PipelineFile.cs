using System.Collections.Immutable;
using Signalbox.Core.Breakers;
using Signalbox.Core.Definitions;
using Signalbox.Engine.Alerts;
using Signalbox.Engine.Calendars;
using Signalbox.Engine.PipelineFiles.Shapes;
using Signalbox.Engine.PipelineFiles.Yaml;
using Signalbox.Engine.Processes;
using Signalbox.Engine.Projects;

namespace Signalbox.Engine.PipelineFiles;

/// <summary>What became of a pipeline file.</summary>
/// <param name="Pipeline">The pipeline; null exactly when there is an error among the problems.</param>
/// <param name="Problems">All of them at once, in the order of their places.</param>
public sealed record ParsedPipeline(Pipeline? Pipeline, ImmutableArray<Problem> Problems)
{
    internal FieldPlaces? Places { get; init; }

    internal SourceText? Source { get; init; }

    /// <summary>The full paths of the other files that the pipeline is made from: those of its calendars.</summary>
    public ImmutableArray<string> Files { get; init; } = [];

    /// <summary>
    /// Where a field stands, from 1: the path of a <see cref="Diagnostic"/>, such as <c>tasks.features.needs[1]</c>. A field that is not
    /// written has the place of what it would stand in.
    /// </summary>
    /// <param name="path">Keys joined by dots, positions in brackets.</param>
    /// <param name="offset">Characters into the field's text.</param>
    public (int Line, int Column) PlaceOf(string path, int offset = 0) => Source?.Place(Places?.Find(path, offset) ?? 0) ?? (1, 1);

    /// <summary>Whether a field is in the file, with the task or under <c>defaults:</c>, be it with the value that it would have anyway.</summary>
    public bool IsSaid(string path) => Places?.IsSaid(path) ?? false;
}

/// <summary>Reads a pipeline file: YAML to <see cref="Pipeline"/>. Never throws for what a file contains, and never takes long.</summary>
public static class PipelineFile
{
    /// <summary>Warnings about a setting that a task may have from <c>defaults:</c>, where it is right for the others.</summary>
    private static readonly string[] OfOwnSettings = ["wait-with-retries", "rule-without-needs", "no-log"];

    /// <summary>The bytes of a file for <see cref="Parse"/>: of one that is too large only enough to see that it is, so that no device fills the memory.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not read it.</exception>
    public static byte[] Load(string path)
    {
        if (!IsGivenByShell(path) && FileKinds.Special(path) is { } kind)
        {
            throw new IOException($"it is {kind}, and no file");
        }

        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        // What has no length, as the pipe of a shell, is read as far as it goes.
        var length = stream is { CanSeek: true, Length: > 0 } ? stream.Length : long.MaxValue;
        var buffer = new byte[Math.Min(length, SourceText.MaxBytes + 1)];
        return buffer[..stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false)];
    }

    /// <summary><c>/dev/stdin</c> and the <c>/dev/fd/63</c> of <c>&lt;(...)</c>: somebody writes there, or has closed it.</summary>
    private static bool IsGivenByShell(string path) =>
        path.StartsWith("/dev/", StringComparison.Ordinal) || path.StartsWith("/proc/", StringComparison.Ordinal);

    /// <summary>Reads one file.</summary>
    /// <param name="path">Names the file in problems; nothing is read from it.</param>
    /// <param name="content">The bytes of the file: UTF-8, with or without a byte order mark, at most 1 MiB.</param>
    /// <param name="projectDefaults">Settings of tasks for which neither task nor pipeline has a word. Default none.</param>
    /// <param name="connections">The connections of the project, which tasks name. Null: whether there are such is not checked.</param>
    /// <param name="alerts">With the channels, which tasks name. Null: whether there are such is not checked.</param>
    /// <param name="targets">The targets of the project, which tasks name. Null: whether there are such is not checked.</param>
    /// <param name="calendars">The calendars of the project, which schedules name. Null: a schedule that names one is a mistake.</param>
    public static ParsedPipeline Parse(
        string path,
        ReadOnlySpan<byte> content,
        TaskDefaults? projectDefaults = null,
        IReadOnlyDictionary<string, Connection>? connections = null,
        AlertSettings? alerts = null,
        CalendarShelf? calendars = null,
        IReadOnlyDictionary<string, TargetSpec>? targets = null
    )
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

        var files = new HashSet<string>(StringComparer.Ordinal);
        var pipeline = root is null ? null : PipelineShape.Read(root, reading, projectDefaults ?? TaskDefaults.None, calendars, files);
        var places = root is YamlMapping mapping ? new FieldPlaces(mapping, source) : null;
        if (pipeline is not null && places is not null)
        {
            Check(
                [
                    .. PipelineChecker.Check(pipeline),
                    .. LoadConnections.Check(pipeline, connections),
                    .. TriggerConnections.Check(pipeline, connections),
                    .. NotifyShape.Check(pipeline, alerts),
                    .. BreakerShapes.Check(pipeline, targets),
                ],
                places,
                reading
            );
        }

        return new ParsedPipeline(reading.HasErrors ? null : pipeline, [.. reading.Problems])
        {
            Places = places,
            Source = source,
            Files = [.. files],
        };
    }

    /// <summary>
    /// Adds what is wrong with the meaning. Where something could not be read a default stands in its place, and what is wrong with
    /// that is nobody's mistake.
    /// </summary>
    private static void Check(ImmutableArray<Diagnostic> diagnostics, FieldPlaces places, Reading reading)
    {
        var unread = reading.Positions;

        // Errors first, so that no number of warnings hides them.
        foreach (var found in diagnostics.OrderBy(found => found.Severity))
        {
            if (OfOwnSettings.Contains(found.Code) && !places.IsWritten(found.Path))
            {
                continue;
            }

            var (start, end) = places.SpanOf(found.Path);
            var first = Array.BinarySearch(unread, start);
            first = first >= 0 ? first : ~first;
            if (first == unread.Length || unread[first] > end)
            {
                reading.Report(places.Find(found.Path, found.Offset), found.Severity, found.Code, found.Message);
            }
        }
    }
}
