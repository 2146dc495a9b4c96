using System.Text.Json;
using System.Text.Json.Serialization;
using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Engine.Projects;
using Signalbox.Storage;

namespace Signalbox.Engine.Upkeep;

/// <summary>What is past what a project keeps, at one instant: what goes, and what stays all the same.</summary>
/// <param name="At">The instant.</param>
/// <param name="Runs">The runs that go, with all that is their own.</param>
/// <param name="Versions">The kept contents that go with them.</param>
/// <param name="Records">How many rows go that belong to no run, by what they are.</param>
/// <param name="Stays">Past runs that stay, counted by the reason.</param>
public sealed record RetentionPlan(
    DateTimeOffset At,
    IReadOnlyList<RetentionPlan.GoingRun> Runs,
    IReadOnlyList<RetentionPlan.GoingVersion> Versions,
    IReadOnlyDictionary<string, long> Records,
    IReadOnlyList<RetentionPlan.Staying> Stays
)
{
    // A calendar may hold a year in one interval, and a wait may look at all of it.
    private static readonly TimeSpan LongestInterval = TimeSpan.FromDays(367);

    /// <summary>A run that goes.</summary>
    public sealed record GoingRun(string Pipeline, long Run, DateTimeOffset EndedAt);

    /// <summary>A version whose kept content goes.</summary>
    public sealed record GoingVersion(string Dataset, long Version, string Path, long? Bytes);

    /// <summary>Past runs of a pipeline that stay for one reason.</summary>
    public sealed record Staying(string Pipeline, string Reason, long Runs);

    /// <summary>Looks; changes nothing.</summary>
    public static RetentionPlan Of(Project project, ReadSession session, DateTimeOffset now)
    {
        var past = session
            .Pipelines()
            .SelectMany(row => WindowOf(project, session, row.Name, now) is { } window ? session.PastRuns(window) : [])
            .ToList();
        var runs = past.Where(run => run.Stays is null).ToList();
        return new RetentionPlan(
            now,
            [.. runs.Select(run => new GoingRun(run.Pipeline.Value, run.Run.Value, run.EndedAt))],
            [
                .. runs.SelectMany(run => session.Publications(run.Run))
                    .Where(version => version.Kept is not null)
                    .Select(version => new GoingVersion(version.Dataset, version.Id, version.Kept!, version.Bytes)),
            ],
            session.OldRecords(now - project.Retention.Records, now - project.Retention.Audit),
            [
                .. past.Where(run => run.Stays is not null)
                    .GroupBy(run => (run.Pipeline, run.Stays))
                    .Select(group => new Staying(group.Key.Pipeline.Value, group.Key.Stays!, group.Count())),
            ]
        );
    }

    /// <summary>What is kept of a pipeline; null when there is no such pipeline, and nothing of it goes.</summary>
    public static RetentionWindow? WindowOf(Project project, ReadSession session, PipelineName name, DateTimeOffset now)
    {
        if (session.Pipeline(name)?.Version is not { } version || session.Definition(name, version) is not { Pipeline: { } pipeline })
        {
            return null;
        }

        var spec = pipeline.Retention;
        return new RetentionWindow(
            name,
            now - (spec?.Age ?? project.Retention.Age),
            spec?.Runs ?? project.Retention.Runs,
            WaitedFrom(session, name)
        );
    }

    public string ToJson() => JsonSerializer.Serialize(this, RetentionJson.Default.RetentionPlan);

    /// <exception cref="JsonException">It is no such plan.</exception>
    public static RetentionPlan FromJson(string json) => JsonSerializer.Deserialize(json, RetentionJson.Default.RetentionPlan)!;

    /// <summary>The earliest time that a run which has not ended may wait for runs of a pipeline about; null when none waits for it.</summary>
    private static DateTimeOffset? WaitedFrom(ReadSession session, PipelineName name)
    {
        DateTimeOffset? earliest = null;
        foreach (var (pipeline, begins) in session.LivePipelines())
        {
            foreach (
                var wait in pipeline.Tasks.Select(task => task.Kind).OfType<TaskKind.WaitForTask>().Where(wait => wait.Pipeline == name)
            )
            {
                var from = begins + (wait.Offset < TimeSpan.Zero ? wait.Offset : TimeSpan.Zero) - LongestInterval;
                earliest = from < earliest ? from : earliest ?? from;
            }
        }

        return earliest;
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(RetentionPlan))]
internal sealed partial class RetentionJson : JsonSerializerContext;
