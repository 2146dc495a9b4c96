using System.Text.Json;
using System.Text.Json.Nodes;
using Signalbox.Storage;

namespace Signalbox.App.Cli;

/// <summary>Rows that the checks of one output rejected in one run, as <c>rejected list --json</c> prints them.</summary>
/// <param name="Slice">The partition, or the logical date where there is none.</param>
/// <param name="Of">How many rows the output had before.</param>
/// <param name="Checks">How many rows each check rejected; a row may count for several.</param>
/// <param name="Path">The Parquet file with the rows.</param>
/// <param name="State">kept or replaced.</param>
/// <param name="ReplayRun">The last run that was started to take them in again.</param>
internal sealed record RejectedDocument(
    long Id,
    string Pipeline,
    string Task,
    int MapIndex,
    string Output,
    string Slice,
    string? Namespace,
    long Run,
    int Attempt,
    long Rows,
    long Of,
    Dictionary<string, long> Checks,
    string Path,
    string State,
    long? ReplayRun,
    string At
)
{
    /// <summary>The line of <c>rejected list</c>.</summary>
    public string[] Cells() =>
        [
            $"{Id}",
            Pipeline,
            MapIndex < 0 ? Task : $"{Task}[{MapIndex}]",
            Output,
            Slice,
            $"{Run}",
            $"{Rows}",
            $"{Of}",
            string.Join(", ", Checks.Select(check => $"{check.Key}: {check.Value}")),
            ReplayRun is { } replay ? $"{State}, given to run {replay}" : State,
        ];

    public static RejectedDocument From(Rejected rejected)
    {
        using var counts = JsonDocument.Parse(rejected.Checks);
        return new(
            rejected.Id,
            rejected.Pipeline.Value,
            rejected.Task.Task.Value,
            rejected.Task.MapIndex,
            rejected.Output,
            rejected.Partition,
            rejected.Namespace?.Value,
            rejected.Run.Value,
            rejected.Attempt,
            rejected.Rows,
            rejected.Of,
            counts.RootElement.EnumerateObject().ToDictionary(check => check.Name, check => check.Value.GetInt64()),
            rejected.Path,
            rejected.State switch
            {
                RejectedState.Prepared => "prepared",
                RejectedState.Kept => "kept",
                RejectedState.Replaced => "replaced",
                _ => "aborted",
            },
            rejected.ReplayRun?.Value,
            InstantText.Fine(rejected.At)
        );
    }
}

/// <summary><c>rejected show --json</c>.</summary>
/// <param name="Rows">Each with <c>signalbox_reason</c> and <c>signalbox_run</c>.</param>
internal sealed record RejectedRowsDocument(RejectedDocument Rejected, JsonObject[] Rows);

/// <summary>What a check found, as the tasks of a run print it.</summary>
/// <param name="Subject">The output, or <c>inputs.NAME</c>.</param>
/// <param name="Samples">Up to ten offending rows.</param>
internal sealed record CheckDocument(
    string Subject,
    string Name,
    string Kind,
    string Severity,
    bool Passed,
    int Attempt,
    string? Observed,
    string? Expected,
    string? Message,
    JsonElement Samples
)
{
    public static CheckDocument Of(StoredCheck check)
    {
        using var samples = JsonDocument.Parse(check.Samples ?? "[]");
        return new(
            check.Output,
            check.Name,
            check.Kind,
            Core.Names.Of(check.Severity),
            check.Passed,
            check.Attempt,
            check.Observed,
            check.Expected,
            check.Message,
            samples.RootElement.Clone()
        );
    }
}
