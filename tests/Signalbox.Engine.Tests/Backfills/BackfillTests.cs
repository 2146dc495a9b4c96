using System.Collections.Immutable;
using Signalbox.Core;
using Signalbox.Core.Alerts;
using Signalbox.Core.Runs;
using Signalbox.Engine.Control;
using Signalbox.Engine.Tests.Driving;
using Signalbox.Storage;

namespace Signalbox.Engine.Tests.Backfills;

/// <summary>Exactly the dates that were asked for, each once, never too many at a time, also when the engine dies in between.</summary>
public sealed class BackfillTests
{
    [Fact]
    [Trait("Requirement", "S129")]
    [Trait("Requirement", "S137")]
    public async Task The_exact_set_runs_once_and_never_more_at_a_time_than_allowed_over_a_kill()
    {
        await using var house = new House();
        house.Pipeline(
            """
            pipeline: history
            partition: day
            tasks:
              a:
                run: |
                  echo "+ $SIGNALBOX_DS" >> ledger
                  if test $SIGNALBOX_DS = 2024-03-04; then until test -e go; do sleep 0.01; done; fi
                  echo "- $SIGNALBOX_DS" >> ledger
            """
        );
        await house.SaveAsync();
        var server = await Children.ServeAsync(house.Folder, House.Cancel);
        var id = await StartAsync(house, Days(1, 10), watermark: true);
        await house.UntilAsync(() => house.Lines("ledger").Contains("+ 2024-03-04"), "the fourth day");
        Children.Kill(server);
        house.Write("go", "");
        await house.ServeAsync();
        var ended = await house.Session.WaitForBackfillAsync(id, House.Cancel).WaitAsync(House.Deadline, House.Cancel);

        Assert.Equal(BackfillState.Success, ended.State);
        var begun = house.Lines("ledger").Where(line => line[0] == '+').Select(line => line[2..]).Order(StringComparer.Ordinal);
        Assert.Equal(Days(1, 10).Select(day => day.ToString("yyyy-MM-dd")), begun);
        var active = 0;
        foreach (var line in house.Lines("ledger"))
        {
            active += line[0] == '+' ? 1 : -1;
            Assert.InRange(active, 0, 2);
        }

        Assert.Equal(new DateOnly(2024, 3, 10), house.Store.Read(session => session.Watermark(new PipelineName("history")))!.Processed);
    }

    [Fact]
    [Trait("Requirement", "S132")]
    [Trait("Requirement", "S133")]
    public async Task The_watermark_never_moves_past_a_date_that_failed()
    {
        await using var house = new House();
        house.Pipeline("pipeline: marked\npartition: day\ntasks:\n  a: { run: test $SIGNALBOX_DS != 2024-03-03 }\n");
        await house.SaveAsync();
        var id = await StartAsync(house, Days(1, 5), watermark: true);
        var ended = await house.Session.WaitForBackfillAsync(id, House.Cancel).WaitAsync(House.Deadline, House.Cancel);

        Assert.Equal(BackfillState.Failed, ended.State);
        Assert.Equal(new DateOnly(2024, 3, 2), house.Store.Read(session => session.Watermark(new PipelineName("marked")))!.Processed);
    }

    [Fact]
    [Trait("Requirement", "S98")]
    public async Task A_mark_that_changes_the_end_of_a_run_moves_the_backfill_no_further_and_tells_nobody_twice()
    {
        await using var house = new House();
        house.Pipeline(
            "pipeline: marked\npartition: day\ntasks:\n  a: { run: \"echo $SIGNALBOX_DS >> ran; test $SIGNALBOX_DS = 2024-03-03\" }\n"
        );
        await house.SaveAsync();
        await house.ServeAsync();
        var id = await StartAsync(house, Days(1, 3), watermark: false);
        Assert.Equal(BackfillState.Failed, (await EndAsync(house, id)).State);
        var before = Standing(house, id);
        var failed = house.Store.Read(session => session.BackfillItems(id))[0].Run!.Value;

        foreach (var state in (string[])["success", "failed", "success"])
        {
            var answer = await house.AskAsync(new Request.MarkTask(failed.Value, "a", -1, state, "seen to"));
            Assert.True(answer.Done, answer.Message);
            Assert.Equal(state, Names.Of((await house.EndAsync(failed)).State));
        }

        // What follows from the ends is behind it once another run has come and gone.
        await house.RunAsync("marked", "2024-03-03");
        Assert.Equal(before, Standing(house, id));
        Assert.Equal(["2024-03-01", "2024-03-02", "2024-03-03", "2024-03-03"], house.Lines("ran").Order());
        Assert.Single(house.Store.Read(session => session.Alerts(failed)), alert => alert.Alert.Kind == AlertKind.Failed);

        static string Standing(House house, long id) =>
            house.Store.Read(session =>
                $"{session.Backfill(id)!.EndedAt:O} {string.Join(' ', session.BackfillItems(id).Select(item => item.State))}"
            );

        static Task<StoredBackfill> EndAsync(House house, long id) =>
            house.Session.WaitForBackfillAsync(id, House.Cancel).WaitAsync(House.Deadline, House.Cancel);
    }

