using System.CommandLine;
using System.Globalization;
using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Foresight;
using Signalbox.Core.Time;
using Signalbox.Core.Triggers;
using Signalbox.Storage;

namespace Signalbox.App.Cli;

/// <summary><c>plan arrivals</c>: when what pipelines wait for really came.</summary>
internal static class ArrivalsVerb
{
    public static Command Build()
    {
        var command = VerbParts.Command(
            "arrivals",
            "For each task that waits for the world: how long after the tick of the schedule it was done in the newest scheduled runs (median, 95th "
                + "percentile), and how much later the schedule could be so that nineteen of twenty runs would not wait at all. For each dataset that a "
                + "pipeline reads, waits for or is started by: how long after the end of its partitions it was there, whoever published it.",
            "plan arrivals --pipeline daily_flight_features",
            "plan arrivals --json"
        );
        var only = new Option<string?>("--pipeline") { Description = "Only of this pipeline", HelpName = "NAME" };
        var project = VerbParts.Project();
        var json = VerbParts.Json();
        command.Options.Add(only);
        command.Options.Add(project);
        command.Options.Add(json);
        command.SetAction(parsed =>
        {
            var opened = ProjectOpening.Find(parsed.GetValue(project));
            using var store = ProjectOpening.FindStore(opened);
            var found = Read(PlanVerb.Pipelines(opened), store, parsed.GetValue(only));
            if (parsed.GetValue(json))
            {
                CliJson.Print([.. found], CliJson.Default.ArrivalDocumentArray);
            }
            else if (found.Count == 0)
            {
                Console.Out.WriteLine("no task waits for anything, and no pipeline uses a dataset");
            }
            else
            {
                Print(found);
            }

            return ExitCode.Done;
        });
        return command;
    }

    /// <param name="pipelines">All of the project: who publishes a path is in another one than who reads it.</param>
    /// <param name="store">Null: nothing ever ran.</param>
    /// <param name="only">The one pipeline that is asked about; null: all.</param>
    public static List<ArrivalDocument> Read(IReadOnlyCollection<Pipeline> pipelines, Store? store, string? only)
    {
        var found = new List<ArrivalDocument>();
        var used = Lineage
            .Of(pipelines)
            .Where(edge => edge.Role != LineageRole.Produces)
            .ToLookup(edge => edge.Pipeline, edge => edge.Dataset);
        foreach (var pipeline in pipelines.Where(each => only is null || each.Name.Value == only))
        {
            var history = store?.Read(session => session.TaskHistories(pipeline.Name));
            found.AddRange(
                pipeline
                    .Tasks.Where(task => task.Kind.Waits && !task.Kind.Asks)
                    .Select(task => Of(pipeline, task.Name, dataset: null, history?.GetValueOrDefault(task.Name)))
            );
            found.AddRange(
                used[pipeline.Name].Distinct().Select(dataset => Of(pipeline, task: null, dataset, HistoryOf(dataset, pipeline, store)))
            );
        }

        return found;
    }

    /// <summary>The partitions of a dataset as if each were a run that was due when its time was over. What is not cut is due at no time.</summary>
    private static TaskHistory? HistoryOf(string dataset, Pipeline pipeline, Store? store)
    {
        var scheme = pipeline.CalendarOf().Partitions;
        var arrivals = store?.Read(session => session.Arrivals(dataset, TaskHistory.MostSamples)) ?? [];
        return new TaskHistory([
            .. arrivals
                .Select(arrival => (arrival.At, PartitionMapping.Read(arrival.Partition, scheme)?.End))
                .Where(arrival => arrival.End is not null)
                .Select(arrival => new TaskSample(arrival.At, arrival.At, arrival.End)),
        ]);
    }

    private static ArrivalDocument Of(Pipeline pipeline, TaskName? task, string? dataset, TaskHistory? history)
    {
        var (usual, late) = (history?.Arrival(Quantile.Median), history?.Arrival(Quantile.Late));
        var zone = Zone.Find(pipeline.TimeZone).Zone ?? Zone.Utc;
        return new ArrivalDocument(
            pipeline.Name.Value,
            task?.Value,
            dataset,
            history?.Arrivals.Length ?? 0,
            usual?.TotalSeconds,
            late?.TotalSeconds,
            [
                .. (history?.Arrivals ?? []).Select(arrival => new ArrivedDocument(
                    InstantText.Utc(arrival.Due),
                    InstantText.Utc(arrival.At),
                    arrival.At.ToOffset(zone.OffsetAt(arrival.At)).ToString("yyyy-MM-dd'T'HH:mm:sszzz", CultureInfo.InvariantCulture)
                )),
            ],
            history is null || late is not { } wait || history.Arrivals.Length < TaskHistory.Enough ? null
                : dataset is null ? Suggestion(wait)
                : SuggestionOfDataset(wait, !pipeline.Schedules.IsDefaultOrEmpty)
        );
    }

    private static string Suggestion(TimeSpan wait) =>
        wait < TimeSpan.FromMinutes(1)
            ? "it does not wait: the schedule is late enough"
            : $"a schedule {Brief.Of(wait)} later would not wait in 19 of 20 runs; keep the wait for the others";

    private static string? SuggestionOfDataset(TimeSpan wait, bool hasSchedule) =>
        !hasSchedule ? null
        : wait < TimeSpan.FromMinutes(1) ? "it is there when its partition ends"
        : $"a schedule {Brief.Of(wait)} after the end of a partition would find it in 19 of 20 runs; wait for it in the others";

    private static void Print(List<ArrivalDocument> found)
    {
        TextTable.Write(
            Console.Out,
            ["pipeline", "waits for", "times", "usually", "late", "last came (local)", "suggestion"],
            [
                .. found.Select(each =>
                    new[]
                    {
                        each.Pipeline,
                        each.Task ?? $"dataset {each.Dataset}",
                        each.Samples.ToString(CultureInfo.InvariantCulture),
                        After(each.UsualSeconds),
                        After(each.LateSeconds),
                        each.Arrivals.Length > 0 ? each.Arrivals[^1].Local : "",
                        each.Suggestion ?? "",
                    }
                ),
            ]
        );
        Console.Out.WriteLine(
            "usually and late: after the tick of the schedule, or of a dataset after the end of its partition; median and 95th percentile"
        );
    }

    private static string After(double? seconds) =>
        seconds is { } known ? $"{(known < 0 ? "-" : "+")}{Brief.Of(TimeSpan.FromSeconds(Math.Abs(known)))}" : "-";
}

/// <summary>One waiting task, or one dataset of a pipeline, of <c>plan arrivals --json</c>.</summary>
/// <param name="Task">The task that waits; null for a dataset.</param>
/// <param name="Dataset">The dataset that the pipeline reads, waits for or is started by; null for a task.</param>
/// <param name="Samples">Scheduled runs in which it succeeded, or partitions that came; the newest.</param>
/// <param name="UsualSeconds">After the tick, or after the end of the partition (negative: before it): the median; null without any.</param>
/// <param name="LateSeconds">The same: the 95th percentile.</param>
/// <param name="Arrivals">Oldest first.</param>
internal sealed record ArrivalDocument(
    string Pipeline,
    string? Task,
    string? Dataset,
    int Samples,
    double? UsualSeconds,
    double? LateSeconds,
    ArrivedDocument[] Arrivals,
    string? Suggestion
);

/// <summary>When a task was done that waited, or a partition was there; due at the tick, or at the end of the partition.</summary>
internal sealed record ArrivedDocument(string DueAt, string ArrivedAt, string Local);
