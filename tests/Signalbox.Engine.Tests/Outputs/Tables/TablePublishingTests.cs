using Signalbox.Core.Definitions;
using Signalbox.Core.Retry;
using Signalbox.Engine.Outputs;
using Signalbox.Engine.Outputs.Tables;
using Signalbox.Storage;
using Signalbox.Storage.Tests;
using static Signalbox.Engine.Outputs.Tables.DatabaseKind;

namespace Signalbox.Engine.Tests.Outputs.Tables;

/// <summary>What readers of a table see: the old rows or the new ones, whatever happens to those who publish.</summary>
[KillsAt("table-", "load-")]
public sealed class TablePublishingTests(PostgresServer server)
{
    private const string Partition = "day = '2024-01-15'";
    private const int RowsOfVersion = 20;

    // A longer run by hand: SIGNALBOX_TEST_PUBLICATIONS=1000.
    private static readonly int Publications = int.TryParse(Environment.GetEnvironmentVariable("SIGNALBOX_TEST_PUBLICATIONS"), out var many)
        ? many
        : 25;

    [Theory]
    [Trait("Requirement", "S112")]
    [InlineData(Postgres)]
    [InlineData(Sqlite)]
    public async Task Readers_at_full_speed_see_one_whole_version_of_the_partition_and_never_none(DatabaseKind kind)
    {
        using var rig = new TableRig(kind, server);
        await rig.LoadAsync(Version(0), LoadMode.ReplacePartition, 1, Partition);
        using var stop = new CancellationTokenSource();
        var readers = Enumerable.Range(0, 4).Select(_ => Task.Run(() => ReadAsync(rig, stop.Token))).ToArray();
        for (var version = 1; version <= Publications; version++)
        {
            await rig.LoadAsync(Version(version), LoadMode.ReplacePartition, version + 1, Partition);
        }

        await stop.CancelAsync();
        var seen = (await Task.WhenAll(readers)).SelectMany(versions => versions).ToHashSet();
        Assert.True(seen.Count > 3, $"readers saw {seen.Count} versions only");
        Assert.Equal([$"{Publications}|{RowsOfVersion}"], await rig.RowsAsync("select max(version), count(*) from features"));
        Assert.Equal(["features"], await rig.TablesAsync());
    }

    public static TheoryData<DatabaseKind, string> PublishingPoints => Points(name => !IsOfSwitch(name));

    public static TheoryData<DatabaseKind, string> SwitchingPoints => Points(IsOfSwitch);

    public static TheoryData<string> LoadingPoints =>
        [.. FaultPoints.All.Where(name => name.StartsWith("load-", StringComparison.Ordinal))];

    [Theory]
    [Trait("Requirement", "S102")]
    [Trait("Requirement", "S188")]
    [MemberData(nameof(PublishingPoints))]
    public async Task Killed_at_any_step_the_old_rows_or_the_new_ones_are_there_and_asking_again_ends_with_the_new_ones_once(
        DatabaseKind kind,
        string point
    )
    {
        using var rig = new TableRig(kind, server);
        await rig.LoadAsync(Version(1), LoadMode.ReplacePartition, 1, Partition);
        var request = await rig.StageAsync(Version(2), LoadMode.ReplacePartition, Partition, attempt: 2);

        Assert.NotEqual(0, await rig.PublishAndDieAsync(request, 2, point, replaced: 1, keep: 1));

        var isDone = point == FaultPoints.TableAfterCommit;
        Assert.Equal([$"{(isDone ? 2 : 1)}|{RowsOfVersion}"], await rig.RowsAsync("select max(version), count(*) from features"));
        var placed = await rig.PublishAsync(request, 2, replaced: 1, keep: 1, isAgain: true);
        Assert.True(placed.IsCurrent);
        Assert.Equal([$"2|{RowsOfVersion}"], await rig.RowsAsync("select max(version), count(*) from features"));
        Assert.Equal(["features", $"signalbox_kept_{TableRig.Instance}_1"], await rig.TablesAsync());
        Assert.Equal(["2"], await rig.RowsAsync("select count(*) from signalbox_loads"));
    }

