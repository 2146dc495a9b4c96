using Npgsql;

namespace Signalbox.Storage.Tests;

/// <summary>Makes databases for tests, each of them empty and used by one test.</summary>
public abstract class TestDatabase
{
    /// <summary>The address of a new, empty database.</summary>
    public abstract string Create();

    public Store Open() => Store.Open(Create());
}

public sealed class SqliteFiles : TestDatabase, IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("signalbox-store-");
    private static int count;

    public override string Create() => Path.Combine(folder.FullName, $"{Interlocked.Increment(ref count)}.db");

    public void Dispose() => folder.Delete(recursive: true);
}

/// <summary>Schemas of one database: making a database copies eight megabytes.</summary>
public sealed class PostgresDatabases(PostgresServer server) : TestDatabase
{
    private static int count;

    public override string Create()
    {
        var name = $"t{Interlocked.Increment(ref count)}";
        using var connection = new NpgsqlConnection(server.Connection);
        connection.Open();
        using var command = new NpgsqlCommand($"create schema {name}", connection);
        command.ExecuteNonQuery();
        return server.Address(name);
    }
}