    [Fact]
    [Trait("Requirement", "S133")]
    public async Task The_watermark_of_an_hourly_pipeline_is_the_last_day_of_which_every_hour_succeeded()
    {
        await using var house = new House();
        house.Pipeline(
            "pipeline: marked\npartition: hour\nmax_active_runs: 8\ntasks:\n  a: { run: test $SIGNALBOX_PARTITION != 2024-03-02T23 }\n"
        );
        await house.SaveAsync();
        var hours = Enumerable.Range(0, 49).Select(hour => new DateTimeOffset(2024, 3, 1, 0, 0, 0, TimeSpan.Zero).AddHours(hour));
        var id = await StartAsync(house, [.. hours], watermark: true);
        await house.Session.WaitForBackfillAsync(id, House.Cancel).WaitAsync(House.Deadline, House.Cancel);

        Assert.Single(house.Store.Read(session => session.BackfillItems(id)), item => item.State == BackfillItemState.Failed);
        Assert.Equal(new DateOnly(2024, 3, 1), house.Store.Read(session => session.Watermark(new PipelineName("marked")))!.Processed);
    }

    [Fact]
    [Trait("Requirement", "S133")]
    public async Task A_watermark_that_somebody_sets_while_a_backfill_runs_stays_where_they_set_it()
    {
        await using var house = new House();
        house.Pipeline("pipeline: marked\npartition: day\ntasks:\n  a: { run: \"until test -e go; do sleep 0.05; done\" }\n");
        await house.SaveAsync();
        var name = new PipelineName("marked");
        var id = await StartAsync(house, Days(4, 5), watermark: true);
        await house.Store.WriteAsync(
            session =>
                session.SetWatermark(name, new DateOnly(2024, 3, 1), "2 and 3 are to be done again", DateTimeOffset.UtcNow.AddSeconds(1)),
            House.Cancel
        );
        house.Write("go", "");
        await house.Session.WaitForBackfillAsync(id, House.Cancel).WaitAsync(House.Deadline, House.Cancel);

        Assert.Equal(new DateOnly(2024, 3, 1), house.Store.Read(session => session.Watermark(name))!.Processed);
    }

    [Fact]
    [Trait("Requirement", "S135")]
    [Trait("Requirement", "S136")]
    public async Task Chosen_dates_run_under_their_own_names_with_the_reason()
    {
        await using var house = new House();
        house.Pipeline("pipeline: chosen\npartition: day\ntasks:\n  a: { run: \"true\" }\n");
        await house.SaveAsync();
        var id = await StartAsync(house, Days(14, 16), selective: true);
        await house.Session.WaitForBackfillAsync(id, House.Cancel).WaitAsync(House.Deadline, House.Cancel);

        var runs = house.Store.Read(session => session.BackfillItems(id).Select(item => session.Run(item.Run!.Value)!).ToList());
        Assert.Equal(3, runs.Count);
        Assert.All(runs, run => Assert.StartsWith($"selective_backfill_{run.LogicalDate:yyyy-MM-dd}_", run.Id.Value));
        Assert.All(runs, run => Assert.Equal(RunTrigger.Backfill, run.Trigger));
    }

    [Fact]
    [Trait("Requirement", "S135")]
    public async Task Chosen_hours_of_one_day_and_dates_of_another_zone_have_names_of_their_own()
    {
        await using var house = new House();
        house.Pipeline("pipeline: hourly\npartition: hour\ntasks:\n  a: { run: \"true\" }\n");
        house.Pipeline(
            "pipeline: zoned\nschedule: { cron: \"0 0 * * *\", timezone: Asia/Kolkata }\nstart: 2030-01-01\ntasks:\n  a: { run: \"true\" }\n"
        );
        await house.SaveAsync();
        var midnight = new DateTimeOffset(2024, 3, 1, 0, 0, 0, TimeSpan.Zero);
        var names = await NamesAsync("hourly", [midnight, midnight.AddHours(1), midnight.AddHours(2)]);
        Assert.All(names, name => Assert.StartsWith("selective_backfill_2024-03-01_", name, StringComparison.Ordinal));
        Assert.Equal(3, names.Distinct().Count());
        Assert.StartsWith(
            "selective_backfill_2024-03-02_",
            Assert.Single(await NamesAsync("zoned", [new DateTimeOffset(2024, 3, 1, 18, 30, 0, TimeSpan.Zero)])),
            StringComparison.Ordinal
        );

        async Task<string[]> NamesAsync(string pipeline, ImmutableArray<DateTimeOffset> dates)
        {
            var answer = await house.AskAsync(new Request.StartBackfill(pipeline, dates, 2, "{}", [], "TZ bug", true, false));
            await house.Session.WaitForBackfillAsync(answer.Number!.Value, House.Cancel).WaitAsync(House.Deadline, House.Cancel);
            return
            [
                .. house.Store.Read(session =>
                    session.BackfillItems(answer.Number!.Value).Select(item => session.Run(item.Run!.Value)!.Id.Value)
                ),
            ];
        }
    }

