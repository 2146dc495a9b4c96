using System.Text.Json;
using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Runs;
using Signalbox.Storage;

namespace Signalbox.App.Cli;

/// <summary>What the demo did, read from the project's database: <c>demo --json</c>.</summary>
internal sealed record DemoDocument(
    string Project,
    double Seconds,
    bool Succeeded,
    DemoDayDocument[] Days,
    DemoStopDocument? Stopped,
    DemoRetryDocument? Retried,
    DemoTrainingDocument[] Trainings,
    string[] Next
);

/// <summary>One day of features.</summary>
/// <param name="RowsIn">Rows of the file that was taken in.</param>
/// <param name="Flights">Rows that were left after cleaning.</param>
/// <param name="Attempts">Of all tasks, over all re-runs.</param>
/// <param name="Checks">Of the last attempt of each task.</param>
internal sealed record DemoDayDocument(
    string Date,
    long Run,
    long? RowsIn,
    long? Flights,
    long? Airports,
    int Attempts,
    int Checks,
    int ChecksPassed,
    string State
)
{
    public static DemoDayDocument Read(ReadSession session, Run run)
    {
        var rows = session
            .Publications(run.Number)
            .Where(publication => publication.State == PublicationState.Published)
            .GroupBy(publication => publication.Output, StringComparer.Ordinal)
            .ToDictionary(group => group.Key, group => group.Last().Rows, StringComparer.Ordinal);
        // A task that was re-run was checked again.
        var checks = session
            .CheckResults(run.Number)
            .GroupBy(check => check.Task)
            .SelectMany(group => group.Where(check => check.Attempt == group.Max(each => each.Attempt)))
            .ToList();
        return new DemoDayDocument(
            run.Partition,
            run.Number.Value,
            rows.GetValueOrDefault("raw"),
            rows.GetValueOrDefault("flights"),
            rows.GetValueOrDefault("store"),
            session.Attempts(run.Number).Count,
            checks.Count,
            checks.Count(check => check.Passed),
            Names.Of(run.State)
        );
    }
}

/// <summary>A check that stopped a file, as it was before the mend.</summary>
/// <param name="Message">What it saw, in words.</param>
/// <param name="Blocked">The tasks that did not start because of it.</param>
/// <param name="VisibleToReaders">Whether the store had anything for that day.</param>
internal sealed record DemoStopDocument(
    string Date,
    long Run,
    string Task,
    string Check,
    string? Observed,
    string? Expected,
    string Message,
    JsonElement? Samples,
    string[] Blocked,
    bool VisibleToReaders
)
{
    /// <summary>Null when no check stopped the run.</summary>
    public static DemoStopDocument? Read(ReadSession session, Run run, bool isVisible)
    {
        if (
            session.CheckResults(run.Number).FirstOrDefault(check => check is { Passed: false, Severity: Core.Checks.CheckSeverity.Block })
            is not { } check
        )
        {
            return null;
        }

        var blocked = session.Tasks(run.Number).Where(task => task.State == TaskState.Blocked);
        return new DemoStopDocument(
            run.Partition,
            run.Number.Value,
            check.Task.ToString(),
            check.Name,
            check.Observed,
            check.Expected,
            check.Message ?? check.Name,
            Json(check.Samples),
            [.. blocked.Select(task => task.Key.ToString())],
            isVisible
        );
    }

    private static JsonElement? Json(string? text)
    {
        if (text is null)
        {
            return null;
        }

        using var document = JsonDocument.Parse(text);
        return document.RootElement.Clone();
    }
}

/// <summary>An attempt that failed and was followed by another.</summary>
internal sealed record DemoRetryDocument(
    string Date,
    long Run,
    string Task,
    int Attempt,
    string Class,
    string Message,
    double DelaySeconds,
    string State
)
{
    /// <summary>Null when nothing was retried.</summary>
    public static DemoRetryDocument? Read(ReadSession session, Run run)
    {
        foreach (var attempt in session.Attempts(run.Number))
        {
            if (attempt is { Failure: { } failure, NextDelay: { } delay })
            {
                var state = session.Task(run.Number, attempt.Key)!.State;
                return new DemoRetryDocument(
                    run.Partition,
                    run.Number.Value,
                    attempt.Key.ToString(),
                    attempt.Number,
                    Names.Of(failure.Class),
                    failure.Message,
                    delay.TotalSeconds,
                    Names.Of(state)
                );
            }
        }

        return null;
    }
}

/// <summary>One training.</summary>
/// <param name="Promoted">Whether the alias moved to the version that this run made.</param>
/// <param name="Decision">Why, with the numbers that were compared.</param>
internal sealed record DemoTrainingDocument(
    string Week,
    long Run,
    string State,
    long? Flights,
    DemoModelDocument[] Models,
    int? Version,
    bool Promoted,
    int? Champion,
    string? Decision
)
{
    private const string Model = "delay";
    private const string Alias = "champion";
    private static readonly TaskName Evaluate = new("evaluate");
    private static readonly TaskName Better = new("better");

    public static DemoTrainingDocument Read(ReadSession session, Run run)
    {
        var version = session.ModelVersions(run.Number).FirstOrDefault(version => version.Model == Model)?.Version;
        var metrics = session.Metrics(run.Number).Where(metric => metric.Task.Task == Evaluate).ToList();
        var better = session.Task(run.Number, new TaskKey(Better));
        return new DemoTrainingDocument(
            run.Partition,
            run.Number.Value,
            Names.Of(run.State),
            (long?)Number("flights"),
            Measured(session.Task(run.Number, new TaskKey(Evaluate))?.Result),
            version,
            better?.State == TaskState.Success,
            session.ModelAlias(Model, Alias)?.Version,
            better?.State switch
            {
                TaskState.Success when Number("champion_log_loss") is { } old =>
                    $"log loss {Number("log_loss")} on the same flights, against {old} of the champion",
                TaskState.Success => "there was no champion",
                _ => better?.Reason,
            }
        );

        double? Number(string name) => metrics.FirstOrDefault(metric => metric.Name == name)?.Value;
    }

    private static DemoModelDocument[] Measured(string? result) =>
        result is null ? [] : JsonSerializer.Deserialize(result, CliJson.Default.DemoModelDocumentArray) ?? [];
}

/// <summary>A model on the held-out flights.</summary>
internal sealed record DemoModelDocument(string Model, double Auc, double LogLoss);
