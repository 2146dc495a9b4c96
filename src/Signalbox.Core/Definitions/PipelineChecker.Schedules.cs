using Signalbox.Core.Time;

namespace Signalbox.Core.Definitions;

public sealed partial class PipelineChecker
{
    private static readonly TimeSpan LongestBlackout = TimeSpan.FromDays(31);
    private static readonly TimeSpan LongestJitter = TimeSpan.FromHours(24);

    private void CheckSchedules()
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < _pipeline.Schedules.Length; i++)
        {
            var schedule = _pipeline.Schedules[i];
            var path = _pipeline.Schedules.Length == 1 ? "schedule" : $"schedule[{i}]";
            CheckSchedule(schedule, path);
            if (schedule.Name is { } given && Slug.Problem(given) is { } problem)
            {
                Error("bad-name", $"{path}.name", problem);
            }
            else if (_pipeline.ScheduleName(i) is var name && !names.Add(name))
            {
                Error("duplicate-schedule", $"{path}.name", $"there are two schedules `{name}`; give this one a `name` of its own");
            }

            // A date must mean one day: it names runs, partitions and paths, whichever schedule made them.
            if (schedule.TimeZone != _pipeline.TimeZone)
            {
                Error(
                    "two-timezones",
                    $"{path}.timezone",
                    $"the schedules of a pipeline have one zone, for its dates have; the first is in {_pipeline.TimeZone}, this one in {schedule.TimeZone}"
                );
            }
        }
    }

    private void CheckSchedule(ScheduleSpec schedule, string path)
    {
        var zone = Zone.Find(schedule.TimeZone);
        if (zone.Error is { } unknown)
        {
            Error("bad-timezone", $"{path}.timezone", unknown);
        }

        string[] written =
        [
            .. new[] { ("cron", schedule.Cron is not null), ("every", schedule.Every is not null), ("rrule", schedule.RRule is not null) }
                .Where(way => way.Item2)
                .Select(way => way.Item1),
        ];
        if (written.Length != 1)
        {
            Error(
                "schedule-ways",
                written.Length == 0 ? path : $"{path}.{written[1]}",
                written.Length == 0
                    ? "a schedule has one of `cron`, `every` and `rrule`"
                    : $"`{written[0]}` and `{written[1]}` cannot stand together; write each as a schedule of its own, in a list"
            );
        }

        foreach (var error in schedule.Cron is { } cron ? CronExpression.Parse(cron).Errors : [])
        {
            Error("bad-cron", $"{path}.cron", error.Message, error.Position);
        }

        if (schedule.Every is { } every && Time.Schedule.IntervalProblem(every) is { } problem)
        {
            Error("bad-interval", $"{path}.every", problem);
        }

        if (schedule.Cron is not null && schedule.Anchor is not null)
        {
            Error("anchor-of-cron", $"{path}.anchor", "a cron expression has no anchor; it is for `every` and `rrule`");
        }

        if (schedule.RRule is { } rule && zone.Zone is { } found)
        {
            foreach (var error in RecurrenceRuleParser.Parse(rule, found.LabelAt(schedule.AnchorIn(found)), found).Errors)
            {
                Error("bad-rrule", $"{path}.rrule", error.Message, error.Position);
            }

            if (schedule.Anchor is null && rule.Contains("COUNT=", StringComparison.OrdinalIgnoreCase))
            {
                Error("no-anchor", $"{path}.rrule", "COUNT counts from an anchor; write `anchor`, the first of the times");
            }
        }

        NotNegative(schedule.Jitter, $"{path}.jitter");
        if (schedule.Jitter > LongestJitter)
        {
            Error("out-of-range", $"{path}.jitter", $"`jitter` is at most {Duration.Print(LongestJitter)}");
        }

        if (
            schedule.Calendar is { } calendar
            && calendar.Days.FirstAtOrAfter(DateOnly.MinValue, calendar.Mode != CalendarMode.Exclude) is null
        )
        {
            Error("empty-calendar", $"{path}.calendar", $"the calendar `{calendar.Name}` leaves no day, so the schedule never makes a run");
        }
    }

    private void CheckBlackouts()
    {
        for (var i = 0; i < _pipeline.Blackouts.Length; i++)
        {
            var blackout = _pipeline.Blackouts[i];
            var path = $"blackout[{i}]";
            if (
                blackout
                is not ({ From: not null, To: not null, Cron: null, For: null } or { From: null, To: null, Cron: not null, For: not null })
            )
            {
                Error("blackout-ways", path, "a blackout has `from` and `to`, or, when it recurs, `cron` and `for`");
                continue;
            }

            if (blackout.From >= blackout.To)
            {
                Error("empty-blackout", $"{path}.to", "`to` is not after `from`");
            }

            foreach (var error in blackout.Cron is { } cron ? CronExpression.Parse(cron).Errors : [])
            {
                Error("bad-cron", $"{path}.cron", error.Message, error.Position);
            }

            Positive(blackout.For, $"{path}.for");
            if (blackout.For > LongestBlackout)
            {
                Error("out-of-range", $"{path}.for", $"`for` is at most {Duration.Print(LongestBlackout)}");
            }
        }
    }
}
