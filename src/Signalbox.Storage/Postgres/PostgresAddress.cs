using Npgsql;

namespace Signalbox.Storage.Postgres;

/// <summary>Addresses of PostgreSQL as users write them.</summary>
public static class PostgresAddress
{
    /// <summary>
    /// What <c>postgres://user:password@host:port/database?option=value</c> says, with keep-alive and with time-outs that end.
    /// </summary>
    /// <param name="address">In user, password and database, characters such as <c>@ / : %</c> are written <c>%40</c> and so on.</param>
    /// <exception cref="StoreRefused">It is no such address; the message says why and never holds the password.</exception>
    public static NpgsqlConnectionStringBuilder Read(string address)
    {
        if (!Uri.TryCreate(address, UriKind.Absolute, out var uri))
        {
            throw new StoreRefused("the address of the database is not postgres://user:password@host:port/database");
        }

        var user = uri.UserInfo.Split(':', 2);
        var builder = new NpgsqlConnectionStringBuilder
        {
            Host = uri.Host,
            Port = uri.Port > 0 ? uri.Port : 5432,
            Database = Uri.UnescapeDataString(uri.AbsolutePath.TrimStart('/')),
            Username = Uri.UnescapeDataString(user[0]),
            Password = user.Length > 1 ? Uri.UnescapeDataString(user[1]) : null,
            KeepAlive = 30,
            Timeout = 10,
            CommandTimeout = 60,
            // The holder of the engine's lock is known to others by this; the server keeps 63 characters.
            ApplicationName = $"signalbox (pid {Environment.ProcessId} on {Environment.MachineName})",
        };
        foreach (var pair in uri.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var (name, value) = (pair.Split('=')[0], Uri.UnescapeDataString(pair[(pair.IndexOf('=') + 1)..]));
            try
            {
                builder[name] = value;
            }
            catch (Exception problem) when (problem is ArgumentException or FormatException or KeyNotFoundException)
            {
                throw new StoreRefused($"the address of the database has an option `{name}` that cannot be used: {problem.Message}");
            }
        }

        return builder;
    }
}
