using Npgsql;
using Signalbox.Core.Triggers;
using Signalbox.Engine.Tests.Driving;
using Signalbox.Engine.Tests.Scheduling;
using Signalbox.Storage.Tests;

namespace Signalbox.Engine.Tests.Triggers;

/// <summary>A message whose run conflicts with what somebody else writes waits until that has passed; only what lasts makes it a dead letter.</summary>
public sealed class ConflictTests(PostgresServer server)
{
    [Fact]
    [Trait("Requirement", "S121")]
    public async Task A_passing_conflict_is_waited_for_and_a_lasting_one_is_a_dead_letter()
    {
        const string Database = "conflicts";
        await DoAsync(server.Connection, $"create database {Database}");
        var inside = server.Connection.Replace("Database=postgres", $"Database={Database}", StringComparison.Ordinal);
        var address = server.Address("public").Replace("/postgres?", $"/{Database}?", StringComparison.Ordinal);
        var time = new ManualTime(new DateTimeOffset(2024, 3, 1, 12, 0, 0, TimeSpan.Zero));
        await using var house = new House($"database: {address}\n") { Time = time };
        house.Secret("hook", "s3cret");
        house.Pipeline("pipeline: landing\ntriggers: [{ webhook: { bearer: secret:hook } }]\ntasks:\n  a: { noop: {} }\n");
        await house.SaveAsync();
        await house.ServeAsync();
        await DoAsync(
            inside,
            """
            create sequence met;
            create function refuse() returns trigger language plpgsql as $$ begin
                perform nextval('met');
                raise exception 'somebody else was first' using errcode = 'unique_violation';
            end $$;
            create trigger refuse before insert on runs for each row execute function refuse();
            """
        );

        var passing = (await house.PostAsync("landing", "{}", "d-1")).Only();
        Assert.Equal(InboxState.Waiting, passing.State);
        await UntilMetAsync(4);
        Assert.Equal(InboxState.Waiting, house.Messages("landing")[0].State);
        await DoAsync(inside, "alter table runs disable trigger refuse");
        await UntilAsync(() => house.Messages("landing")[0].State == InboxState.Started, "the run");

        await DoAsync(inside, "alter table runs enable trigger refuse");
        await house.PostAsync("landing", "{}", "d-2");
        await UntilAsync(() => house.Messages("landing")[1].State == InboxState.Dead, "the dead letter");
        Assert.Contains("somebody else was first", house.Messages("landing")[1].Reason, StringComparison.Ordinal);
        await UntilMetAsync(10 + 4);

        Task UntilMetAsync(int times) => UntilAsync(() => Met() >= times, $"{times} conflicts");

        Task UntilAsync(Func<bool> condition, string what) =>
            house.UntilAsync(
                () =>
                {
                    time.Pass(TimeSpan.FromMilliseconds(500));
                    return condition();
                },
                what
            );

        long Met()
        {
            using var connection = new NpgsqlConnection(inside);
            connection.Open();
            using var command = new NpgsqlCommand("select case when is_called then last_value else 0 end from met", connection);
            return (long)command.ExecuteScalar()!;
        }
    }

    private static async Task DoAsync(string connection, string sql)
    {
        await using var opened = new NpgsqlConnection(connection);
        await opened.OpenAsync(House.Cancel);
        await using var command = new NpgsqlCommand(sql, opened);
        await command.ExecuteNonQueryAsync(House.Cancel);
    }
}
