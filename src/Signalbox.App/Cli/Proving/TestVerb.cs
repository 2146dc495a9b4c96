using System.CommandLine;
using System.Globalization;
using Signalbox.Core.Definitions;
using Signalbox.Core.Proving;
using Signalbox.Core.Time;
using Signalbox.Engine.Proving;

namespace Signalbox.App.Cli;

/// <summary><c>test</c>: runs a pipeline for dates that pipelines stumble over, apart from its live outputs.</summary>
internal static class TestVerb
{
    public static readonly Verb Verb = new(
        "test",
        "Run a pipeline for leap days, month ends and clock changes, apart from its outputs",
        Build
    );

    private static Command Build()
    {
        var command = VerbParts.Command(
            Verb.Name,
            "Runs a pipeline for the dates that date arithmetic stumbles over: the leap day and its neighbours, ends of months and years, the days on "
                + "which the clocks of its zone change, and yesterday; or for the dates that are named. Everything goes to a copy of the project, which is "
                + "removed afterwards. Exit code 1 when a date failed.",
            "test daily",
            "test daily --date 2024-02-29 --date 2024-03-31",
            "test daily --list"
        );
        var pipeline = new Argument<string>("PIPELINE") { Description = "The name of a pipeline of the project, or a file" };
        var date = new Option<string[]>("--date", "-d")
        {
            Description = "This date, an instant or a partition, and no sample; may be given again",
            HelpName = "DATE",
        };
        var list = new Option<bool>("--list") { Description = "Only show the dates" };
        var param = new Option<string[]>("--param") { Description = ParamArguments.Help, HelpName = "NAME=VALUE" };
        var project = VerbParts.Project();
        var json = VerbParts.Json();
        command.Arguments.Add(pipeline);
        foreach (var option in new Option[] { date, list, param, project, json })
        {
            command.Options.Add(option);
        }

        command.SetAction(
            async (parsed, stop) =>
            {
                var opened = ProjectOpening.Find(parsed.GetValue(project));
                var file = PipelineSource.Load(parsed.GetRequiredValue(pipeline), opened);
                var definition = file.Pipeline!;
                var dates = Dates(definition, parsed.GetValue(date) ?? []);
                var isJson = parsed.GetValue(json);
                if (parsed.GetValue(list))
                {
                    Show(MatrixDocument.Planned(definition.Name.Value, dates), isJson);
                    return ExitCode.Done;
                }

                var parameters = ParamArguments.Json(definition, parsed.GetValue(param) ?? []);
                PipelineSource.RequireSecrets(file, opened);
                await using var engine = ProjectOpening.OpenEngine(opened);
                var version = await PipelineSource.SaveAsync(engine.Store, file);
                try
                {
                    var tried = await new DateMatrix(engine).RunAsync(definition, version, dates, parameters, isJson ? null : Print, stop);
                    var document = MatrixDocument.Of(definition.Name.Value, tried);
                    if (isJson)
                    {
                        CliJson.Print(document, CliJson.Default.MatrixDocument);
                    }
                    else
                    {
                        var failed = tried.Count(each => each.Problem is not null);
                        Console.Out.WriteLine(
                            failed == 0
                                ? $"{Brief.Count(tried.Length, "date")}: all succeeded"
                                : $"{failed} of {Brief.Count(tried.Length, "date")} failed"
                        );
                    }

                    return document.Passed == true ? ExitCode.Done : ExitCode.WorkFailed;
                }
                catch (ProofRefused refused)
                {
                    throw new UserMistakeException(refused.Message);
                }
            }
        );
        return command;
    }

    private static List<(string Date, string Why)> Dates(Pipeline pipeline, string[] named)
    {
        var calendar = pipeline.CalendarOf();
        // An hour of a day has no name of its own where the days are the partitions.
        string Name(Slice slice) => calendar.Schedule is Schedule.None ? BackfillPlan.Name(slice) : InstantText.Utc(slice.LogicalDate);
        if (named.Length == 0)
        {
            var today = DateOnly.FromDateTime(calendar.Schedule.Zone.LabelAt(TimeProvider.System.GetUtcNow()));
            return [.. SampleDates.Of(calendar, today).Select(sample => (Name(sample.Slice), sample.Why))];
        }

        var dates = new List<(string, string)>();
        foreach (var text in named)
        {
            var slice =
                calendar.Find(text).Slice ?? throw new UserMistakeException($"--date: {NotInCalendar(text) ?? calendar.Find(text).Error}");
            dates.Add((Name(slice), "named"));
        }

        return dates;
    }

    /// <summary>Why a text in the form of a date is none, and which is meant perhaps; null for another text.</summary>
    private static string? NotInCalendar(string text)
    {
        var parts = text.Split('-');
        return
            parts.Length == 3
            && parts.All(part => part.Length is 2 or 4 && part.All(char.IsAsciiDigit))
            && int.Parse(parts[0], CultureInfo.InvariantCulture) is >= 1 and <= 9999 and var year
            && int.Parse(parts[1], CultureInfo.InvariantCulture) is >= 1 and <= 12 and var month
            ? $"`{text}` is no date of the calendar: {CultureInfo.InvariantCulture.DateTimeFormat.GetMonthName(month)} {year} has {DateTime.DaysInMonth(year, month)} days{(month == 2 ? $", and {year} is {(DateTime.IsLeapYear(year) ? "a" : "no")} leap year" : "")}"
            : null;
    }

    private static void Show(MatrixDocument document, bool json)
    {
        if (json)
        {
            CliJson.Print(document, CliJson.Default.MatrixDocument);
            return;
        }

        foreach (var date in document.Dates)
        {
            Console.Out.WriteLine($"{date.Date}  {date.Why}");
        }
    }

    private static void Print(TriedDate tried) =>
        Console.Out.WriteLine(
            $"{tried.Date}  {(tried.Problem is null ? "ok" : "FAILED")}  {tried.Why}{(tried.Problem is { } problem ? $": {problem}" : "")}"
        );
}

/// <summary><c>test --json</c>.</summary>
/// <param name="Passed">Null when nothing was run.</param>
internal sealed record MatrixDocument(string Pipeline, bool? Passed, MatrixDateDocument[] Dates)
{
    public static MatrixDocument Planned(string pipeline, IEnumerable<(string Date, string Why)> dates) =>
        new(pipeline, Passed: null, [.. dates.Select(date => new MatrixDateDocument(date.Date, date.Why, null, null, null, []))]);

    public static MatrixDocument Of(string pipeline, IReadOnlyList<TriedDate> tried) =>
        new(
            pipeline,
            tried.All(each => each.Problem is null),
            [
                .. tried.Select(each => new MatrixDateDocument(
                    each.Date,
                    each.Why,
                    each.Run.Value,
                    each.Problem is null,
                    each.Problem,
                    [.. each.Outputs]
                )),
            ]
        );
}

/// <summary>One date of <c>test --json</c>.</summary>
internal sealed record MatrixDateDocument(string Date, string Why, long? Run, bool? Passed, string? Problem, string[] Outputs);