    [Theory]
    [MemberData(nameof(SwitchingPoints))]
    public async Task Killed_while_it_switches_back_one_whole_version_is_there_and_asking_again_ends_with_the_wanted_one(
        DatabaseKind kind,
        string point
    )
    {
        using var rig = new TableRig(kind, server);
        await rig.LoadAsync(Version(1), LoadMode.ReplacePartition, 1, Partition);
        await rig.LoadAsync(Version(2), LoadMode.ReplacePartition, 2, Partition, replaced: 1, keep: 1);
        var (first, second) = (Row(rig, 1) with { Kept = $"table://base/signalbox_kept_{TableRig.Instance}_1" }, Row(rig, 2));

        Assert.NotEqual(0, await rig.SwitchAndDieAsync(rig.Request("", LoadMode.ReplacePartition, Partition), 2, 1, point));

        var isDone = point == FaultPoints.TableAfterSwitchCommit;
        Assert.Equal([$"{(isDone ? 1 : 2)}|{RowsOfVersion}"], await rig.RowsAsync("select max(version), count(*) from features"));
        var placed = await rig.Place.SwitchAsync(second, first, CancellationToken.None);
        Assert.Equal($"table://base/signalbox_kept_{TableRig.Instance}_2", placed.Kept);
        Assert.Equal([$"1|{RowsOfVersion}"], await rig.RowsAsync("select max(version), count(*) from features"));
        Assert.Equal(["features", $"signalbox_kept_{TableRig.Instance}_2"], await rig.TablesAsync());
    }

    [Theory]
    [Trait("Requirement", "S105")]
    [MemberData(nameof(LoadingPoints))]
    public async Task A_killed_attempt_leaves_a_staging_table_of_its_own_at_most_and_the_sweep_drops_it(string point)
    {
        using var rig = new TableRig(Postgres, server);
        await rig.LoadAsync(Version(1), LoadMode.ReplacePartition, 1, Partition);
        var request = rig.Request(Version(2), LoadMode.ReplacePartition, Partition, attempt: 2);
        TablePlace.Note(
            new(Path.Combine(rig.Folder, ".signalbox")),
            "abcdef01-1-0-a2",
            new StagingNote("base", null, request.StagingTable)
        );

        var (code, _) = await rig.StageInChildAsync(request, point);

        Assert.Equal(137, code);
        await rig.Place.SweepAsync(_ => false, CancellationToken.None);
        Assert.Equal(point == "load-after-receipt" ? ["features", request.StagingTable] : ["features"], await rig.TablesAsync());
        await rig.Place.SweepAsync(key => key == "abcdef01-1-0-a2", CancellationToken.None);
        Assert.Equal(["features"], await rig.TablesAsync());
        Assert.Equal([$"1|{RowsOfVersion}"], await rig.RowsAsync("select max(version), count(*) from features"));
    }

    [Theory]
    [InlineData(Postgres)]
    [InlineData(Sqlite)]
    [InlineData(DatabaseKind.DuckDb)]
    public async Task An_attempt_that_was_declared_lost_and_wakes_up_publishes_nothing(DatabaseKind kind)
    {
        using var rig = new TableRig(kind, server);
        var lost = await rig.StageAsync(Version(1), LoadMode.ReplacePartition, Partition, attempt: 1);
        // The next attempt has only begun: from then on the older one is refused.
        var next = await rig.StageAsync(Version(2), LoadMode.ReplacePartition, Partition, attempt: 2);

        var refused = await TableRig.RefusedAsync(FailureClass.Lost, () => rig.PublishAsync(lost, 1));
        Assert.Contains("token 1", refused.Message);
        Assert.DoesNotContain("features", await rig.TablesAsync());

        await rig.PublishAsync(next, 2);
        await TableRig.RefusedAsync(FailureClass.Lost, () => rig.PublishAsync(lost, 1));
        Assert.Equal([$"2|{RowsOfVersion}"], await rig.RowsAsync("select max(version), count(*) from features"));
    }

    [Theory]
    [InlineData(Postgres)]
    [InlineData(Sqlite)]
    [InlineData(DatabaseKind.DuckDb)]
    public async Task A_replaced_partition_that_was_kept_comes_back_and_is_forgotten_when_it_is_told_so(DatabaseKind kind)
    {
        using var rig = new TableRig(kind, server);
        await rig.LoadAsync("select 9 as version, date '2024-01-14' as day, 0 as n", LoadMode.ReplacePartition, 1, "day = '2024-01-14'");
        await rig.LoadAsync(Version(1), LoadMode.ReplacePartition, 2, Partition);
        var placed = await rig.LoadAsync(Version(2), LoadMode.ReplacePartition, 3, Partition, replaced: 2, keep: 1);
        Assert.Equal($"table://base/signalbox_kept_{TableRig.Instance}_2", placed.Kept);
        var (first, second) = (Row(rig, 2), Row(rig, 3));

        var back = await rig.Place.SwitchAsync(second, first with { Kept = placed.Kept }, CancellationToken.None);
        Assert.Equal(["1|20", "9|1"], await rig.RowsAsync("select version, count(*) from features group by 1 order by 1"));
        Assert.Equal(["features", $"signalbox_kept_{TableRig.Instance}_3"], await rig.TablesAsync());
        var again = await rig.Place.SwitchAsync(second, first with { Kept = placed.Kept }, CancellationToken.None);
        Assert.Equal(back, again);

        await rig.Place.SwitchAsync(first, second with { Kept = back.Kept }, CancellationToken.None);
        Assert.Equal(["2|20", "9|1"], await rig.RowsAsync("select version, count(*) from features group by 1 order by 1"));
        await rig.Place.ForgetAsync(first with { Kept = $"table://base/signalbox_kept_{TableRig.Instance}_2" }, CancellationToken.None);
        Assert.Equal(["features"], await rig.TablesAsync());
        var gone = await TableRig.RefusedAsync(
            FailureClass.Permanent,
            () => rig.Place.SwitchAsync(second, first with { Kept = placed.Kept }, CancellationToken.None)
        );
        Assert.Contains("no longer kept", gone.Message);
    }

