using System.Text.Json;
using Signalbox.App.Cli;
using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Runs;
using Signalbox.Core.Scheduling;
using Signalbox.Core.Time;
using Signalbox.Engine.Projects;
using Signalbox.Storage;

namespace Signalbox.App.Api;

/// <summary>A definition in the list of a pipeline's.</summary>
/// <param name="Current">Whether new runs execute it.</param>
internal sealed record PipelineVersionDocument(string Version, string FirstSeen, bool Current);

/// <summary>A definition with what its author wrote.</summary>
/// <param name="File">Where it stands in the project.</param>
internal sealed record PipelineSourceDocument(string Pipeline, string Version, string FirstSeen, bool Current, string? File, string Source);

/// <summary>What became of a time of a schedule: a run, or the reason why there is none.</summary>
internal sealed record DecidedTickDocument(DateTimeOffset At, long? Run, string? Skipped);

/// <summary>A time at which a run is due, in UTC and on the wall clock of its zone.</summary>
internal sealed record UpcomingDocument(string Pipeline, DateTimeOffset Utc, DateTimeOffset Local, string TimeZone, string LogicalDate)
{
    public static IEnumerable<UpcomingDocument> Of(Pipeline pipeline, DateTimeOffset now, int most)
    {
        var zone = Zone.Find(pipeline.TimeZone).Zone ?? Zone.Utc;
        var times = Timetable.Of(pipeline);
        var count = 0;
        for (var tick = times.NextRun(now); tick is { Run: { } run } next && count < most; tick = times.NextRun(next.FiresAt))
        {
            count++;
            yield return new UpcomingDocument(
                pipeline.Name.Value,
                next.FiresAt,
                next.FiresAt.ToOffset(zone.OffsetAt(next.FiresAt)),
                pipeline.TimeZone,
                InstantText.Utc(run.Slice.LogicalDate)
            );
        }
    }
}

/// <summary>A pool.</summary>
/// <param name="InUse">Slots that running tasks hold.</param>
/// <param name="Waiting">Slots that tasks want which are ready.</param>
internal sealed record PoolDocument(string Pool, int Slots, int InUse, int Waiting)
{
    public static PoolDocument[] List(ReadSession session, Project project)
    {
        var (used, wanted) = (new Dictionary<string, int>(StringComparer.Ordinal), new Dictionary<string, int>(StringComparer.Ordinal));
        foreach (var run in session.ActiveRuns())
        {
            var tasks = session.Tasks(run.Number).Where(task => task.HoldsSlot || task.State == TaskState.Scheduled).ToList();
            if (tasks.Count == 0)
            {
                continue;
            }

            var nodes = session.Definition(run.Pipeline, run.Version)!.Pipeline.Tasks;
            foreach (var task in tasks)
            {
                var node = nodes.First(each => each.Name == task.Key.Task);
                var counted = task.HoldsSlot ? used : wanted;
                counted[node.Pool] = counted.GetValueOrDefault(node.Pool) + node.Slots;
            }
        }

        return
        [
            .. project.Pools.Select(pool => new PoolDocument(
                pool.Key,
                pool.Value,
                used.GetValueOrDefault(pool.Key),
                wanted.GetValueOrDefault(pool.Key)
            )),
        ];
    }
}

/// <summary>A reason for a change, where nothing else has to be said.</summary>
internal sealed record ReasonRequest(string? Reason = null);

/// <summary>The parameters of a pipeline as a JSON Schema of the object that a run is given.</summary>
internal static class ParamSchema
{
    public static JsonElement Of(Pipeline pipeline)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("type", "object");
            json.WriteStartObject("properties");
            foreach (var spec in pipeline.Params)
            {
                Write(json, spec);
            }

            json.WriteEndObject();
            json.WriteStartArray("required");
            foreach (var spec in pipeline.Params.Where(spec => spec.Default is null))
            {
                json.WriteStringValue(spec.Name);
            }

            json.WriteEndArray();
            json.WriteBoolean("additionalProperties", false);
            json.WriteEndObject();
        }

        return ApprovalDocument.Parse(System.Text.Encoding.UTF8.GetString(buffer.ToArray()));
    }

    private static void Write(Utf8JsonWriter json, ParamSpec spec)
    {
        json.WriteStartObject(spec.Name);
        if (spec.Type != ParamType.Any)
        {
            json.WriteString("type", Names.Of(spec.Type));
        }

        if (spec.Description is { } description)
        {
            json.WriteString("description", description);
        }

        if (spec.Default is { } value)
        {
            json.WritePropertyName("default");
            json.WriteRawValue(value);
        }

        if (spec.Minimum is { } minimum)
        {
            json.WriteNumber("minimum", minimum);
        }

        if (spec.Maximum is { } maximum)
        {
            json.WriteNumber("maximum", maximum);
        }

        if (spec.Pattern is { } pattern)
        {
            json.WriteString("pattern", pattern);
        }

        if (!spec.Enum.IsEmpty)
        {
            json.WriteStartArray("enum");
            foreach (var allowed in spec.Enum)
            {
                json.WriteRawValue(allowed);
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
    }
}
