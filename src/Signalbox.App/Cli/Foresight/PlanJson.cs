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
        Write(output, plan, only);
    }

    /// <param name="only">List only the ticks of this pipeline; null: all.</param>
    public static void Write(Stream output, Plan plan, PipelineName? only)
    {
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
        var ticks = new TickJson(plan);
        foreach (var tick in plan.Ticks)
        {
            if (only is null || tick.Pipeline.Name == only)
            {
                json.WriteRawValue(ticks.Of(tick), skipInputValidation: true);
                if (json.BytesPending > FlushAt)
                {
                    json.Flush();
                }
            }
        }

        json.WriteEndArray();
        json.WriteStartArray("consumers");
        foreach (var consumer in plan.Consumers)
        {
            if (only is null || consumer.Pipeline.Name == only)
            {
                json.WriteRawValue(ticks.Of(consumer), skipInputValidation: true);
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
            json.WriteString("before", each.Before is { } before ? InstantText.Utc(before.Tick.FiresAt) : null);
            json.WriteString("after", each.After is { } after ? InstantText.Utc(after.Tick.FiresAt) : null);
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
