using System.Collections.Immutable;
using Signalbox.Core;

namespace Signalbox.Engine.Attempts;

/// <summary>
/// What lies where in a project's state folder. Names are made from numbers and checked names only, so no text of a user ever decides
/// where the program writes.
/// </summary>
/// <param name="Root">Absolute path of <c>.signalbox</c>.</param>
public sealed record StateFolder(string Root)
{
    public string Database => Path.Combine(Root, "signalbox.db");

    /// <summary>Everything kept about a run: its parameters and its attempts.</summary>
    public string Run(RunNumber run) => Path.Combine(Root, "runs", run.ToString());

    /// <summary>The runs that have a folder, with it.</summary>
    public IEnumerable<(RunNumber Run, string Folder)> Runs()
    {
        var runs = Path.Combine(Root, "runs");
        return Directory.Exists(runs)
            ? Directory
                .GetDirectories(runs)
                .Where(folder => long.TryParse(Path.GetFileName(folder), out _))
                .Select(folder => (new RunNumber(long.Parse(Path.GetFileName(folder))), folder))
            : [];
    }

    /// <summary>The run's parameters as the JSON file that commands read.</summary>
    public string Params(RunNumber run) => Path.Combine(Run(run), "params.json");

    /// <summary>An attempt's own folder: logs, exit record, result, metrics, error, temporary files.</summary>
    public string Attempt(RunNumber run, TaskKey task, int number) =>
        Path.Combine(Run(run), task.IsInstance ? $"{task.Task}~m{task.MapIndex}~{number}" : $"{task.Task}~{number}");

    /// <summary>Where the versions of models lie, each in a folder named by its SHA-256.</summary>
    public string Models => Path.Combine(Root, "models");

    /// <summary>Where large results lie, named by their SHA-256.</summary>
    public string Results => Path.Combine(Root, "results");
}

/// <summary>The files in an attempt's folder that the command writes for us.</summary>
public static class ReportFiles
{
    public const string Result = "result.json";
    public const string Metrics = "metrics.json";
    public const string Error = "error.json";

    /// <summary>Those that are read of an attempt that succeeded.</summary>
    public static readonly ImmutableArray<string> OfSuccess = [Result, Metrics];
}
