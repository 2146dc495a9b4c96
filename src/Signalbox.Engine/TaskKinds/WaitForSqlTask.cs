using System.Globalization;
using System.Text.Json.Nodes;
using Npgsql;
using Signalbox.Core.Definitions;
using Signalbox.Core.Expressions;
using Signalbox.Core.Retry;
using Signalbox.DuckDb.Work;
using Signalbox.Engine.Attempts;
using Signalbox.Engine.Outputs.Tables;
using Signalbox.Engine.PipelineFiles;
using Signalbox.Engine.Processes;
using Signalbox.Engine.Projects;
using Signalbox.Storage.Postgres;

namespace Signalbox.Engine.TaskKinds;

/// <summary>
/// <c>wait_for: {sql}</c>: the first column of the first row is neither null, false, 0 nor empty. A look changes nothing: every database is asked
/// in a way in which it writes nothing.
/// </summary>
/// <remarks>
/// PostgreSQL is asked over a few connections that all looks share, DuckDB in a child process (a fault in it is not the server's), a few at one time.
/// </remarks>
internal static class WaitForSqlTask
{
    private const int MostConnections = 4;
    private const int MostChildren = 2;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly SemaphoreSlim Connections = new(MostConnections);
    private static readonly SemaphoreSlim Children = new(MostChildren);

    public static async Task<Sighting> LookAsync(TaskKind.WaitForSql kind, AttemptContext context, CancellationToken cancellationToken)
    {
        var field = $"tasks.{context.Node.Name}.wait_for.sql";
        var query = Templates.Value(SqlTemplate.From(Templates.Of(kind.Query, field)).Render(context.Scope), field);
        using var late = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        late.CancelAfter(Patience);
        FirstValue found;
        try
        {
            found = await AskAsync(kind, query, context, late.Token);
        }
        catch (OperationCanceledException cause) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"the query is not answered within {Patience.TotalSeconds} s", cause);
        }

        var next = context.Parts.Time.GetUtcNow() + kind.Every;
        return found.Holds
            ? new Sighting.Satisfied(new JsonObject { ["value"] = found.Text }.ToJsonString())
            : new Sighting.NotYet(found.HasRow ? $"the query gives {found.Text ?? "null"}" : "the query gives no row", next);
    }

    private static Task<FirstValue> AskAsync(
        TaskKind.WaitForSql kind,
        string query,
        AttemptContext context,
        CancellationToken cancellationToken
    )
    {
        if (kind.Connection is not { } name)
        {
            return AskDuckDbAsync(query, database: null, context, cancellationToken);
        }

        var connections = context.Parts.Project.Connections;
        if (LoadConnections.WaitProblem(name, connections) is { } problem)
        {
            throw TaskRefused.Because(FailureClass.Permanent, $"tasks.{context.Node.Name}.wait_for.connection: {problem}", "connection");
        }

        return connections[name] switch
        {
            Connection.Postgres postgres => AskPostgresAsync(
                query,
                TableConnections.AddressOf(postgres, context.Parts.Project),
                cancellationToken
            ),
            Connection.Sqlite sqlite => Task.FromResult(AskSqlite(query, sqlite.Path)),
            Connection.DuckDb duck => AskDuckDbAsync(query, duck.Path, context, cancellationToken),
            var other => throw new ArgumentException($"{other.Name} takes no queries", nameof(kind)),
        };
    }

    private static async Task<FirstValue> AskPostgresAsync(string query, string address, CancellationToken cancellationToken)
    {
        await Connections.WaitAsync(cancellationToken);
        try
        {
            var settings = PostgresAddress.Read(address);
            settings.Timezone = "UTC";
            settings.CommandTimeout = (int)Patience.TotalSeconds;
            settings.ApplicationName = "signalbox wait_for";
            settings.MinPoolSize = 0;
            settings.MaxPoolSize = MostConnections;
            await using var connection = new NpgsqlConnection(settings.ConnectionString);
            await connection.OpenAsync(cancellationToken);
            await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
            await using (var readOnly = new NpgsqlCommand("set transaction read only", connection))
            {
                await readOnly.ExecuteNonQueryAsync(cancellationToken);
            }

            await using var command = new NpgsqlCommand(query, connection);
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            if (!await reader.ReadAsync(cancellationToken) || reader.FieldCount == 0)
            {
                return FirstValue.None;
            }

            return await reader.IsDBNullAsync(0, cancellationToken)
                ? FirstValue.Of(null)
                : FirstValue.Of(
                    reader.GetValue(0) switch
                    {
                        bool truth => truth ? "true" : "false",
                        DateTime time => time.ToString("O", CultureInfo.InvariantCulture),
                        var value => Convert.ToString(value, CultureInfo.InvariantCulture),
                    }
                );
        }
        finally
        {
            Connections.Release();
        }
    }

    private static FirstValue AskSqlite(string query, string path)
    {
        if (!File.Exists(path))
        {
            throw new FileNotFoundException($"there is no database {path} yet");
        }

        using var file = new SqliteFile(path);
        _ = file.Execute("pragma query_only = 1");
        return file.Rows(query) is [[var value, ..], ..] ? FirstValue.Of(value) : FirstValue.None;
    }

    private static async Task<FirstValue> AskDuckDbAsync(
        string query,
        string? database,
        AttemptContext context,
        CancellationToken cancellationToken
    )
    {
        await Children.WaitAsync(cancellationToken);
        var folder = Path.Combine(context.Folder, $"look-{Guid.NewGuid():N}");
        try
        {
            var response = await WorkerCall.AskAsync(
                context.Parts.WorkerCommand,
                folder,
                new FirstValueRequest
                {
                    Sql = query,
                    Database = database,
                    Folder = context.Parts.Project.Folder,
                    Threads = 1,
                },
                cancellationToken
            );
            return ((FirstValueResponse)response).Value;
        }
        finally
        {
            Children.Release();
            if (Directory.Exists(folder))
            {
                Directory.Delete(folder, recursive: true);
            }
        }
    }
}
