using Signalbox.Core.Definitions;
using Signalbox.Core.Time;
using Signalbox.Engine.Projects;

namespace Signalbox.Engine.Tests.PipelineFiles;

public sealed class ScheduleFileTests
{
    [Fact]
    [Trait("Requirement", "S19")]
    public void Every_way_of_saying_when_is_read()
    {
        var pipeline = Read(
            """
            schedule:
              - "15 2 * * *"
              - { every: PT10M, anchor: 2026-01-01T00:05, jitter: 30s, name: often }
              - { rrule: "FREQ=MONTHLY;BYDAY=-1FR", anchor: 2026-01-01T09:30 }
            overlap: cancel_running
            blackout: [{ from: 2026-12-24, to: 2026-12-27, reason: holidays }, { cron: "0 22 * * 5", for: 8h }]
            """
        );
        Assert.Equal(["15 2 * * *", "every 10m", "FREQ=MONTHLY;BYDAY=-1FR"], pipeline.Schedules.Select(schedule => schedule.Text));
        Assert.Equal((TimeSpan.FromSeconds(30), "often"), (pipeline.Schedules[1].Jitter, pipeline.Schedules[1].Name));
        Assert.Equal(new DateTimeOffset(2026, 1, 1, 0, 5, 0, TimeSpan.Zero), pipeline.Schedules[1].Anchor);
        Assert.All(pipeline.Schedules, schedule => Assert.Equal("UTC", schedule.TimeZone));
        Assert.Equal(OverlapPolicy.CancelRunning, pipeline.Overlap);
        Assert.Equal(("holidays", TimeSpan.FromHours(8)), (pipeline.Blackouts[0].Reason, pipeline.Blackouts[1].For));
    }

    [Theory]
    [Trait("Requirement", "S28")]
    [InlineData("schedule: { cron: \"61 2 * * *\" }", "3:19: minute: 61 is out of range")]
    [InlineData("schedule: [\"15 2 * * *\", \"15 25 * * *\"]", "3:30: hour: 25 is out of range")]
    [InlineData("schedule: { cron: \"* * * * *\", every: 10m }", "3:39: `cron` and `every` cannot stand together")]
    [InlineData("schedule: { rrule: \"FREQ=DAILY;BYWEEKNO=3\" }", "3:32: BYWEEKNO is not supported")]
    [InlineData("schedule: { rrule: \"FREQ=DAILY;COUNT=3\" }", "3:20: COUNT counts from an anchor")]
    [InlineData("schedule: { every: 0.5s }", "3:20: an interval of 500ms is too short")]
    [InlineData("schedule: { cron: \"@daily\", anchor: 2026-01-01 }", "3:37: a cron expression has no anchor")]
    [InlineData("schedule: [{ cron: \"@daily\", timezone: Europe/London }, \"@daily\"]", "3:57: the schedules of a pipeline have one zone")]
    [InlineData("schedule: [{ cron: \"@daily\", name: a }, { cron: \"@hourly\", name: a }]", "3:66: there are two schedules `a`")]
    [InlineData("schedule: { cron: \"@daily\", calendar: holiday }", "3:39: unknown calendar `holiday`; did you mean `holidays`?")]
    [InlineData("schedule: { cron: \"@daily\", calendar: no/such.ics }", "3:39: there is no calendar file no/such.ics in the project")]
    [InlineData("schedule: { cron: \"@daily\", calendar: bad.txt }", "3:39: bad.txt:2: `tomorrow` is no date")]
    [InlineData("schedule: { cron: \"@daily\", calendar: {} }", "3:39: a calendar is one of `include`, `exclude` and `shift`")]
    [InlineData("blackout: [{ from: 2026-01-01 }]", "3:12: a blackout has `from` and `to`")]
    [InlineData("blackout: [{ cron: \"0 2 * * *\", for: 40d }]", "3:38: `for` is at most")]
    [InlineData("overlap: cancel", "3:10: `overlap` must be one of queue, skip, reject, cancel_running, allow")]
    public void A_mistake_in_a_schedule_names_its_field_and_its_place(string line, string expected)
    {
        using var project = Project(out var opened);
        project.Write("bad.txt", "2026-01-01\ntomorrow\n");
        project.Write("pipelines/p.yaml", $"pipeline: p\nrun: \"true\"\n{line}\n");
        var problem = Assert.Single(Errors(opened.OpenPipelines().Load()));
        Assert.StartsWith($"pipelines/p.yaml:{expected}", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_calendar_comes_from_the_project_or_a_file_and_its_change_is_a_new_version()
    {
        using var project = Project(out var opened);
        project.Write("pipelines/a.yaml", "pipeline: a\nrun: \"true\"\nschedule: { cron: \"@daily\", calendar: business_days }\n");
        project.Write(
            "pipelines/b.yaml",
            "pipeline: b\nrun: \"true\"\nschedule: { cron: \"@daily\", calendar: { exclude: cal/holidays.txt } }\n"
        );
        var folder = opened.OpenPipelines();
        var before = folder.Load();
        Assert.Empty(Errors(before));
        var days = before.Pipelines[0].Pipeline.Schedule!.Calendar!.Days;
        Assert.True(days.Contains(new DateOnly(2026, 12, 24)));
        Assert.False(days.Contains(new DateOnly(2026, 12, 25)));
        Assert.False(days.Contains(new DateOnly(2026, 12, 26)));
        Assert.Equal(CalendarMode.Exclude, before.Pipelines[1].Pipeline.Schedule!.Calendar!.Mode);

        project.Write("cal/holidays.txt", "2026-12-25\n2026-12-24\n");
        var after = folder.Load();
        Assert.False(after.Pipelines[0].Pipeline.Schedule!.Calendar!.Days.Contains(new DateOnly(2026, 12, 24)));
        Assert.All(before.Pipelines.Zip(after.Pipelines), pair => Assert.NotEqual(pair.First.Version, pair.Second.Version));
    }

    private static IEnumerable<string> Errors(Engine.PipelineFiles.PipelineSet set) =>
        set.Problems.Where(problem => problem.Severity == Severity.Error).Select(problem => problem.ToString());

    private static TemporaryFolder Project(out Project opened)
    {
        var project = new TemporaryFolder();
        project.Write(
            Engine.Projects.Project.FileName,
            "calendars:\n  holidays: cal/holidays.txt\n  business_days: { weekdays: [mon, tue, wed, thu, fri], without: cal/holidays.txt }\n"
        );
        project.Write("cal/holidays.txt", "2026-12-25 Christmas\n");
        var found = Engine.Projects.Project.Open(project.Path);
        Assert.Empty(found.Problems);
        opened = found.Project!;
        return project;
    }

    private static Pipeline Read(string more)
    {
        using var project = Project(out var opened);
        project.Write("pipelines/p.yaml", $"pipeline: p\nrun: \"true\"\n{more}\n");
        var set = opened.OpenPipelines().Load();
        Assert.Empty(Errors(set));
        return set.Pipelines[0].Pipeline;
    }
}
