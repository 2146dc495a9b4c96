using System.Text;
using Signalbox.Core;
using Signalbox.Engine.Outputs;
using Signalbox.Engine.Outputs.Tables;
using Signalbox.Engine.Projects;
using Signalbox.Storage;

namespace Signalbox.Engine.Proving;

/// <summary>The tables of a namespace: their rows as a file, to be compared, and their end.</summary>
internal static class NamespaceTables
{
    /// <summary>The largest table whose rows are read; of a larger one their number is compared, and what was recorded of what was loaded.</summary>
    private const long MostRows = 1_000_000;

    /// <summary>Counts the rows of a table of a namespace, and writes them into a CSV file when they are not too many.</summary>
    /// <exception cref="ProofRefused">The table cannot be read, so nothing can be proven of it.</exception>
    public static async Task<TableSeen> SeeAsync(Project project, Publication row, string folder, CancellationToken cancellationToken)
    {
        var target = TableTarget.Parse(row.Path);
        try
        {
            await using var session = await OpenAsync(project, target, cancellationToken);
            var table = target.In(session.Kind);
            var columns = await session.ColumnsAsync(table);
            var count = await session.NumberAsync($"select count(*) from {table.Quoted}") ?? 0;
            if (count > MostRows)
            {
                return new TableSeen(count, File: null);
            }

            Directory.CreateDirectory(folder);
            var file = Path.Combine(folder, $"{target.Name.Table}.csv");
            await using var text = new StreamWriter(file, append: false, new UTF8Encoding(false));
            await text.WriteLineAsync(string.Join(',', columns.Select(column => Cell(column.Name))));
            // The rows are sorted as texts: a table has no order of its own.
            var names = string.Join(", ", columns.Select(column => TablePlaceName.Quote(column.Name)));
            var rows = await session.RowsAsync($"select {names} from {table.Quoted}");
            foreach (var line in rows.Select(cells => string.Join(',', cells.Select(Cell))).Order(StringComparer.Ordinal))
            {
                await text.WriteLineAsync(line);
            }

            return new TableSeen(count, file);
        }
        catch (Exception error) when (error is PlaceException || TableErrors.Of(error) is not null)
        {
            throw new ProofRefused($"the rows of {target.Name} cannot be read, so nothing is proven: {error.Message}");
        }
    }

    /// <summary>Drops the tables that runs of a namespace made.</summary>
    public static async Task DropAsync(Project project, Store store, IEnumerable<RunNumber> runs)
    {
        var tables = runs.SelectMany(run => store.Read(session => session.Publications(run)))
            .Where(row => row.Namespace is not null && TableTarget.IsTable(row.Path))
            .Select(row => TableTarget.Parse(row.Path) with { Slice = "" })
            .Distinct()
            .ToList();
        foreach (var target in tables)
        {
            try
            {
                await using var session = await OpenAsync(project, target, CancellationToken.None);
                var table = target.In(session.Kind);
                await session.ExecuteAsync($"drop table if exists {table.Quoted}");
                if (table.Schema is { } schema && target.Namespace is { } space && schema == space.Schema)
                {
                    await session.ExecuteAsync($"drop schema if exists {TablePlaceName.Quote(schema)} cascade");
                }
            }
            catch (Exception error) when (error is PlaceException || TableErrors.Of(error) is not null)
            {
                throw new ProofRefused($"{target.Name} of the namespace {target.Namespace} cannot be dropped: {error.Message}");
            }
        }
    }

    private static async Task<TableSession> OpenAsync(Project project, TableTarget target, CancellationToken cancellationToken) =>
        TableConnections.Named(target.Name.Connection, project) switch
        {
            Connection.Postgres postgres => await TableSession.OpenPostgresAsync(
                TableConnections.AddressOf(postgres, project),
                cancellationToken
            ),
            Connection.Sqlite sqlite => TableSession.OpenSqlite(sqlite.Path, staged: null),
            Connection.DuckDb duck => TableSession.OpenDuckDb(duck.Path, staged: null),
            var other => throw new PlaceException(
                Core.Retry.FailureClass.Permanent,
                $"the connection `{other.Name}` is no database with tables"
            ),
        };

    private static string Cell(string? text) =>
        text is null ? ""
        : text.Length == 0 || text.AsSpan().ContainsAny("\",\r\n") ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\""
        : text;
}

/// <summary>What stood in a table.</summary>
/// <param name="File">All of its rows; null when they are too many.</param>
internal sealed record TableSeen(long Rows, string? File);
