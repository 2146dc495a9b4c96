using System.CommandLine;
using System.Globalization;
using Signalbox.Core.Time;

namespace Signalbox.App.Cli;

/// <summary><c>cron explain</c> and <c>cron next</c>: what an expression means and when it fires. They need no project.</summary>
internal static class CronVerb
{
    private const int MostTimes = 10_000;

    public static readonly Verb Verb = new("cron", "Explain a cron expression, or list when it fires", Build);

    private static Command Build()
    {
        var cron = VerbParts.Command(
            Verb.Name,
            "What a cron expression means and when it fires. Five fields (minute hour day-of-month month day-of-week), or @hourly, @daily, "
                + "@weekly, @monthly, @yearly.",
            "cron explain \"30 1 * * 1-5\" --tz Europe/London",
            "cron next \"15 2 * * *\" --tz UTC --from 2001-01-05T00:00:00Z -n 3 --json"
        );
        cron.Subcommands.Add(BuildExplain());
        cron.Subcommands.Add(BuildNext());
        return cron;
    }

    private static Command BuildExplain()
    {
        var command = VerbParts.Command(
            "explain",
            "A plain sentence, and the next times in the zone and in UTC.",
            "cron explain \"30 1 * * 1-5\" --tz Europe/London -n 3"
        );
        var (expression, zone, from, count, json) = Parts(command, defaultCount: 5);
        command.SetAction(parsed =>
        {
            var times = Read(parsed.GetRequiredValue(expression), parsed.GetValue(zone)!);
            var ticks = Next(times, From(parsed.GetValue(from), times.Zone), Count(parsed.GetValue(count)));
            var sentence = CronExplain.Sentence(times.Expression);
            var onClockChange = CronExplain.OnClockChange(times);
            if (parsed.GetValue(json))
            {
                CliJson.Print(
                    new CronDocument(
                        parsed.GetRequiredValue(expression),
                        times.Zone.Id,
                        sentence,
                        onClockChange,
                        [.. ticks.Select(tick => new CronTickDocument(InstantText.Utc(tick.Utc), Local(tick, times.Zone), NoteOf(tick)))]
                    ),
                    CliJson.Default.CronDocument
                );
                return ExitCode.Done;
            }

            Console.Out.WriteLine($"{sentence} ({times.Zone.Id}).");
            if (!times.Zone.Equals(Zone.Utc))
            {
                Console.Out.WriteLine($"{onClockChange}.");
            }

            Console.Out.WriteLine();
            Console.Out.WriteLine(times.Zone.Equals(Zone.Utc) ? "UTC" : $"{times.Zone.Id, -34}UTC");
            foreach (var tick in ticks)
            {
                var utc = tick.Utc.UtcDateTime.ToString("ddd yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);
                var note = NoteOf(tick) is { } known ? $"  ({known})" : "";
                Console.Out.WriteLine(times.Zone.Equals(Zone.Utc) ? utc : $"{Shown(tick, times.Zone), -34}{utc}{note}");
            }

            return ExitCode.Done;
        });
        return command;
    }

    private static Command BuildNext()
    {
        var command = VerbParts.Command(
            "next",
            "The next times after an instant, as UTC instants, one a line.",
            "cron next \"15 2 * * *\" --tz America/New_York --from 2026-03-07T00:00:00Z -n 3 --json"
        );
        var (expression, zone, from, count, json) = Parts(command, defaultCount: 1);
        command.SetAction(parsed =>
        {
            var times = Read(parsed.GetRequiredValue(expression), parsed.GetValue(zone)!);
            string[] instants =
            [
                .. Next(times, From(parsed.GetValue(from), times.Zone), Count(parsed.GetValue(count)))
                    .Select(tick => InstantText.Utc(tick.Utc)),
            ];
            if (parsed.GetValue(json))
            {
                CliJson.Print(instants, CliJson.Default.StringArray);
            }
            else
            {
                foreach (var instant in instants)
                {
                    Console.Out.WriteLine(instant);
                }
            }

            return ExitCode.Done;
        });
        return command;
    }

    private static (Argument<string>, Option<string>, Option<string?>, Option<int>, Option<bool>) Parts(Command command, int defaultCount)
    {
        var expression = new Argument<string>("EXPR") { Description = "The expression, in quotes, e.g. \"15 2 * * *\"" };
        var zone = new Option<string>("--tz")
        {
            Description = "IANA time zone",
            HelpName = "ZONE",
            DefaultValueFactory = _ => "UTC",
        };
        var from = new Option<string?>("--from")
        {
            Description = "The times after this instant; default: now. Without an offset it is a time in the zone",
            HelpName = "INSTANT",
        };
        var count = new Option<int>("-n")
        {
            Description = "How many",
            HelpName = "N",
            DefaultValueFactory = _ => defaultCount,
        };
        var json = VerbParts.Json();
        command.Arguments.Add(expression);
        command.Options.Add(zone);
        command.Options.Add(from);
        command.Options.Add(count);
        command.Options.Add(json);
        return (expression, zone, from, count, json);
    }

    private static ZonedCron Read(string text, string zoneId)
    {
        var parsed = CronExpression.Parse(text);
        var zone = Zone.Find(zoneId);
        if (parsed.Expression is { } expression && zone.Zone is { } found)
        {
            return new ZonedCron(expression, found);
        }

        var mistakes = parsed.Errors.Select(error => $"`{text}`, character {error.Position + 1}: {error.Message}").ToList();
        if (zone.Error is { } wrong)
        {
            mistakes.Add($"--tz: {wrong}");
        }

        throw new UserMistakeException(string.Join("\nsignalbox: ", mistakes));
    }

    private static DateTimeOffset From(string? text, Zone zone) =>
        text is null ? TimeProvider.System.GetUtcNow() : InstantText.Read("--from", text, zone);

    private static int Count(int count) =>
        count is >= 1 and <= MostTimes ? count : throw new UserMistakeException($"-n: {count} is not a number from 1 to {MostTimes}");

    private static List<Tick> Next(ZonedCron times, DateTimeOffset from, int count)
    {
        var ticks = new List<Tick>(count);
        for (var tick = times.Next(from); tick is { } found && ticks.Count < count; tick = times.Next(found))
        {
            ticks.Add(found);
        }

        return ticks;
    }

    private static string Local(Tick tick, Zone zone)
    {
        var offset = zone.OffsetAt(tick.Utc);
        return tick.Utc.ToOffset(offset).ToString("yyyy-MM-dd'T'HH:mm:sszzz", CultureInfo.InvariantCulture);
    }

    private static string Shown(Tick tick, Zone zone)
    {
        var local = tick.Utc.ToOffset(zone.OffsetAt(tick.Utc));
        return local.ToString("ddd yyyy-MM-dd HH:mm zzz", CultureInfo.InvariantCulture);
    }

    private static string? NoteOf(Tick tick) =>
        tick.Dst switch
        {
            Dst.ShiftedByGap => $"{tick.Label:HH:mm} is skipped by the clocks that day",
            Dst.FirstOfFold => "the first of two such times that day",
            Dst.SecondOfFold => "the second of two such times that day",
            _ => null,
        };
}
