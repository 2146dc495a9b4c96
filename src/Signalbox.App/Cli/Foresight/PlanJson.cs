using System.Globalization;
using System.Text.Json;
using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Foresight;
using Signalbox.Core.Time;
using Signalbox.Engine.Foresight;

namespace Signalbox.App.Cli;

/// <summary>A plan as one JSON document, written piece by piece: it may have hundreds of thousands of ticks.</summary>
internal static class PlanJson
{
    private const int FlushAt = 1 << 16;

    public static void Print(Plan plan, PipelineName? only)
    {
        using var output = Console.OpenStandardOutput();
        using var json = new Utf8JsonWriter(output, CliJson.Writing with { SkipValidation = true });
        json.WriteStartObject();
        json.WriteString("from", InstantText.Utc(plan.From));
        json.WriteString("to", InstantText.Utc(plan.To));
        json.WriteStartObject("method");
        json.WriteNumber("most_samples", TaskHistory.MostSamples);
        json.WriteNumber("enough_samples", TaskHistory.Enough);
        json.WriteNumber("expected", Quantile.Median);
        json.WriteNumber("late", Quantile.Late);
        json.WriteEndObject();
        json.WriteStartArray("ticks");
        foreach (var tick in plan.Ticks)
        {
            if (only is null || tick.Pipeline.Name == only)
            {
                Write(json, plan, tick);
                if (json.BytesPending > FlushAt)
                {
                    json.Flush();
                }
            }
        }

        json.WriteEndArray();
        json.WriteStartArray("pools");
        foreach (var pool in plan.Pools)
        {
            json.WriteStartObject();
            json.WriteString("pool", pool.Name);
            json.WriteNumber("slots", pool.Slots);
            json.WriteStartArray("load");
            foreach (var load in pool.Load)
            {
                json.WriteStartObject();
                json.WriteString("from", InstantText.Utc(load.From));
                json.WriteString("to", InstantText.Utc(load.To));
                json.WriteNumber("peak", load.Peak);
                json.WriteNumber("average", Math.Round(load.Average, 4));
                json.WriteNumber("waiting", load.Waiting);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
        output.Write("\n"u8);
    }

    public static void Print(PlanDifference difference, Pipeline changed, DateTimeOffset from, DateTimeOffset to)
    {
        using var output = Console.OpenStandardOutput();
        using var json = new Utf8JsonWriter(output, CliJson.Writing);
        json.WriteStartObject();
        json.WriteString("pipeline", changed.Name.Value);
        json.WriteString("from", InstantText.Utc(from));
        json.WriteString("to", InstantText.Utc(to));
        json.WriteNumber("same", difference.Same);
        Seconds(json, "expected_seconds_before", difference.LengthBefore);
        Seconds(json, "expected_seconds_after", difference.LengthAfter);
        Texts(json, "tasks_added", difference.Tasks.Added);
        Texts(json, "tasks_removed", difference.Tasks.Removed);
        json.WriteStartArray("ticks");
        foreach (var each in difference.Ticks)
        {
            json.WriteStartObject();
            json.WriteString("change", PlanText.Word(each.Change));
            Instant(json, "before", each.Before?.Tick.FiresAt);
            Instant(json, "after", each.After?.Tick.FiresAt);
            var tick = (each.After ?? each.Before)!.Value;
            json.WriteString("run_id", tick.Tick.Run!.Id.Value);
            json.WriteString("partition", tick.Tick.Run.Slice.Partition);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
        output.Write("\n"u8);
    }

    /// <summary>The word for a clock change, or null.</summary>
    public static string? Word(Dst dst) =>
        dst switch
        {
            Dst.ShiftedByGap => "shifted_by_gap",
            Dst.FirstOfFold => "first_of_fold",
            Dst.SecondOfFold => "second_of_fold",
            _ => null,
        };

    private static void Write(Utf8JsonWriter json, Plan plan, PlanTick tick)
    {
        json.WriteStartObject();
        json.WriteString("pipeline", tick.Pipeline.Name.Value);
        json.WriteString("schedule", tick.Tick.Schedule);
        json.WriteString("at", InstantText.Utc(tick.Tick.Tick.Utc));
        json.WriteString("local", tick.Tick.Tick.Label.ToString("yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture));
        json.WriteString("timezone", tick.Pipeline.TimeZone);
        Text(json, "dst", Word(tick.Tick.Tick.Dst));
        json.WriteString("fires_at", InstantText.Utc(tick.Tick.FiresAt));
        Text(json, "skip", tick.Skip is { } skip ? Names.Of(skip) : null);
        Text(json, "reason", tick.Reason);
        if (tick.Skip is null && tick is { Run: { } run, Tick.Run: { } made })
        {
            json.WriteString("run_id", made.Id.Value);
            json.WriteString("logical_date", InstantText.Utc(made.Slice.LogicalDate));
            json.WriteString("partition", made.Slice.Partition);
            WriteRun(json, plan.Forecast, run);
        }

        json.WriteEndObject();
    }

    private static void WriteRun(Utf8JsonWriter json, Forecast forecast, int run)
    {
        var expected = forecast[run];
        Span(json, expected.Span);
        json.WriteBoolean("complete", expected.IsComplete);
        json.WriteStartArray("deadlines");
        foreach (var deadline in expected.Deadlines)
        {
            json.WriteStartObject();
            Text(json, "task", deadline.Deadline.Task?.Value);
            json.WriteString("rule", deadline.Deadline.Rule);
            json.WriteString("due_at", InstantText.Utc(deadline.Deadline.DueAt));
            json.WriteString("outlook", Names.Of(deadline.Outlook));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("tasks");
        foreach (var task in expected.Tasks)
        {
            json.WriteStartObject();
            json.WriteString("task", task.Task.Value);
            Span(json, task.Span);
            json.WriteString("basis", Names.Of(task.Basis));
            json.WriteNumber("samples", task.Samples);
            json.WriteBoolean("critical", task.IsCritical);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void Span(Utf8JsonWriter json, ForecastSpan span)
    {
        Instant(json, "expected_start", span.Start);
        Instant(json, "expected_end", span.End);
        Instant(json, "late_start", span.LateStart);
        Instant(json, "late_end", span.LateEnd);
    }

    private static void Instant(Utf8JsonWriter json, string name, DateTimeOffset? at) =>
        Text(json, name, at is { } known ? InstantText.Utc(known) : null);

    private static void Text(Utf8JsonWriter json, string name, string? text)
    {
        if (text is null)
        {
            json.WriteNull(name);
        }
        else
        {
            json.WriteString(name, text);
        }
    }

    private static void Seconds(Utf8JsonWriter json, string name, TimeSpan? length)
    {
        if (length is { } known)
        {
            json.WriteNumber(name, known.TotalSeconds);
        }
        else
        {
            json.WriteNull(name);
        }
    }

    private static void Texts(Utf8JsonWriter json, string name, IReadOnlyList<string> texts)
    {
        json.WriteStartArray(name);
        foreach (var text in texts)
        {
            json.WriteStringValue(text);
        }

        json.WriteEndArray();
    }
}
