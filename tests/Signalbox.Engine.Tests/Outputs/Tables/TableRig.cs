using System.Diagnostics;
using Npgsql;
using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Retry;
using Signalbox.DuckDb;
using Signalbox.Engine.Attempts;
using Signalbox.Engine.Outputs;
using Signalbox.Engine.Outputs.Tables;
using Signalbox.Engine.Projects;
using Signalbox.Engine.Tests.Driving;
using Signalbox.Engine.Tests.PipelineFiles;
using Signalbox.Storage;
using Signalbox.Storage.Tests;

namespace Signalbox.Engine.Tests.Outputs.Tables;

/// <summary>A database of one of the three kinds, attempts that stage rows for it, and the place that publishes them.</summary>
internal sealed class TableRig : IDisposable
{
    /// <summary>The argument by which this program becomes a process that publishes and may be killed.</summary>
    public const string Publisher = "publish-of-a-test";

    public const string Instance = "abcdef01";
    private const string Connection = "base";

    private readonly TemporaryFolder _folder = new();
    private readonly string? _address;

    public TableRig(DatabaseKind kind, PostgresServer? server = null)
    {
        Kind = kind;
        if (kind == DatabaseKind.Postgres)
        {
            var schema = $"t{Guid.NewGuid():N}";
            _address = server!.Address(schema);
            using var connection = new NpgsqlConnection(server.Connection);
            connection.Open();
            using var make = new NpgsqlCommand($"create schema {schema}", connection);
            make.ExecuteNonQuery();
            _folder.Write(Project.FileName, $"connections: {{ {Connection}: {{ postgres: \"{_address}\" }} }}\n");
        }
        else
        {
            _folder.Write(
                Project.FileName,
                $"connections: {{ {Connection}: {{ {(kind == DatabaseKind.Sqlite ? "sqlite" : "duckdb")}: data/base.db }} }}\n"
            );
        }

        Place = Open(_folder.Path);
    }

    public DatabaseKind Kind { get; }

    public string Folder => _folder.Path;

    public TablePlace Place { get; }

    /// <summary>The address of a server.</summary>
    public string? Address => _address;

    private string File => Path.Combine(Folder, "data/base.db");

    public static TablePlace Open(string folder)
    {
        var project = Project.Open(folder).Project!;
        return new TablePlace(
            project,
            new StateFolder(project.StateFolder),
            Instance,
            Children.Command(Children.Worker),
            TimeProvider.System
        );
    }

    /// <summary>What an attempt is asked to load.</summary>
    public LoadRequest Request(
        string query,
        LoadMode mode,
        string? partition = null,
        string[]? keys = null,
        int attempt = 1,
        string owner = "run/1/load"
    )
    {
        var key = $"{Instance}-1-0-a{attempt}";
        var folder = Path.Combine(Folder, ".signalbox/staging", key, "table");
        Directory.CreateDirectory(folder);
        return new LoadRequest
        {
            Kind = Kind,
            Into = $"{Connection}.features",
            Database = Kind == DatabaseKind.Postgres ? null : File,
            Table = "features",
            StagingTable = TablePlace.StagingTable(key),
            Mode = mode,
            Partition = partition,
            Keys = keys ?? [],
            Query = query,
            Owner = owner,
            Token = attempt,
            Receipt = Path.Combine(folder, LoadReceipt.FileName),
            TempDirectory = folder,
        };
    }

    /// <summary>Stages rows as the child process of an attempt does.</summary>
    public async Task<LoadRequest> StageAsync(LoadRequest request)
    {
        var receipt = await LoadWork.StageAsync(request, _address);
        TableFiles.Write(request.Receipt, receipt, TableJson.Default.LoadReceipt);
        return request;
    }

    public Task<LoadRequest> StageAsync(string query, LoadMode mode, string? partition = null, string[]? keys = null, int attempt = 1) =>
        StageAsync(Request(query, mode, partition, keys, attempt));

