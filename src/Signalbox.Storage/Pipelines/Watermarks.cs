using System.Globalization;
using Signalbox.Core;

namespace Signalbox.Storage;

/// <summary>Up to which day a pipeline has processed its data.</summary>
public sealed record Watermark(PipelineName Pipeline, DateOnly Processed, DateTimeOffset UpdatedAt, string? Reason);

/// <summary>One move of a watermark.</summary>
/// <param name="From">Null for the first.</param>
public sealed record WatermarkMove(PipelineName Pipeline, DateOnly? From, DateOnly To, DateTimeOffset At, string? Reason);

public partial class ReadSession
{
    private protected const string DayFormat = "yyyy-MM-dd";
    private static readonly Sql WatermarkOf = new(
        "select pipeline_name, processed_date, updated_ms, reason from pipeline_watermarks where pipeline_name = @pipeline"
    );
    private static readonly Sql WatermarkMovesOf = new(
        """
        select pipeline_name, from_date, to_date, at_ms, reason from watermark_history where pipeline_name = @pipeline
        order by id desc limit @limit
        """
    );

    /// <summary>Null when the pipeline has none.</summary>
    public Watermark? Watermark(PipelineName pipeline) =>
        Use(WatermarkOf)
            .Set("@pipeline", pipeline.Value)
            .First(row => new Watermark(new(row.Text()), Day(row.Text()), row.Time(), row.TextOrNull()));

    /// <summary>How the watermark moved, the newest first.</summary>
    public IReadOnlyList<WatermarkMove> WatermarkMoves(PipelineName pipeline, int limit) =>
        Use(WatermarkMovesOf)
            .Set("@pipeline", pipeline.Value)
            .Set("@limit", limit)
            .All(row => new WatermarkMove(
                new(row.Text()),
                row.TextOrNull() is { } from ? Day(from) : null,
                Day(row.Text()),
                row.Time(),
                row.TextOrNull()
            ));

    private static DateOnly Day(string text) =>
        DateOnly.TryParseExact(text, DayFormat, CultureInfo.InvariantCulture, DateTimeStyles.None, out var day)
            ? day
            : throw new StoreCorrupt($"the store holds `{text}` where a date is expected");
}

public sealed partial class WriteSession
{
    private static readonly Sql SetOneWatermark = new(
        """
        insert into pipeline_watermarks (pipeline_name, processed_date, updated_ms, reason)
        values (@pipeline, @processed_date, @updated_ms, @reason)
        on conflict (pipeline_name) do update set processed_date = excluded.processed_date, updated_ms = excluded.updated_ms,
            reason = excluded.reason
        """
    );
    private static readonly Sql AddWatermarkMove = new(
        """
        insert into watermark_history (pipeline_name, from_date, to_date, at_ms, reason)
        values (@pipeline, @from_date, @to_date, @at_ms, @reason)
        """
    );

    /// <summary>Sets the watermark, forwards or back, and keeps what it was in its history.</summary>
    public void SetWatermark(PipelineName pipeline, DateOnly processed, string? reason, DateTimeOffset at)
    {
        var before = Watermark(pipeline);
        var to = processed.ToString(DayFormat, CultureInfo.InvariantCulture);
        Use(SetOneWatermark)
            .Set("@pipeline", pipeline.Value)
            .Set("@processed_date", to)
            .Set("@updated_ms", at)
            .Set("@reason", reason)
            .Post();
        Use(AddWatermarkMove)
            .Set("@pipeline", pipeline.Value)
            .Set("@from_date", before?.Processed.ToString(DayFormat, CultureInfo.InvariantCulture))
            .Set("@to_date", to)
            .Set("@at_ms", at)
            .Set("@reason", reason)
            .Post();
    }
}
