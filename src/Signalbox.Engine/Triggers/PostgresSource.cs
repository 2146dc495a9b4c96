using System.Text;
using Npgsql;
using Signalbox.Core;
using Signalbox.Core.Triggers;
using Signalbox.Engine.Projects;
using Signalbox.Storage.Postgres;

namespace Signalbox.Engine.Triggers;

/// <summary>The database and the table of a PostgreSQL trigger.</summary>
internal static class PostgresSource
{
    /// <summary>What to connect with.</summary>
    public static string ConnectionString(ListenerSeat seat, MessageTrigger.Postgres trigger)
    {
        if (!seat.Parts.Project.Connections.TryGetValue(trigger.Connection, out var found) || found is not Connection.Postgres connection)
        {
            throw new ListenerException($"there is no PostgreSQL connection `{trigger.Connection}` in {Project.FileName}");
        }

        var resolved = connection.Address.Resolve(seat.Parts.Project.Secrets);
        var text = resolved.Value ?? throw new ListenerException(resolved.Problem!);
        var address = DatabaseAddress.Parse(text, seat.Parts.Project.Folder, out var problem);
        if (address is not { IsPostgres: true })
        {
            throw new ListenerException(problem ?? $"the connection `{trigger.Connection}` is no PostgreSQL database");
        }

        var builder = PostgresAddress.Read(address.Value);
        builder.ApplicationName = "signalbox trigger";
        builder.Pooling = false;
        return builder.ConnectionString;
    }

    /// <summary>The table, quoted; known to be there.</summary>
    /// <exception cref="ListenerException">There is no such table.</exception>
    public static async Task<string> TableAsync(NpgsqlConnection link, MessageTrigger.Postgres trigger, CancellationToken cancellationToken)
    {
        var parts = trigger.Table.Split('.');
        var quoted = string.Join('.', parts.Select(part => $"\"{part}\""));
        await using var ask = new NpgsqlCommand("select to_regclass($1)::text", link);
        ask.Parameters.Add(new NpgsqlParameter { Value = quoted });
        return await ask.ExecuteScalarAsync(cancellationToken) is string
            ? quoted
            : throw new ListenerException($"the connection `{trigger.Connection}` has no table {trigger.Table}");
    }

    /// <summary>The name of the slot and the publication of a trigger: the same in every life of the installation, and of no other one.</summary>
    public static string NameOf(ListenerSeat seat)
    {
        var text = new StringBuilder("signalbox_");
        foreach (var c in $"{seat.Pipeline}_{seat.Trigger.Name}".ToLowerInvariant())
        {
            text.Append(char.IsAsciiLetterOrDigit(c) ? c : '_');
        }

        // The server keeps 63 characters.
        var name = text.Length <= 50 ? text.ToString() : text.ToString(0, 50);
        return $"{name}_{StableHash.Of($"{seat.Parts.Instance}/{seat.Pipeline}/{seat.Trigger.Name}") & 0xFFFFFFFF:x8}";
    }

    /// <summary>What a failure of the database says, with how to mend those that people meet first.</summary>
    public static ListenerException Told(PostgresException problem, MessageTrigger.Postgres trigger) =>
        new(
            problem.SqlState switch
            {
                PostgresErrorCodes.InsufficientPrivilege =>
                    $"{problem.MessageText}: the user of `{trigger.Connection}` must own {trigger.Table} and have the attribute REPLICATION, or give the trigger a `cursor` column",
                PostgresErrorCodes.ObjectInUse => $"{problem.MessageText}: another server listens to it",
                _ => problem.MessageText,
            },
            problem
        );
}
