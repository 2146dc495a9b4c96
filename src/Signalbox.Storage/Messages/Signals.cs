using Signalbox.Core;

namespace Signalbox.Storage;

/// <summary>A message that a task waits for, to one run or to all runs of a pipeline for one logical date.</summary>
/// <param name="LogicalDate">Null exactly when <paramref name="Run"/> is given.</param>
/// <param name="Data">JSON that the sender gave along; opaque here.</param>
public sealed record Signal(
    PipelineName Pipeline,
    DateTimeOffset? LogicalDate,
    RunNumber? Run,
    string Name,
    string? Data,
    string Who,
    DateTimeOffset At
);

public partial class ReadSession
{
    private static readonly Sql SignalFor = new(
        """
        select pipeline, logical_ms, run_number, name, data, who, at_ms from signals
        where pipeline = @pipeline and name = @name and (run_number = @run or logical_ms = @logical_ms) order by id desc limit 1
        """
    );

    /// <summary>The latest message of a name for a run; null when none was sent.</summary>
    public Signal? Signal(PipelineName pipeline, RunNumber run, DateTimeOffset logicalDate, string name) =>
        Use(SignalFor)
            .Set("@pipeline", pipeline.Value)
            .Set("@name", name)
            .Set(run)
            .Set("@logical_ms", logicalDate)
            .First(row => new Signal(
                new(row.Text()),
                row.TimeOrNull(),
                row.LongOrNull() is { } number ? new RunNumber(number) : null,
                row.Text(),
                row.TextOrNull(),
                row.Text(),
                row.Time()
            ));
}

public sealed partial class WriteSession
{
    private static readonly Sql AddSignal = new(
        """
        insert into signals (pipeline, logical_ms, run_number, name, data, who, at_ms)
        values (@pipeline, @logical_ms, @run, @name, @data, @who, @at_ms)
        """
    );

    /// <summary>Keeps a message; sending it again keeps both, of which tasks see the latest.</summary>
    public void Add(Signal signal) =>
        Use(AddSignal)
            .Set("@pipeline", signal.Pipeline.Value)
            .Set("@logical_ms", signal.LogicalDate)
            .Set("@run", signal.Run?.Value)
            .Set("@name", signal.Name)
            .Set("@data", signal.Data)
            .Set("@who", signal.Who)
            .Set("@at_ms", signal.At)
            .Post();
}
