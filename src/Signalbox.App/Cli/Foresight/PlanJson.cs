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
    private const int MostOnStack = 256;
    private const int InstantLength = 20;

    public static void Print(Plan plan, PipelineName? only)
    {
        using var output = Console.OpenStandardOutput();
        using var json = new Utf8JsonWriter(output, CliJson.Writing with { SkipValidation = true, Indented = false });
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
            Instant(json, Names.Before, each.Before?.Tick.FiresAt);
            Instant(json, Names.After, each.After?.Tick.FiresAt);
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
        Instant(json, Names.At, tick.Tick.Tick.Utc);
        json.WriteString("local", tick.Tick.Tick.Label.ToString("yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture));
        json.WriteString("timezone", tick.Pipeline.TimeZone);
        Text(json, "dst", Word(tick.Tick.Tick.Dst));
        Instant(json, Names.FiresAt, tick.Tick.FiresAt);
        Text(json, "skip", tick.Skip is { } skip ? Core.Names.Of(skip) : null);
        Text(json, "reason", tick.Reason);
        if (tick.Skip is null && tick is { Run: { } run, Tick.Run: { } made })
        {
            json.WriteString("run_id", made.Id.Value);
            Instant(json, Names.LogicalDate, made.Slice.LogicalDate);
            json.WriteString("partition", made.Slice.Partition);
            WriteRun(json, plan.Forecast, run);
        }

        json.WriteEndObject();
    }

    private static void WriteRun(Utf8JsonWriter json, Forecast forecast, int run)
    {
        var model = forecast.PlannedOf(run).Model;
        Span(json, forecast.SpanOf(run));
        json.WriteBoolean("complete", model.IsComplete);
        json.WriteStartArray("deadlines");
        foreach (var deadline in forecast.DeadlinesOf(run))
        {
            json.WriteStartObject();
            Text(json, "task", deadline.Deadline.Task?.Value);
            json.WriteString("rule", deadline.Deadline.Rule);
            Instant(json, Names.DueAt, deadline.Deadline.DueAt);
            json.WriteString("outlook", Core.Names.Of(deadline.Outlook));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("tasks");
        Span<bool> critical = stackalloc bool[Math.Min(model.Count, MostOnStack)];
        critical = model.Count > MostOnStack ? new bool[model.Count] : critical;
        forecast.MarkCritical(run, critical);
        for (var node = 0; node < model.Count; node++)
        {
            json.WriteStartObject();
            json.WriteString(Names.Task, model.Pipeline.Tasks[node].Name.Value);
            Span(json, forecast.SpanOf(run, node));
            json.WriteString(Names.Basis, Core.Names.Of(model.HistoryOf(node).Basis));
            json.WriteNumber(Names.Samples, model.HistoryOf(node).Count);
            json.WriteBoolean(Names.Critical, critical[node]);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void Span(Utf8JsonWriter json, ForecastSpan span)
    {
        Instant(json, Names.ExpectedStart, span.Start);
        Instant(json, Names.ExpectedEnd, span.End);
        Instant(json, Names.LateStart, span.LateStart);
        Instant(json, Names.LateEnd, span.LateEnd);
    }

    private static void Instant(Utf8JsonWriter json, JsonEncodedText name, DateTimeOffset? at)
    {
        if (at is not { } known)
        {
            json.WriteNull(name);
            return;
        }

        // A plan has millions of them: they are written without a text in between.
        Span<byte> text = stackalloc byte[InstantLength];
        "0000-00-00T00:00:00Z"u8.CopyTo(text);
        var (date, time) = known.UtcDateTime;
        var (year, month, day) = date;
        Digits(text[..4], year);
        Digits(text[5..7], month);
        Digits(text[8..10], day);
        Digits(text[11..13], time.Hour);
        Digits(text[14..16], time.Minute);
        Digits(text[17..19], time.Second);
        json.WriteString(name, text);
    }

    private static void Digits(Span<byte> text, int number)
    {
        for (var i = text.Length - 1; i >= 0; i--)
        {
            text[i] = (byte)('0' + (number % 10));
            number /= 10;
        }
    }

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

    /// <summary>The names of what is written most.</summary>
    private static class Names
    {
        public static readonly JsonEncodedText Task = JsonEncodedText.Encode("task");
        public static readonly JsonEncodedText Basis = JsonEncodedText.Encode("basis");
        public static readonly JsonEncodedText Samples = JsonEncodedText.Encode("samples");
        public static readonly JsonEncodedText Critical = JsonEncodedText.Encode("critical");
        public static readonly JsonEncodedText ExpectedStart = JsonEncodedText.Encode("expected_start");
        public static readonly JsonEncodedText ExpectedEnd = JsonEncodedText.Encode("expected_end");
        public static readonly JsonEncodedText LateStart = JsonEncodedText.Encode("late_start");
        public static readonly JsonEncodedText LateEnd = JsonEncodedText.Encode("late_end");
        public static readonly JsonEncodedText At = JsonEncodedText.Encode("at");
        public static readonly JsonEncodedText FiresAt = JsonEncodedText.Encode("fires_at");
        public static readonly JsonEncodedText DueAt = JsonEncodedText.Encode("due_at");
        public static readonly JsonEncodedText LogicalDate = JsonEncodedText.Encode("logical_date");
        public static readonly JsonEncodedText Before = JsonEncodedText.Encode("before");
        public static readonly JsonEncodedText After = JsonEncodedText.Encode("after");
    }
}
