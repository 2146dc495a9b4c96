using Signalbox.Core;
using Signalbox.Core.Checks;

namespace Signalbox.Storage;

/// <summary>What a check found in what an attempt staged.</summary>
/// <param name="Name">As people know the check.</param>
/// <param name="Kind">Which check it is, e.g. <c>row_count</c>.</param>
/// <param name="Samples">JSON list of some offending rows.</param>
public sealed record StoredCheck(
    RunNumber Run,
    TaskKey Task,
    int Attempt,
    string Output,
    string Name,
    string Kind,
    CheckSeverity Severity,
    bool Passed,
    string? Observed,
    string? Expected,
    string? Message,
    string? Samples,
    DateTimeOffset At
);

public partial class ReadSession
{
    private static readonly Sql CheckResultsOf = new(
        """
        select run_number, task, map_index, attempt, output, name, kind, severity, passed, observed, expected, message, samples, at_ms
        from check_results where run_number = @run order by id
        """
    );

    /// <summary>All results of a run, in the order in which the checks ran.</summary>
    public IReadOnlyList<StoredCheck> CheckResults(RunNumber run) =>
        Use(CheckResultsOf)
            .Set(run)
            .All(row => new StoredCheck(
                new(row.Long()),
                row.Key(),
                row.Int(),
                row.Text(),
                row.Text(),
                row.Text(),
                row.Word(Names.CheckSeverityOf),
                row.Bool(),
                row.TextOrNull(),
                row.TextOrNull(),
                row.TextOrNull(),
                row.TextOrNull(),
                row.Time()
            ));
}

public sealed partial class WriteSession
{
    private static readonly Sql AddResult = new(
        """
        insert into check_results (run_number, task, map_index, attempt, output, name, kind, severity, passed, observed, expected, message,
            samples, at_ms)
        values (@run, @task, @map_index, @attempt, @output, @name, @kind, @severity, @passed, @observed, @expected, @message, @samples, @at_ms)
        """
    );

    /// <summary>Keeps what a check found.</summary>
    public void AddCheckResult(StoredCheck result) =>
        Use(AddResult)
            .Set(result.Run)
            .Set(result.Task)
            .Set("@attempt", result.Attempt)
            .Set("@output", result.Output)
            .Set("@name", result.Name)
            .Set("@kind", result.Kind)
            .Set("@severity", Names.Of(result.Severity))
            .Set("@passed", result.Passed)
            .Set("@observed", result.Observed)
            .Set("@expected", result.Expected)
            .Set("@message", result.Message)
            .Set("@samples", result.Samples)
            .Set("@at_ms", result.At)
            .Post();
}