    [Fact]
    public async Task A_whole_table_that_was_replaced_by_one_with_other_columns_comes_back_with_its_own()
    {
        using var rig = new TableRig(Postgres, server);
        await rig.LoadAsync("select 1 as a, 2 as b", LoadMode.ReplaceTable, 1);
        var placed = await rig.LoadAsync("select 3 as c", LoadMode.ReplaceTable, 2, replaced: 1, keep: 1);
        await rig.Place.SwitchAsync(Whole(rig, 2), Whole(rig, 1) with { Kept = placed.Kept }, CancellationToken.None);
        Assert.Equal(["1|2"], await rig.RowsAsync("select * from features"));
    }

    [Fact]
    [Trait("Requirement", "S198")]
    public async Task Servers_that_are_not_there_or_refuse_the_password_say_so()
    {
        using var rig = new TableRig(Postgres, server);
        var request = rig.Request("select 1 as n", LoadMode.ReplaceTable);
        var away = await TableRig.RefusedAsync(
            FailureClass.ResourceUnavailable,
            () => LoadWork.StageAsync(request, "postgresql://someone:hunter2@127.0.0.1:1/db")
        );
        Assert.DoesNotContain("hunter2", away.Message);
        var stranger = await TableRig.RefusedAsync(
            FailureClass.Auth,
            () => LoadWork.StageAsync(request, rig.Address!.Replace("signalbox@", "stranger:hunter2@", StringComparison.Ordinal))
        );
        Assert.Contains("stranger", stranger.Message);
        var (code, error) = await rig.StageInChildAsync(request with { Query = "select nonsense" });
        Assert.Equal(1, code);
        Assert.Contains("\"class\":\"schema\"", error);
        Assert.Contains("base.features: ", error);
        Assert.DoesNotContain("   at ", error);
    }

    private static async Task<HashSet<int>> ReadAsync(TableRig rig, CancellationToken until)
    {
        var found = new HashSet<int>();
        await using var session = await rig.OpenAsync();
        while (!until.IsCancellationRequested)
        {
            var rows = await session.RowsAsync("select version, count(*) from features group by version");
            var only = Assert.Single(rows);
            Assert.Equal($"{RowsOfVersion}", only[1]);
            found.Add(int.Parse(only[0]!));
        }

        return found;
    }

    private static TheoryData<DatabaseKind, string> Points(Func<string, bool> wanted)
    {
        var points = new TheoryData<DatabaseKind, string>();
        foreach (var point in FaultPoints.All.Where(name => name.StartsWith("table-", StringComparison.Ordinal) && wanted(name)))
        {
            points.Add(Postgres, point);
            points.Add(Sqlite, point);
            // The steps are the same code; what differs is the process that takes them, and each start of one costs.
            if (point.EndsWith("after-delete", StringComparison.Ordinal) || point.EndsWith("commit", StringComparison.Ordinal))
            {
                points.Add(DatabaseKind.DuckDb, point);
            }
        }

        return points;
    }

    private static bool IsOfSwitch(string name) => name.StartsWith("table-switch", StringComparison.Ordinal);

    private static Publication Row(TableRig rig, long id) =>
        TableRig.PlacingOf(rig.Request("", LoadMode.ReplacePartition, Partition), id).Intent;

    private static Publication Whole(TableRig rig, long id) => TableRig.PlacingOf(rig.Request("", LoadMode.ReplaceTable), id).Intent;

    private static string Version(int version) =>
        $"select {version}::integer as version, date '2024-01-15' as day, i::integer as n from range({RowsOfVersion}) as r(i)";
}