    public static Placing PlacingOf(LoadRequest request, long id, long? replaced = null, int keep = 0, bool isAgain = false)
    {
        var name = TableName.Parse(request.Into, out _)!;
        var target =
            name.Address + (request.Partition is { } partition ? $" where {partition.Replace("'", "", StringComparison.Ordinal)}" : "");
        var staged = new StagedOutput("table", request.Receipt, target, IsFolder: false);
        var intent = Intents.Of(id, staged, "", PublicationKind.Table);
        return new Placing(staged, intent, replaced is { } old ? intent with { Id = old } : null, keep, isAgain);
    }

    public Task<Placed> PublishAsync(LoadRequest request, long id, long? replaced = null, int keep = 0, bool isAgain = false) =>
        Place.PublishAsync(PlacingOf(request, id, replaced, keep, isAgain), CancellationToken.None);

    /// <summary>Stages and publishes.</summary>
    public async Task<Placed> LoadAsync(
        string query,
        LoadMode mode,
        long id,
        string? partition = null,
        string[]? keys = null,
        long? replaced = null,
        int keep = 0
    ) => await PublishAsync(await StageAsync(query, mode, partition, keys, (int)id), id, replaced, keep);

    /// <summary>What a reader on a connection of its own sees, a line for each row.</summary>
    public async Task<string[]> RowsAsync(string sql)
    {
        await using var session = await OpenAsync();
        return [.. (await session.RowsAsync(sql)).Select(row => string.Join('|', row.Select(cell => cell ?? "null")))];
    }

    public async Task ExecuteAsync(string sql)
    {
        await using var session = await OpenAsync();
        _ = await session.ExecuteAsync(sql);
    }

    public async Task<TableSession> OpenAsync() =>
        Kind switch
        {
            DatabaseKind.Postgres => await TableSession.OpenPostgresAsync(_address!, CancellationToken.None),
            DatabaseKind.Sqlite => TableSession.OpenSqlite(File, staged: null),
            _ => TableSession.OpenDuckDb(File, staged: null),
        };

    /// <summary>The tables there are, without the two of the ledger.</summary>
    public Task<string[]> TablesAsync() =>
        RowsAsync(
            Kind switch
            {
                DatabaseKind.Postgres =>
                    "select tablename from pg_tables where schemaname = current_schema() and tablename not in ('signalbox_loads', 'signalbox_fences') order by 1",
                DatabaseKind.Sqlite =>
                    "select name from sqlite_master where type = 'table' and name not in ('signalbox_loads', 'signalbox_fences') order by 1",
                _ => "select table_name from duckdb_tables() where table_name not in ('signalbox_loads', 'signalbox_fences') order by 1",
            }
        );

    /// <summary>Publishes in a process of its own that dies at a fault point.</summary>
    /// <returns>The exit code.</returns>
    public Task<int> PublishAndDieAsync(LoadRequest request, long id, string faultPoint, long? replaced = null, int keep = 0) =>
        ActAndDieAsync(request, ["publish", $"{id}", $"{replaced ?? 0}", $"{keep}"], faultPoint);

    /// <summary>Switches back in a process of its own that dies at a fault point.</summary>
    public Task<int> SwitchAndDieAsync(LoadRequest request, long current, long wanted, string faultPoint) =>
        ActAndDieAsync(request, ["switch", $"{current}", $"{wanted}"], faultPoint);

    private async Task<int> ActAndDieAsync(LoadRequest request, string[] act, string faultPoint)
    {
        TableFiles.Write(Path.Combine(Folder, "publish.json"), request, TableJson.Default.LoadRequest);
        await System.IO.File.WriteAllLinesAsync(Path.Combine(Folder, "publish.txt"), act);
        return await RunAsync(Children.Command(Publisher).Add(Folder), faultPoint);
    }

    /// <summary>Stages in a process of its own, as an attempt does.</summary>
    public async Task<(int ExitCode, string Error)> StageInChildAsync(LoadRequest request, string? faultPoint = null)
    {
        var file = Path.Combine(Folder, "request.json");
        var error = Path.Combine(Folder, "error.json");
        System.IO.File.Delete(error);
        TableFiles.Write(file, request, TableJson.Default.LoadRequest);
        var code = await RunAsync([.. Children.Command(Children.Worker), LoadWork.Name, file], faultPoint, error);
        return (code, System.IO.File.Exists(error) ? await System.IO.File.ReadAllTextAsync(error) : "");
    }

    internal static int PublishHere(string folder)
    {
        var lines = System.IO.File.ReadAllLines(Path.Combine(folder, "publish.txt"));
        var request = TableFiles.Read(Path.Combine(folder, "publish.json"), TableJson.Default.LoadRequest);
        var (one, other) = (long.Parse(lines[1]), long.Parse(lines[2]));
        if (lines[0] == "publish")
        {
            var placing = PlacingOf(request, one, other == 0 ? null : other, int.Parse(lines[3]));
            _ = Open(folder).PublishAsync(placing, CancellationToken.None).GetAwaiter().GetResult();
        }
        else
        {
            var kept = $"table://{Connection}/{TableProtocol.KeptPrefix}{Instance}_{other}";
            var (current, wanted) = (PlacingOf(request, one).Intent, PlacingOf(request, other).Intent with { Kept = kept });
            _ = Open(folder).SwitchAsync(current, wanted, CancellationToken.None).GetAwaiter().GetResult();
        }

        return 0;
    }

    private async Task<int> RunAsync(IReadOnlyList<string> command, string? faultPoint, string? errorFile = null)
    {
        var start = new ProcessStartInfo(command[0], command.Skip(1))
        {
            UseShellExecute = false,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        start.Environment[TaskEnvironment.Fault] = faultPoint;
        start.Environment[TaskEnvironment.Error] = errorFile;
        start.Environment[TaskEnvironment.Result] = null;
        start.Environment[TaskEnvironment.LoadAddress] = _address;
        using var child = Process.Start(start)!;
        await child.StandardError.ReadToEndAsync(House.Cancel);
        await child.WaitForExitAsync(House.Cancel);
        return child.ExitCode;
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>The failure that work ends with.</summary>
    public static async Task<PlaceException> RefusedAsync(FailureClass wanted, Func<Task> work)
    {
        var error = await Assert.ThrowsAnyAsync<Exception>(work);
        var failure = TableErrors.Of(error);
        Assert.True(failure is not null, error.ToString());
        Assert.True(failure.Class == wanted, $"{failure.Class}: {failure.Message}");
        return failure;
    }

    /// <summary>DuckDB's own library, to make files that are loaded.</summary>
    public string MakeFile(string name, string sql)
    {
        var path = Path.Combine(Folder, name);
        using var duck = DuckDatabase.OpenMemory();
        _ = duck.Execute($"copy ({sql}) to {TablePlaceName.Literal(path)}");
        return path;
    }
}
