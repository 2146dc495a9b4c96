using System.Globalization;
using System.Text.Json;
using Signalbox.Core;
using Signalbox.Core.Runs;
using Signalbox.Storage;

namespace Signalbox.Engine.Proving;

/// <summary>What a run of a proof finds otherwise than a live run: whatever its tasks make of it shows in what they leave behind.</summary>
/// <param name="WorkingDirectory">Where its commands start: a copy of the project.</param>
/// <param name="ShiftSeconds">How far ahead of the machine's clock is that of its commands.</param>
/// <param name="Faketime">The library that shifts the clock (libfaketime), a full path; null: it is not shifted.</param>
/// <param name="HashSeed">The seed of Python's hashes, in whose order sets are gone through.</param>
/// <param name="EnvironmentOrder">The order in which variables stand in the environment: any number is one.</param>
public sealed record TrialConditions(string WorkingDirectory, long ShiftSeconds, string? Faketime, long HashSeed, int EnvironmentOrder)
{
    private const string LibraryName = "libfaketime.so.1";

    /// <summary>The conditions of a run; null for any but a run of a proof.</summary>
    public static TrialConditions? Of(Store store, Run run) =>
        run.Namespace is { IsVerify: true } && store.Read(session => session.TrialConditions(run.Number)) is { } json
            ? FromJson(json)
            : null;

    public string ToJson() => JsonSerializer.Serialize(this, EngineJson.Default.TrialConditions);

    /// <exception cref="JsonException">It is something else.</exception>
    public static TrialConditions FromJson(string json) =>
        JsonSerializer.Deserialize(json, EngineJson.Default.TrialConditions)
        ?? throw new JsonException("the conditions of a trial are null");

    /// <summary>Where libfaketime is; null when it is not installed.</summary>
    public static string? FindFaketime()
    {
        if (Environment.GetEnvironmentVariable(TaskEnvironment.Faketime) is { Length: > 0 } told)
        {
            return File.Exists(told) ? told : null;
        }

        string[] folders = ["/usr/lib", "/usr/lib64", "/usr/local/lib", "/lib"];
        return folders
            .Where(Directory.Exists)
            .SelectMany(folder => Directory.EnumerateDirectories(folder, "*-linux-*").Prepend(folder))
            .Select(folder => Path.Combine(folder, "faketime", LibraryName))
            .FirstOrDefault(File.Exists);
    }

    /// <summary>The environment of a command under these conditions.</summary>
    public Dictionary<string, string> Applied(IReadOnlyDictionary<string, string> environment)
    {
        var applied = new Dictionary<string, string>(environment, StringComparer.Ordinal)
        {
            ["PYTHONHASHSEED"] = HashSeed.ToString(CultureInfo.InvariantCulture),
        };
        if (Faketime is { } library && ShiftSeconds != 0)
        {
            applied["LD_PRELOAD"] = library;
            applied["FAKETIME"] = ShiftSeconds.ToString("+0;-0", CultureInfo.InvariantCulture);
            // Waiting takes as long as it takes, and files are as old as they are.
            applied["FAKETIME_DONT_FAKE_MONOTONIC"] = "1";
            applied["NO_FAKE_STAT"] = "1";
        }

        return applied
            .OrderBy(variable => StableHash.Of($"{EnvironmentOrder}/{variable.Key}"))
            .ToDictionary(variable => variable.Key, variable => variable.Value, StringComparer.Ordinal);
    }
}
