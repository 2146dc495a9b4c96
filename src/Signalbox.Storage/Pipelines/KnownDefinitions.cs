using System.Collections.Concurrent;
using Signalbox.Core;
using Signalbox.Core.Definitions;

namespace Signalbox.Storage;

/// <summary>
/// What the texts of definitions say. A version is immutable, and whoever starts an attempt, sweeps or forecasts asks for the same few again and
/// again: to read its text anew takes longer than all else that is asked with it.
/// </summary>
internal sealed class KnownDefinitions
{
    // Runs of versions long gone are looked at now and then; those in use are read again at once.
    private const int Most = 500;

    private readonly ConcurrentDictionary<VersionHash, (string Json, Pipeline Pipeline)> read = new();

    /// <summary>The definition that a row holds. A row that is not what it was is read anew.</summary>
    /// <exception cref="FormatException">It cannot be read.</exception>
    public Pipeline Read(VersionHash version, string json)
    {
        if (read.TryGetValue(version, out var known) && known.Json == json)
        {
            return known.Pipeline;
        }

        var pipeline = PipelineJson.Read(json);
        if (read.Count >= Most)
        {
            read.Clear();
        }

        read[version] = (json, pipeline);
        return pipeline;
    }
}
