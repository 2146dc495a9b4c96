using System.Text.Json;
using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Reuse;
using Signalbox.Core.Runs;
using Signalbox.Engine.Linting;
using Signalbox.Engine.Outputs;
using Signalbox.Storage;

namespace Signalbox.Engine.Reuse;

/// <summary>Whether what a run made is still what the pipeline would make of its date now.</summary>
public static class Staleness
{
    /// <summary>Why a successful run is out of date; null when it is current as far as can be told without running.</summary>
    /// <param name="folder">The project folder.</param>
    /// <param name="version">The version of <paramref name="pipeline"/>.</param>
    public static string? Reason(ReadSession session, string folder, Pipeline pipeline, VersionHash version, Run run)
    {
        if (run.Version != version)
        {
            return $"run {run.Number} was made by version {run.Version} of the pipeline";
        }

        var known = session.Fingerprints(run.Number);
        return known.Select(one => ReasonOf(session, folder, pipeline, one)).FirstOrDefault(reason => reason is not null)
            ?? Inputs(session, run, known.Select(one => one.Task).ToHashSet());
    }

    /// <summary>Why a version is out of date: what it was made from stands in another version by now. Null when it does not.</summary>
    public static string? Reason(ReadSession session, Publication version) =>
        Renewed(session, version) is { } input && session.PublicationAt(input.Path) is { } current
            ? $"its input {input.Name} was version {input.Publication} and is {current.Id} by now"
            : null;

    private static InputVersion? Renewed(ReadSession session, Publication version)
    {
        foreach (var input in JsonSerializer.Deserialize(version.Inputs, EngineJson.Default.InputVersionArray) ?? [])
        {
            if (session.PublicationAt(input.Path) is { } current && current.Sha256 != input.Sha256)
            {
                return input;
            }
        }

        return null;
    }

    private static string? ReasonOf(ReadSession session, string folder, Pipeline pipeline, StoredFingerprint known)
    {
        var parts = Reuser.Read(known).Parts;
        var task = pipeline.Tasks.First(task => task.Name == known.Task.Task);
        var sources = SourceFiles
            .Of(folder, task)
            .ToDictionary(source => source.File!, source => FingerprintMaker.Hash(source.Text), StringComparer.Ordinal);
        foreach (var (name, value) in parts)
        {
            if (
                name.StartsWith(Fingerprint.SourcePrefix, StringComparison.Ordinal)
                && sources.GetValueOrDefault(name[Fingerprint.SourcePrefix.Length..]) != value
            )
            {
                return $"{name[Fingerprint.SourcePrefix.Length..]} changed since run {known.Run}";
            }
        }

        var paths = JsonSerializer.Deserialize(known.Paths, EngineJson.Default.DictionaryStringString) ?? [];
        foreach (var (name, path) in paths)
        {
            if (FingerprintMaker.InputVersion(session, path) != parts.GetValueOrDefault(name))
            {
                return $"the {name} of `{known.Task}` changed since run {known.Run}";
            }
        }

        foreach (
            var row in session.Publications(known.Source).Where(row => row.Task == known.Task && row.State == PublicationState.Published)
        )
        {
            if (Reuser.NotThere(session, row) is { } problem)
            {
                return $"the output `{row.Output}` of `{known.Task}` {problem} since run {known.Run}";
            }
        }

        return null;
    }

    /// <summary>Of tasks without a fingerprint it is known which published versions they read.</summary>
    private static string? Inputs(ReadSession session, Run run, HashSet<TaskKey> known)
    {
        foreach (
            var row in session.Publications(run.Number).Where(row => row.State == PublicationState.Published && !known.Contains(row.Task))
        )
        {
            if (Renewed(session, row) is { } input)
            {
                return $"the input {input.Name} of `{row.Task}` changed since run {run.Number}";
            }

            if (Reuser.NotThere(session, row) is { } problem)
            {
                return $"the output `{row.Output}` of `{row.Task}` {problem} since run {run.Number}";
            }
        }

        return null;
    }
}
