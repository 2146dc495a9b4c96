using Npgsql;
using Signalbox.Core;
using Signalbox.Core.Foresight;
using Signalbox.Core.Sla;

namespace Signalbox.Storage.Tests;

/// <summary>Our quantiles, averages and slopes are a real PostgreSQL's, to the last digits.</summary>
public sealed class PostgresQuantileTests(PostgresServer server)
{
    [Fact]
    [Trait("Requirement", "S171")]
    [Trait("Requirement", "S169")]
    public async Task Quantiles_are_those_of_percentile_cont()
    {
        await using var connection = new NpgsqlConnection(server.Connection);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        var random = new Random(171);
        for (var count = 1; count <= 60; count++)
        {
            double[] values = [.. Enumerable.Range(0, count).Select(_ => Math.Round(random.NextDouble() * 1000, random.Next(6)))];
            var rising = values.Order().ToArray();
            foreach (var fraction in new[] { 0, 0.05, 0.5, 0.9, 0.95, 0.99, 1 })
            {
                await using var command = new NpgsqlCommand(
                    "select percentile_cont(@fraction) within group (order by v) from unnest(@values) v",
                    connection
                );
                command.Parameters.AddWithValue("fraction", fraction);
                command.Parameters.AddWithValue("values", values);

                Assert.Equal(
                    await command.ExecuteScalarAsync(TestContext.Current.CancellationToken),
                    Quantile.Continuous(rising, fraction)
                );
            }
        }
    }

    [Fact]
    [Trait("Requirement", "S169")]
    [Trait("Requirement", "S170")]
    [Trait("Requirement", "S171")]
    public async Task A_report_has_the_numbers_that_the_same_query_has_there()
    {
        var random = new Random(169);
        var first = new DateTimeOffset(2026, 3, 1, 2, 15, 0, TimeSpan.Zero);
        SlaSample[] samples =
        [
            .. Enumerable
                .Range(0, 30)
                .Select(day => (Day: day, Minutes: 20 + day + (10 * random.NextDouble())))
                .Select(each => new SlaSample(first.AddDays(each.Day), each.Minutes <= 45, each.Minutes, 45)),
        ];
        await using var connection = new NpgsqlConnection(server.Connection);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand(
            """
            select count(*), count(*) filter (where m <= 45), 100.0 * count(*) filter (where m <= 45) / count(*), avg(m),
                percentile_cont(0.95) within group (order by m), regr_slope(m, d)
            from unnest(@minutes, @days) as runs (m, d)
            """,
            connection
        );
        command.Parameters.AddWithValue("minutes", samples.Select(sample => sample.Minutes!.Value).ToArray());
        command.Parameters.AddWithValue("days", samples.Select(sample => (sample.DueAt - first).TotalDays).ToArray());
        await using var row = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        Assert.True(await row.ReadAsync(TestContext.Current.CancellationToken));
        var report = SlaReport.Of(new PipelineName("daily"), samples);

        Assert.Equal((row.GetInt64(0), row.GetInt64(1)), (report.TotalRuns, report.OnTimeRuns));
        Assert.Equal((double)row.GetDecimal(2), report.ComplianceRate!.Value, 9);
        Assert.Equal(row.GetDouble(3), report.AverageMinutes!.Value, 9);
        Assert.Equal(row.GetDouble(4), report.P95Minutes!.Value);
        Assert.Equal(row.GetDouble(5), report.Trend!.SlopeMinutesPerDay, 9);
    }
}
