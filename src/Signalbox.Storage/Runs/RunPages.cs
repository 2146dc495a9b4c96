using Signalbox.Core;
using Signalbox.Core.Runs;

namespace Signalbox.Storage;

/// <summary>Which live runs are wanted, for who counts pages; what is null does not matter.</summary>
/// <param name="States">Empty: all.</param>
/// <param name="From">Only with a logical date from here on.</param>
/// <param name="To">Only with a logical date up to here, included.</param>
public sealed record RunPageFilter(
    PipelineName? Pipeline,
    IReadOnlyCollection<RunState> States,
    DateTimeOffset? From,
    DateTimeOffset? To,
    bool NewestFirst,
    int Limit,
    int Offset
);

public partial class ReadSession
{
    private const string FittingRuns = """
        from runs where namespace is null and (@pipeline is null or pipeline = @pipeline)
            and (@states = '' or @states like '%,' || state || ',%') and logical_ms >= @from_ms and logical_ms <= @to_ms
        """;
    private static readonly Sql RunsPageUp = new($"select {RunColumns} {FittingRuns} order by number limit @limit offset @offset");
    private static readonly Sql RunsPageDown = new($"select {RunColumns} {FittingRuns} order by number desc limit @limit offset @offset");
    private static readonly Sql RunsCount = new($"select count(*) {FittingRuns}");

    /// <summary>A page of runs in the order of their numbers.</summary>
    public IReadOnlyList<Run> RunsPage(RunPageFilter filter) =>
        RunsOf(Set(Use(filter.NewestFirst ? RunsPageDown : RunsPageUp), filter).Set("@limit", filter.Limit).Set("@offset", filter.Offset));

    /// <summary>How many runs fit, on all pages.</summary>
    public long CountRuns(RunPageFilter filter) => Set(Use(RunsCount), filter).Scalar() ?? 0;

    private static Statement Set(Statement query, RunPageFilter filter) =>
        query
            .Set("@pipeline", filter.Pipeline?.Value)
            .Set("@states", filter.States.Count == 0 ? "" : $",{string.Join(',', filter.States.Select(Names.Of))},")
            .Set("@from_ms", filter.From?.ToUnixTimeMilliseconds() ?? long.MinValue)
            .Set("@to_ms", filter.To?.ToUnixTimeMilliseconds() ?? long.MaxValue);
}
