using System.CommandLine;
using System.Globalization;
using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Foresight;
using Signalbox.Core.Time;
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
                + "percentile), and how much later the schedule could be so that nineteen of twenty runs would not wait at all.",
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
                Console.Out.WriteLine("no task waits for anything");
            }
            else
            {
                Print(found);
            }

            return ExitCode.Done;
        });
        return command;
    }

    /// <param name="store">Null: nothing ever ran.</param>
    /// <param name="only">The one pipeline that is asked about; null: all.</param>
    public static List<ArrivalDocument> Read(IEnumerable<Pipeline> pipelines, Store? store, string? only)
    {
        var found = new List<ArrivalDocument>();
        foreach (var pipeline in pipelines.Where(each => only is null || each.Name.Value == only))
        {
            var history = store?.Read(session => session.TaskHistories(pipeline.Name));
            found.AddRange(
                pipeline
                    .Tasks.Where(task => task.Kind.Waits && !task.Kind.Asks)
                    .Select(task => Of(pipeline.Name, pipeline.TimeZone, task.Name, history?.GetValueOrDefault(task.Name)))
            );
        }

        return found;
    }

    private static ArrivalDocument Of(PipelineName pipeline, string zoneId, TaskName task, TaskHistory? history)
    {
        var (usual, late) = (history?.Arrival(Quantile.Median), history?.Arrival(Quantile.Late));
        var zone = Zone.Find(zoneId).Zone ?? Zone.Utc;
        return new ArrivalDocument(
            pipeline.Value,
            task.Value,
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
            Suggestion(history, late)
        );
    }

    private static string? Suggestion(TaskHistory? history, TimeSpan? late) =>
        history is null || late is not { } wait || history.Arrivals.Length < TaskHistory.Enough ? null
        : wait < TimeSpan.FromMinutes(1) ? "it does not wait: the schedule is late enough"
        : $"a schedule {Brief.Of(wait)} later would not wait in 19 of 20 runs; keep the wait for the others";

    private static void Print(List<ArrivalDocument> found)
    {
        TextTable.Write(
            Console.Out,
            ["pipeline", "task", "runs", "usually", "late", "last came (local)", "suggestion"],
            [
                .. found.Select(each =>
                    new[]
                    {
                        each.Pipeline,
                        each.Task,
                        each.Samples.ToString(CultureInfo.InvariantCulture),
                        After(each.UsualSeconds),
                        After(each.LateSeconds),
                        each.Arrivals.Length > 0 ? each.Arrivals[^1].Local : "",
                        each.Suggestion ?? "",
                    }
                ),
            ]
        );
        Console.Out.WriteLine("usually and late: after the tick of the schedule, median and 95th percentile");
    }

    private static string After(double? seconds) => seconds is { } known ? $"+{Brief.Of(TimeSpan.FromSeconds(known))}" : "-";
}

/// <summary>One waiting task of <c>plan arrivals --json</c>.</summary>
/// <param name="Samples">Scheduled runs in which it succeeded, the newest.</param>
/// <param name="UsualSeconds">After the tick: the median; null without any.</param>
/// <param name="LateSeconds">After the tick: the 95th percentile.</param>
/// <param name="Arrivals">Oldest tick first.</param>
internal sealed record ArrivalDocument(
    string Pipeline,
    string Task,
    int Samples,
    double? UsualSeconds,
    double? LateSeconds,
    ArrivedDocument[] Arrivals,
    string? Suggestion
);

/// <summary>When a task was done that waited.</summary>
internal sealed record ArrivedDocument(string DueAt, string ArrivedAt, string Local);