    [Fact]
    public async Task A_cancelled_backfill_begins_nothing_more_and_stops_what_runs_also_under_another_engine()
    {
        await using var house = new House();
        house.Pipeline("pipeline: cut\npartition: day\ntasks:\n  a: { run: echo x >> begun; sleep 60, grace: 1s }\n");
        await house.SaveAsync();
        var id = await StartAsync(house, Days(1, 5));
        await house.UntilAsync(() => house.Lines("begun").Length == 2, "two runs");
        await house.CloseAsync();
        Assert.True((await house.AskAsync(new Request.CancelBackfill(id, "no longer wanted"))).Done);
        var ended = await house.Session.WaitForBackfillAsync(id, House.Cancel).WaitAsync(House.Deadline, House.Cancel);

        Assert.Equal(BackfillState.Cancelled, ended.State);
        Assert.Equal(2, house.Lines("begun").Length);
        Assert.All(house.Store.Read(session => session.BackfillItems(id)), item => Assert.Equal(BackfillItemState.Cancelled, item.State));
    }

    [Fact]
    public async Task The_answer_to_a_cancellation_is_as_durable_as_what_it_says()
    {
        await using var house = new House();
        house.Pipeline("pipeline: cut\npartition: day\ntasks:\n  a: { run: \"echo x >> begun; until test -e go; do sleep 0.02; done\" }\n");
        await house.SaveAsync();
        var server = await Children.ServeAsync(house.Folder, House.Cancel);
        var id = await StartAsync(house, Days(1, 2));
        await house.UntilAsync(() => house.Lines("begun").Length == 2, "two runs");
        var wish = new Request.CancelBackfill(id, "no longer wanted");
        var request = await house.Store.WriteAsync(
            session => session.AddRequest(wish.Kind, wish.ToJson(), "test", DateTimeOffset.UtcNow),
            House.Cancel
        );
        List<RunState?> endings = [];
        await house.UntilAsync(
            () =>
                house.Store.Read(session =>
                {
                    endings = [.. session.BackfillItems(id).Select(item => session.Run(item.Run!.Value)!.Ending)];
                    return session.Request(request)!.Answer is not null;
                }),
            "the answer"
        );
        Children.Kill(server);

        Assert.Equal([RunState.Cancelled, RunState.Cancelled], endings);
        await house.ServeAsync();
        var ended = await house.Session.WaitForBackfillAsync(id, House.Cancel).WaitAsync(House.Deadline, House.Cancel);
        Assert.Equal(BackfillState.Cancelled, ended.State);
    }

    [Fact]
    public async Task Every_date_runs_with_the_definition_that_the_backfill_began_with()
    {
        await using var house = new House();
        const string first =
            "pipeline: changing\npartition: day\ntasks:\n  a: { run: \"echo old >> ran; until test -e go; do sleep 0.02; done\" }\n";
        house.Pipeline(first);
        await house.SaveAsync();
        var id = await StartAsync(house, Days(1, 5));
        await house.UntilAsync(() => house.Lines("ran").Length == 2, "two runs");
        // Another calendar, too: what was a date of the backfill is none of the pipeline any more.
        house.Pipeline(
            first.Replace("old", "new", StringComparison.Ordinal).Replace("partition: day", "partition: month", StringComparison.Ordinal)
        );
        await house.SaveAsync();
        house.Write("go", "");
        var ended = await house.Session.WaitForBackfillAsync(id, House.Cancel).WaitAsync(House.Deadline, House.Cancel);

        Assert.Equal(BackfillState.Success, ended.State);
        Assert.Equal(Enumerable.Repeat("old", 5), house.Lines("ran"));
    }

    private static async Task<long> StartAsync(
        House house,
        ImmutableArray<DateTimeOffset> dates,
        bool selective = false,
        bool watermark = false
    )
    {
        var name = Path.GetFileNameWithoutExtension(Directory.GetFiles(house.Path("pipelines"))[0]);
        var answer = await house.AskAsync(new Request.StartBackfill(name, dates, 2, "{}", [], "TZ bug", selective, watermark));
        Assert.True(answer.Done, answer.Message);
        return answer.Number!.Value;
    }

    private static ImmutableArray<DateTimeOffset> Days(int from, int to) =>
        [.. Enumerable.Range(from, to - from + 1).Select(day => new DateTimeOffset(2024, 3, day, 0, 0, 0, TimeSpan.Zero))];
}
