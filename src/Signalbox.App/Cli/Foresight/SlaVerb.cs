using System.CommandLine;
using System.Globalization;
using Signalbox.Core;
using Signalbox.Core.Sla;
using Signalbox.Engine.Deadlines;

namespace Signalbox.App.Cli;

/// <summary><c>sla report</c>: how pipelines kept their deadlines.</summary>
internal static class SlaVerb
{
    private const int MostDays = 3660;

    public static readonly Verb Verb = new("sla", "Report how pipelines kept their deadlines", Build);

    private static Command Build()
    {
        var command = VerbParts.Command(Verb.Name, "Deadlines of pipelines and tasks (`sla:` in a pipeline file).", "sla report --days 30");
        command.Subcommands.Add(BuildReport());
        return command;
    }

    private static Command BuildReport()
    {
        var command = VerbParts.Command(
            "report",
            "For each pipeline with deadlines: runs due in the last days, those on time, the rate in percent, and the minutes from when a run was due "
                + "until it was done: average, 95th percentile (PERCENTILE_CONT) and limit. Warns of what gets slower before it is late.",
            "sla report --days 30",
            "sla report --pipeline daily --json"
        );
        var days = new Option<int>("--days")
        {
            Description = "Runs due in so many days until now",
            HelpName = "N",
            DefaultValueFactory = _ => SlaReports.UsualDays,
        };
        var pipeline = new Option<string?>("--pipeline") { Description = "Only this pipeline", HelpName = "NAME" };
        var project = VerbParts.Project();
        var json = VerbParts.Json();
        foreach (var option in new Option[] { days, pipeline, project, json })
        {
            command.Options.Add(option);
        }

        command.SetAction(parsed =>
        {
            var count = parsed.GetValue(days);
            if (count is < 1 or > MostDays)
            {
                throw new UserMistakeException($"--days: {count} is not a number from 1 to {MostDays}");
            }

            using var store = ProjectOpening.FindStore(ProjectOpening.Find(parsed.GetValue(project)));
            PipelineName? only = parsed.GetValue(pipeline) is { } name ? new PipelineName(name) : null;
            var reports =
                store?.Read(session =>
                {
                    if (only is { } wanted && session.Pipeline(wanted) is null)
                    {
                        var near = Suggestion.DidYouMean(wanted.Value, session.Pipelines().Select(each => each.Name.Value));
                        throw new UserMistakeException($"--pipeline: no pipeline `{wanted}` ever ran here{near}");
                    }

                    return SlaReports.Of(session, TimeProvider.System.GetUtcNow(), count, only);
                })
                ?? [];
            if (parsed.GetValue(json))
            {
                CliJson.Print([.. reports.Select(report => SlaDocument.Of(report, count))], CliJson.Default.SlaDocumentArray);
            }
            else
            {
                Print(reports, count);
            }

            return ExitCode.Done;
        });
        return command;
    }

    private static void Print(IReadOnlyList<SlaReport> reports, int days)
    {
        if (reports.Count == 0)
        {
            Console.Out.WriteLine(
                "no pipeline has a deadline; write `sla: { by: \"06:00\" }` or `sla: { within: 3h }` into a pipeline file"
            );
            return;
        }

        TextTable.Write(
            Console.Out,
            ["pipeline", $"runs ({Brief.Count(days, "day")})", "on time", "rate", "average min", "p95 min", "limit min", "min/day"],
            [
                .. reports.Select(report =>
                    new[]
                    {
                        report.Pipeline.Value,
                        report.TotalRuns.ToString(CultureInfo.InvariantCulture),
                        report.OnTimeRuns.ToString(CultureInfo.InvariantCulture),
                        report.ComplianceRate is { } rate ? string.Create(CultureInfo.InvariantCulture, $"{rate:0.00}%") : "-",
                        Minutes(report.AverageMinutes),
                        Minutes(report.P95Minutes),
                        Minutes(report.LimitMinutes),
                        report.Trend is { } trend
                            ? trend.SlopeMinutesPerDay.ToString("+0.00;-0.00;0.00", CultureInfo.InvariantCulture)
                            : "-",
                    }
                ),
            ]
        );
        foreach (var report in reports.Where(report => report.Trend?.Warning is not null))
        {
            Console.Out.WriteLine($"warning: {report.Pipeline}: {report.Trend!.Warning}");
        }
    }

    private static string Minutes(double? minutes) => minutes is { } known ? known.ToString("0.00", CultureInfo.InvariantCulture) : "-";
}

/// <summary>One pipeline of <c>sla report --json</c>.</summary>
/// <param name="ComplianceRate">Percent, from 0 to 100; null without runs.</param>
internal sealed record SlaDocument(
    string Pipeline,
    int Days,
    int TotalRuns,
    int OnTimeRuns,
    double? ComplianceRate,
    double? AvgMinutes,
    double? P95Minutes,
    double? LimitMinutes,
    SlaTrendDocument? Trend
)
{
    public static SlaDocument Of(SlaReport report, int days) =>
        new(
            report.Pipeline.Value,
            days,
            report.TotalRuns,
            report.OnTimeRuns,
            report.ComplianceRate,
            report.AverageMinutes,
            report.P95Minutes,
            report.LimitMinutes,
            report.Trend is { } trend
                ? new SlaTrendDocument(trend.SlopeMinutesPerDay, trend.P95ShareOfLimit, trend.DaysToLimit, trend.Warning)
                : null
        );
}

/// <summary>Where the minutes are going.</summary>
internal sealed record SlaTrendDocument(double SlopeMinutesPerDay, double P95ShareOfLimit, double? DaysToLimit, string? Warning);
