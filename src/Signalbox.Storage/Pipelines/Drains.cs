using Signalbox.Core;

namespace Signalbox.Storage;

/// <summary>Somebody has said that no new runs are taken; what runs goes on.</summary>
/// <param name="Pipeline">Of which pipeline; null is all of the project.</param>
public sealed record StoredDrain(PipelineName? Pipeline, string Who, string Reason, DateTimeOffset At);

public partial class ReadSession
{
    private static readonly Sql AllDrains = new("select scope, who, reason, at_ms from drains order by scope");
    private static readonly Sql DrainsOf = new(
        "select scope, who, reason, at_ms from drains where scope in ('', @pipeline) order by scope limit 1"
    );

    /// <summary>All that is drained, the project first.</summary>
    public IReadOnlyList<StoredDrain> Drains() => Use(AllDrains).All(DrainOf);

    /// <summary>Why a pipeline takes no new runs; null when it does.</summary>
    public StoredDrain? Drain(PipelineName pipeline) =>
        Use(DrainsOf).Set("@pipeline", pipeline.Value).All(DrainOf) is [var drain, ..] ? drain : null;

    private static StoredDrain DrainOf(Statement row) =>
        new(row.Text() is { Length: > 0 } name ? new PipelineName(name) : null, row.Text(), row.Text(), row.Time());
}

public sealed partial class WriteSession
{
    private static readonly Sql AddDrain = new(
        """
        insert into drains (scope, who, reason, at_ms) values (@scope, @who, @reason, @at_ms)
        on conflict (scope) do update set who = excluded.who, reason = excluded.reason, at_ms = excluded.at_ms
        """
    );
    private static readonly Sql RemoveDrain = new("delete from drains where scope = @scope");

    /// <summary>Notes that no new runs are taken, of a pipeline or (null) of any; a later word replaces an earlier one.</summary>
    public void SaveDrain(StoredDrain drain) =>
        Use(AddDrain)
            .Set("@scope", drain.Pipeline?.Value ?? "")
            .Set("@who", drain.Who)
            .Set("@reason", drain.Reason)
            .Set("@at_ms", drain.At)
            .Execute();

    /// <summary>New runs are taken again. False: they were before.</summary>
    public bool EndDrain(PipelineName? pipeline) => Use(RemoveDrain).Set("@scope", pipeline?.Value ?? "").Execute() == 1;
}
