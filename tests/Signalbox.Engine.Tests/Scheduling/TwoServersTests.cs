using Npgsql;
using Signalbox.Core;
using Signalbox.Core.Time;
using Signalbox.Engine.Tests.Driving;
using Signalbox.Storage;
using Signalbox.Storage.Tests;

namespace Signalbox.Engine.Tests.Scheduling;

/// <summary>
/// Two servers on one PostgreSQL, each with a clock of its own: every tick exactly once, while they are stopped and started, lose all their
/// connections (after which both may serve), and their clocks jump by up to three days both ways.
/// </summary>
public sealed class TwoServersTests(PostgresServer server)
{
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(200);

    [Theory]
    [Trait("Requirement", "S9")]
    [Trait("Requirement", "S52")]
    [InlineData(1, "2026-03-27T12:00:00Z")]
    [InlineData(2, "2026-10-23T12:00:00Z")]
    public async Task Every_tick_is_decided_once_by_two_servers_on_one_database(int seed, string begin)
    {
        var start = DateTimeOffset.Parse(begin, System.Globalization.CultureInfo.InvariantCulture);
        var random = new Random(seed);
        var database = $"two_servers_{seed}";
        await DoAsync(server.Connection, $"create database {database}");
        var address = server.Address("public").Replace("/postgres?", $"/{database}?", StringComparison.Ordinal);
        await using var one = new Server(address, start);
        await using var other = new Server(address, start);
        Server[] servers = [one, other];
        Array.ForEach(servers, each => each.Serve());
        await UntilAsync(servers, () => Cursor(one, "fixed") is not null && Cursor(one, "often") is not null, "the first look");
        var latest = servers.Max(each => each.Time.GetUtcNow());
        for (var step = 0; step < 12; step++)
        {
            var concerned = servers[random.Next(2)];
            switch (random.Next(5))
            {
                case 0:
                    await concerned.StopAsync();
                    concerned.Time.Pass(TimeSpan.FromHours(random.Next(30)));
                    break;
                case 1:
                    // As when the database is restarted, or the network cut: the lock of the engine is gone, and whoever asks first has it.
                    await DoAsync(
                        server.Connection,
                        $"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{database}' and pid <> pg_backend_pid()"
                    );
                    break;
                case 2:
                    concerned.Time.Set(concerned.Time.GetUtcNow().AddHours(-random.Next(1, 73)));
                    break;
                case 3:
                    concerned.Time.Set(concerned.Time.GetUtcNow().AddHours(random.Next(1, 73)));
                    break;
                default:
                    var hours = TimeSpan.FromHours(random.Next(1, 8));
                    Array.ForEach(servers, each => each.Time.Pass(hours));
                    break;
            }

            latest = servers.Select(each => each.Time.GetUtcNow()).Append(latest).Max();
            await UntilAsync(servers, Passed(servers), "some seconds of both clocks");
            Array.ForEach(servers, each => each.Serve());
        }

        // Whatever the clocks show in the end, time goes on past all that was seen.
        Array.ForEach(servers, each => each.Time.Set(latest.AddHours(5)));
        var end = latest.AddHours(5);
        foreach (
            var (name, calculated) in new[]
            {
                ("fixed", LondonCalculator.HalfPastOne(start, end)),
                ("often", LondonCalculator.QuarterPast(1, start, end)),
            }
        )
        {
            await UntilAsync(servers, () => Cursor(one, name) >= calculated[^1], $"the last tick of {name}");
            var ticks = one
                .House.Store.Read(session => session.Ticks(new PipelineName(name), 10_000))
                .Where(tick => tick.At > start && tick.At <= end)
                .ToList();
            Assert.Equal(calculated, ticks.Select(tick => tick.At).Order());
            Assert.All(ticks, tick => Assert.True(tick.Run is not null || (name == "often" && tick.Skip == SkipReason.CatchUp), $"{tick}"));
            var runs = ticks.Select(tick => tick.Run).OfType<RunNumber>().ToList();
            Assert.Equal(runs.Count, runs.Distinct().Count());
        }

        Assert.All(servers, each => Assert.True(each.HasServed, "a server that never served proves nothing"));
    }

    private static Func<bool> Passed(Server[] servers)
    {
        var until = servers.Select(each => (each.Time, At: each.Time.GetUtcNow().AddSeconds(3))).ToList();
        return () => until.TrueForAll(each => each.Time.GetUtcNow() >= each.At);
    }

    /// <summary>Lets both clocks go on until something is so.</summary>
    private static Task UntilAsync(Server[] servers, Func<bool> condition, string what) =>
        servers[0]
            .House.UntilAsync(
                () =>
                {
                    Array.ForEach(servers, each => each.Time.Pass(Moment));
                    return condition();
                },
                what
            );

    private static DateTimeOffset? Cursor(Server any, string pipeline)
    {
        try
        {
            return any.House.Store.Read(session => session.Pipeline(new PipelineName(pipeline)))?.Cursor;
        }
        catch (StoreUnavailable)
        {
            // Its connections were cut; the next question makes new ones.
            return null;
        }
    }

    private static async Task DoAsync(string connection, string sql)
    {
        await using var opened = new NpgsqlConnection(connection);
        await opened.OpenAsync(House.Cancel);
        await using var command = new NpgsqlCommand(sql, opened);
        await command.ExecuteNonQueryAsync(House.Cancel);
    }

    /// <summary>One of the two: its project, its clock, and whether it serves or stands by.</summary>
    private sealed class Server : IAsyncDisposable
    {
        private CancellationTokenSource? _stop;
        private Task _serving = Task.CompletedTask;

        public Server(string address, DateTimeOffset start)
        {
            Time = new ManualTime(start);
            House = new House($"database: {address}\n") { Time = Time };
            House.Pipeline(
                "pipeline: fixed\nschedule: { cron: \"30 1,13 * * *\", timezone: Europe/London }\ncatchup: all\ntasks:\n  a: { noop: }\n"
            );
            House.Pipeline("pipeline: often\nschedule: { cron: \"15 * * * *\", timezone: Europe/London }\ntasks:\n  a: { noop: }\n");
        }

        public House House { get; }

        public ManualTime Time { get; }

        public bool HasServed { get; private set; }

        /// <summary>Begins to serve, or to stand by; nothing when it does.</summary>
        public void Serve()
        {
            if (_stop is null)
            {
                _stop = CancellationTokenSource.CreateLinkedTokenSource(House.Cancel);
                _serving = ServeAsync(_stop.Token);
            }
        }

        public async Task StopAsync()
        {
            if (_stop is { } stop)
            {
                _stop = null;
                await stop.CancelAsync();
                await _serving;
                await House.CloseAsync();
                stop.Dispose();
            }
        }

        public async ValueTask DisposeAsync()
        {
            await StopAsync();
            await House.DisposeAsync();
        }

        private async Task ServeAsync(CancellationToken stop)
        {
            try
            {
                await House.Session.ServeAsync(stop);
                HasServed = true;
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                // It stood by.
            }
        }
    }
}
