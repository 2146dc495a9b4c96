using Signalbox.Core;
using Signalbox.Core.Alerts;
using Signalbox.Engine.Control;
using Signalbox.Engine.Tests.Driving;
using Signalbox.Engine.Tests.Scheduling;
using Signalbox.Storage;

namespace Signalbox.Engine.Tests.Deadlines;

/// <summary>A dataset that is not updated as often as its pipeline states is told once, and so is the end of it.</summary>
public sealed class FreshnessWatchTests
{
    private static readonly DateTimeOffset Noon = new(2024, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    [Trait("Requirement", "S48")]
    public async Task A_dataset_that_is_late_is_told_once_over_a_restart_and_is_well_again_with_its_next_update()
    {
        var time = new ManualTime(Noon);
        await using var house = new House { Time = time };
        house.Pipeline(Stating("26h"));
        // Another dataset, whose misses say that the watch has looked.
        house.Pipeline(Stating("24h", "clock"));
        await house.ServeAsync();
        await PostAsync(house);
        await PostAsync(house, "clock");
        time.Pass(TimeSpan.FromHours(25));
        await UntilAsync(house, time, () => Misses(house, "clock").Count == 1);
        Assert.Empty(Misses(house));

        time.Pass(TimeSpan.FromHours(2));
        await UntilAsync(house, time, () => Misses(house).Count == 1);
        var miss = Misses(house)[0];
        Assert.Equal((Noon.AddHours(26), Noon, "within 1d2h", null), (miss.DueAt, miss.UpdatedAt, miss.Rule, miss.EndedAt));
        await house.CloseAsync();
        await house.ServeAsync();
        await PostAsync(house, "clock");
        await UntilAsync(house, time, () => Misses(house, "clock")[0].EndedAt is not null);
        Assert.Single(Misses(house));
        var told = Assert.Single(Alerts(house));
        Assert.Equal((AlertKind.FreshnessMissed, "daily/flights/raw/freshness"), (told.Kind, told.DedupKey));
        Assert.Equal(
            "flights/raw is late: it had to be updated by 2024-03-02T14:00:00Z (within 1d2h), and was last at 2024-03-01T12:00:00Z",
            told.Message
        );

        await PostAsync(house);
        await UntilAsync(house, time, () => Misses(house)[0].EndedAt is not null);
        Assert.Equal([AlertKind.FreshnessMissed, AlertKind.Resolved], Alerts(house).Select(alert => alert.Kind));
        Assert.StartsWith("flights/raw is fresh again: it was updated at 2024-03-02T", Alerts(house)[1].Message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Requirement", "S48")]
    public async Task By_an_expression_it_is_late_at_every_tick_and_history_made_again_makes_nothing_fresh()
    {
        var time = new ManualTime(Noon);
        await using var house = new House { Time = time };
        house.Pipeline(Stating("{ cron: \"0 6 * * *\" }"));
        house.Pipeline(Stating("19h", "clock"));
        await house.ServeAsync();
        time.Pass(TimeSpan.FromHours(20));
        await UntilAsync(house, time, () => Misses(house, "clock").Count == 1);
        Assert.Empty(Misses(house));
        time.Pass(TimeSpan.FromHours(24));
        await UntilAsync(house, time, () => Misses(house).Count == 1);
        await house.Store.WriteAsync(
            session =>
                session.AddUpdate(
                    new StoredUpdate(
                        0,
                        "flights/raw",
                        "2001-01-01",
                        null,
                        null,
                        null,
                        "me",
                        null,
                        null,
                        "backfill 1 made it",
                        time.GetUtcNow()
                    )
                ),
            House.Cancel
        );
        time.Pass(TimeSpan.FromHours(24));
        await UntilAsync(house, time, () => Misses(house).Count == 2);
        Assert.Equal([Noon.AddHours(66), Noon.AddHours(42)], Misses(house).Select(miss => miss.DueAt));
        Assert.All(Misses(house), miss => Assert.Null(miss.UpdatedAt));

        await PostAsync(house);
        await UntilAsync(house, time, () => Misses(house).All(miss => miss.EndedAt is not null));
        Assert.Equal(2, Alerts(house).Count(alert => alert.Kind == AlertKind.Resolved));
    }

    private static string Stating(string freshness, string dataset = "flights/raw") =>
        $"pipeline: {(dataset == "clock" ? dataset : "daily")}\ntasks:\n  make:\n    run: \"true\"\n    outputs: {{ raw: {{ path: \"{{{{ ds }}}}.txt\", dataset: {dataset}, freshness: {freshness} }} }}\n";

    private static async Task PostAsync(House house, string dataset = "flights/raw") =>
        Assert.True((await house.AskAsync(new Request.UpdateDataset(dataset, "2024-03-01", Version: null, Key: null))).Done);

    private static IReadOnlyList<FreshnessMiss> Misses(House house, string dataset = "flights/raw") =>
        house.Store.Read(session => session.Misses(dataset, 10));

    private static List<Alert> Alerts(House house) =>
        [
            .. house
                .Store.Read(session => session.Alerts(new PipelineName("daily"), 10))
                .OrderBy(stored => stored.Id)
                .Select(stored => stored.Alert),
        ];

    private static Task UntilAsync(House house, ManualTime time, Func<bool> condition) =>
        house.UntilAsync(
            () =>
            {
                time.Pass(TimeSpan.FromSeconds(1));
                return condition();
            },
            "the look"
        );
}
