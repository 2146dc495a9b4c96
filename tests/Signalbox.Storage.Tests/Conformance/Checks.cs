using Signalbox.Core;
using Signalbox.Core.Runs;

namespace Signalbox.Storage.Tests;

public abstract partial class StoreConformance
{
    [Fact]
    [Trait("Requirement", "S165")]
    public async Task Rejected_rows_are_kept_once_their_output_is_and_give_way_to_those_of_a_later_run()
    {
        using var store = Database.Open();
        var (first, _) = await store.CreateRun(tasks: ["a"]);
        var (second, _) = await store.CreateRun(tasks: ["a"]);
        var one = Aside(first);
        await store.WriteAsync(s => s.PrepareRejected(one), Ct);
        await store.WriteAsync(s => s.PrepareRejected(one), Ct);
        one = one with { Id = Assert.Single(store.Read(s => s.RejectedBy(first.Number))).Id };

        Assert.Equal(one, store.Read(s => s.Rejected(one.Id)));
        Assert.Empty(store.Read(s => s.RejectedRows(null, all: true, 10)));
        await Keep(one);
        Assert.Equal(RejectedState.Kept, Assert.Single(store.Read(s => s.RejectedRows(new("daily"), all: false, 10))).State);
        Assert.Empty(store.Read(s => s.RejectedRows(new("hourly"), all: false, 10)));

        await store.WriteAsync(s => s.PrepareRejected(Aside(second)), Ct);
        var two = Assert.Single(store.Read(s => s.RejectedBy(second.Number)));
        await Keep(two);
        Assert.Equal(two.Id, Assert.Single(store.Read(s => s.RejectedRows(null, all: false, 10))).Id);
        Assert.Equal(
            [(two.Id, RejectedState.Kept), (one.Id, RejectedState.Replaced)],
            store.Read(s => s.RejectedRows(null, all: true, 10)).Select(row => (row.Id, row.State))
        );

        await store.WriteAsync(s => s.ReplayRejected(two.Id, first.Number, "/p/again.csv"), Ct);
        Assert.Equal("/p/again.csv", store.Read(s => s.ReplayedBy(first.Number)));
        Assert.Null(store.Read(s => s.ReplayedBy(second.Number)));
        Assert.Equal(first.Number, store.Read(s => s.Rejected(two.Id))!.ReplayRun);

        var green = Aside(second) with { Namespace = new RunNamespace("green"), Path = "/ns/x.parquet", Output = "other" };
        await store.WriteAsync(s => s.PrepareRejected(green), Ct);
        await store.WriteAsync(s => s.AbortRejected(s.RejectedBy(second.Number)[1].Id), Ct);
        Assert.Equal(RejectedState.Aborted, store.Read(s => s.RejectedBy(second.Number))[1].State);
        Assert.Equal(2, store.Read(s => s.RejectedRows(null, all: true, 10)).Count);

        Task Keep(Rejected row) =>
            store.WriteAsync(
                s =>
                {
                    s.ReplaceRejectedAt(row.Path);
                    s.KeepRejected(row.Id);
                },
                Ct
            );

        static Rejected Aside(Run run) =>
            new(
                0,
                run.Number,
                run.Pipeline,
                new TaskKey(new TaskName("a")),
                1,
                1,
                "out",
                null,
                "/p/rejected/2001-01-05.parquet",
                "/p/staged/x",
                "/p/data/out.csv",
                "2001-01-05",
                RejectedState.Prepared,
                3,
                100,
                """{"not_null(id)":3}""",
                Made.Noon
            );
    }

    [Fact]
    [Trait("Requirement", "S85")]
    public async Task Earlier_versions_are_one_for_each_earlier_interval_the_current_one_first()
    {
        using var store = Database.Open();
        var days = new Dictionary<int, long>();
        foreach (var day in new[] { 3, 1, 2 })
        {
            days[day] = (await PublishedAsync(day, $"/p/{day}", null)).Id;
        }

        // Day 2 has a newer version that is not current, day 1 one of another namespace.
        await PublishedAsync(2, "/p/2", null, isCurrent: false);
        var green = await PublishedAsync(1, "/ns/p/1", "green");
        var before = new DateTimeOffset(2001, 1, 3, 0, 0, 0, TimeSpan.Zero);

        Assert.Equal([days[2], days[1]], Ids(null, before, null, 10));
        Assert.Equal([days[2]], Ids(null, before, null, 1));
        Assert.Equal([days[3], days[2], days[1]], Ids(null, before.AddDays(1), null, 10));
        Assert.Equal([days[2], green.Id], Ids(null, before, new RunNamespace("green"), 10));
        Assert.Empty(Ids(null, before.AddDays(-2), null, 10));
        Assert.Empty(Ids("\"x\"", before, null, 10));

        List<long> Ids(string? item, DateTimeOffset than, RunNamespace? space, int limit) =>
            [.. store.Read(s => s.EarlierVersions("p.out", item, than, space, limit)).Select(version => version.Id)];

        async Task<Publication> PublishedAsync(int day, string path, string? space, bool isCurrent = true)
        {
            var (run, fence) = await store.CreateRun(day: day, tasks: ["a"]);
            var row = Made.Task("a") with { State = TaskState.Running, Token = 1, TryNumber = 1, Revision = 2 };
            await store.WriteAsync(s => s.Apply(run.Number, fence, Made.Decision(new Change.TaskChanged(row))), Ct);
            var wanted = new Publication(
                0,
                run.Number,
                run.Pipeline,
                row.Key,
                1,
                1,
                "out",
                "p.out",
                path,
                ".staged/x",
                run.Partition,
                PublicationKind.File,
                PublicationState.Prepared,
                "sha",
                10,
                5,
                "[]",
                run.Version,
                Made.Noon,
                Namespace: space is null ? null : new RunNamespace(space)
            );
            wanted = wanted with { Id = await store.WriteAsync(s => s.PreparePublication(wanted, fence), Ct) };
            await store.WriteAsync(
                s =>
                {
                    if (isCurrent)
                    {
                        var current = s.PublicationAt(path);
                        s.EndVersionSwitch(s.BeginVersionSwitch(current, wanted, "p.a", null, Made.Noon), current, wanted, null, Made.Noon);
                    }

                    s.MarkPublished(wanted.Id, Made.Noon);
                },
                Ct
            );
            return wanted;
        }
    }
}
