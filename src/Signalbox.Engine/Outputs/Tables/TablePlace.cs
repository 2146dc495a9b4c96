using System.Collections.Immutable;
using System.Diagnostics;
using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Retry;
using Signalbox.Engine.Attempts;
using Signalbox.Engine.Projects;
using Signalbox.Storage;

namespace Signalbox.Engine.Outputs.Tables;

/// <summary>Tables of PostgreSQL, SQLite and DuckDB.</summary>
/// <remarks>
/// What is staged on this machine is the receipt; the rows wait in a table of the attempt, in a server, or in a file of the attempt. DuckDB is
/// written to by a child process: a fault in its library is not the server's.
/// </remarks>
internal sealed class TablePlace(
    Project project,
    StateFolder state,
    string instance,
    ImmutableArray<string> workerCommand,
    TimeProvider time
) : IPlace
{
    private const string StagingPrefix = "signalbox_staging_";
    private const string NotesFolder = "tables";

    /// <summary>The table in which the rows of an attempt wait.</summary>
    public static string StagingTable(string attempt) => StagingPrefix + attempt;

    /// <summary>Remembers that an attempt is about to make a staging table, until it is gone.</summary>
    public static void Note(StateFolder state, string attempt, StagingNote note)
    {
        var folder = Path.Combine(state.Root, NotesFolder);
        Directory.CreateDirectory(folder);
        TableFiles.Write(Path.Combine(folder, attempt + ".json"), note, TableJson.Default.StagingNote);
    }

    public PublicationKind KindOf(StagedOutput staged) => PublicationKind.Table;

    public async Task<Placed> PublishAsync(Placing placing, CancellationToken cancellationToken)
    {
        var intent = placing.Intent;
        var connection = TableConnections.Named(TableTarget.Parse(intent.Path).Name.Connection, project);
        if (!File.Exists(placing.Staged.Path))
        {
            throw new PlaceException(FailureClass.Lost, $"what was staged for {intent.Path} is gone");
        }

        var receipt = LoadReceipt.Read(placing.Staged.Path);
        var wanted = new TableIntent(
            receipt,
            instance,
            intent.Id,
            intent.Path,
            placing.Keep > 0 ? placing.Replaced?.Id : null,
            time.GetUtcNow().ToUnixTimeMilliseconds()
        );
        try
        {
            var outcome = await PutAsync(connection, placing.Staged.Path, wanted, cancellationToken);
            return new Placed(KeptAddress(intent, outcome), outcome.IsCurrent);
        }
        catch (PlaceException refused) when (refused.IsOfRows)
        {
            throw await NamingRowsAsync(refused, connection, placing, wanted);
        }
    }

    private async Task<TableOutcome> PutAsync(Connection connection, string beside, TableIntent wanted, CancellationToken cancellationToken)
    {
        if (connection is Connection.DuckDb duck)
        {
            return await AskChildAsync(beside, new TableJob { Database = duck.Path, Publish = wanted }, cancellationToken);
        }

        var request = wanted.Receipt.Request;
        await using var session = await OpenAsync(connection, request.StagingFile, cancellationToken);
        var outcome = await new TableProtocol(session).PublishAsync(wanted);
        Forget(request.StagingTable);
        return outcome;
    }

    /// <summary>The refusal, with the rows that it is about. Nothing of the publication is there; what is found out is never kept.</summary>
    private async Task<PlaceException> NamingRowsAsync(PlaceException refused, Connection connection, Placing placing, TableIntent wanted)
    {
        var (receipt, beside) = (wanted.Receipt, placing.Staged.Path);
        var job = new RefusedJob(
            wanted with
            {
                Replaced = null,
            },
            Path.Combine(Path.GetDirectoryName(beside)!, "refused.parquet"),
            $"{placing.Intent.Run}"
        );
        var asked = beside + ".search";
        TableFiles.Write(asked, job, TableJson.Default.RefusedJob);
        try
        {
            var address = connection is Connection.Postgres postgres ? TableConnections.AddressOf(postgres, project) : null;
            var answer = await ChildAsync(RefusedWork.Name, asked, beside + ".found", connection.Name, address);
            return answer.Refused is { } rows
                ? new PlaceException(refused.Class, $"{refused.Message}; {rows.InWords(receipt.Rows)}", refused) { Refused = rows }
                : new PlaceException(refused.Class, $"{refused.Message}; which rows they are is not known: {answer.Message}", refused);
        }
        catch (PlaceException unknown)
        {
            return new PlaceException(refused.Class, $"{refused.Message}; which rows they are is not known: {unknown.Message}", refused);
        }
    }

    public async Task<Placed> SwitchAsync(Publication? current, Publication wanted, CancellationToken cancellationToken)
    {
        var (connection, table) = TableOf(wanted.Path);
        var change = new TableSwitch(
            table.Schema,
            table.Table,
            instance,
            wanted.Path,
            current?.Id,
            wanted.Id,
            wanted.Kept is { } kept ? TableTarget.Parse(kept).Name.Table : null,
            time.GetUtcNow().ToUnixTimeMilliseconds()
        );
        if (connection is Connection.DuckDb duck)
        {
            return new Placed(
                KeptAddress(
                    wanted,
                    await AskChildAsync(JobFile(), new TableJob { Database = duck.Path, Switch = change }, cancellationToken)
                )
            );
        }

        await using var session = await OpenAsync(connection, staged: null, cancellationToken);
        return new Placed(KeptAddress(wanted, await new TableProtocol(session).SwitchAsync(change)));
    }

    public async Task ForgetAsync(Publication version, CancellationToken cancellationToken)
    {
        if (
            version.Kept is not { } kept
            || !TableTarget.Parse(kept).Name.Table.StartsWith(TableProtocol.KeptPrefix, StringComparison.Ordinal)
        )
        {
            return;
        }

        var (connection, table) = TableOf(kept);
        if (connection is Connection.DuckDb duck)
        {
            _ = await AskChildAsync(
                JobFile(),
                new TableJob
                {
                    Database = duck.Path,
                    Drop = table.Table,
                    DropSchema = table.Schema,
                },
                cancellationToken
            );
            return;
        }

        await using var session = await OpenAsync(connection, staged: null, cancellationToken);
        await DropAsync(session, table);
    }

    /// <summary>Staging tables of servers; what is staged in files goes with the attempt's folder.</summary>
    public async Task SweepAsync(Func<string, bool> isOver, CancellationToken cancellationToken)
    {
        var folder = Path.Combine(state.Root, NotesFolder);
        if (!Directory.Exists(folder))
        {
            return;
        }

        foreach (
            var file in Directory.EnumerateFiles(folder, "*.json").Where(file => isOver(Path.GetFileNameWithoutExtension(file))).ToList()
        )
        {
            StagingNote note;
            try
            {
                note = TableFiles.Read(file, TableJson.Default.StagingNote);
            }
            catch (FileNotFoundException)
            {
                continue;
            }

            await using var session = await OpenAsync(TableConnections.Named(note.Connection, project), staged: null, cancellationToken);
            await DropAsync(session, new TablePlaceName(note.Schema, note.Table));
            File.Delete(file);
        }
    }

    private static async Task DropAsync(TableSession session, TablePlaceName table)
    {
        try
        {
            await new TableProtocol(session).DropAsync(table);
        }
        catch (Exception error) when (TableErrors.Of(error) is { } failure)
        {
            throw new PlaceException(failure.Class, $"{table} cannot be dropped: {failure.Message}", error);
        }
    }

    private async Task<TableSession> OpenAsync(Connection connection, string? staged, CancellationToken cancellationToken)
    {
        try
        {
            return connection switch
            {
                Connection.Postgres postgres => await TableSession.OpenPostgresAsync(
                    TableConnections.AddressOf(postgres, project),
                    cancellationToken
                ),
                Connection.Sqlite sqlite => TableSession.OpenSqlite(sqlite.Path, staged),
                _ => throw new PlaceException(FailureClass.Permanent, $"the connection `{connection.Name}` is no database with tables"),
            };
        }
        catch (Exception error) when (TableErrors.Of(error) is { } failure)
        {
            throw new PlaceException(failure.Class, $"connection `{connection.Name}`: {failure.Message}", error) { Rule = failure.Rule };
        }
    }

    private async Task<TableOutcome> AskChildAsync(string beside, TableJob job, CancellationToken cancellationToken)
    {
        var asked = beside + ".job";
        TableFiles.Write(asked, job, TableJson.Default.TableJob);
        var answer = await ChildAsync(TableWork.Name, asked, beside + ".answer", job.Database, address: null);
        cancellationToken.ThrowIfCancellationRequested();
        return answer.Outcome
            ?? throw new PlaceException(answer.Class ?? FailureClass.Permanent, answer.Message ?? "the process failed")
            {
                IsOfRows = answer.IsOfRows,
            };
    }

    /// <param name="work">What the child is for, its first argument after <c>work</c>.</param>
    /// <param name="database">What it writes to, for people.</param>
    /// <param name="address">Of a server, with its password; null for a file.</param>
    private async Task<TableAnswer> ChildAsync(string work, string asked, string answered, string database, string? address)
    {
        File.Delete(answered);
        var start = new ProcessStartInfo(workerCommand[0], [.. workerCommand[1..], work, asked, answered])
        {
            UseShellExecute = false,
            RedirectStandardError = true,
        };
        start.Environment[TaskEnvironment.LoadAddress] = address;
        using var child = Process.Start(start)!;
        // What was begun is finished: the child is waited for, whoever no longer wants it.
        var said = await child.StandardError.ReadToEndAsync(CancellationToken.None);
        await child.WaitForExitAsync(CancellationToken.None);
        if (!File.Exists(answered))
        {
            throw new PlaceException(
                FailureClass.Transient,
                $"the process that writes to {database} ended with {child.ExitCode}{(said.Trim() is { Length: > 0 } text ? $": {text}" : "")}"
            );
        }

        var answer = TableFiles.Read(answered, TableJson.Default.TableAnswer);
        File.Delete(asked);
        File.Delete(answered);
        return answer;
    }

    private string JobFile()
    {
        var folder = Path.Combine(state.Root, NotesFolder);
        Directory.CreateDirectory(folder);
        return Path.Combine(folder, $"{Guid.NewGuid():N}");
    }

    private void Forget(string stagingTable)
    {
        var note = Path.Combine(state.Root, NotesFolder, stagingTable[StagingPrefix.Length..] + ".json");
        try
        {
            if (File.Exists(note))
            {
                File.Delete(note);
            }
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            // The rows are published. The sweep finds the note, and no table any more.
        }
    }

    private (Connection Connection, TablePlaceName Table) TableOf(string address)
    {
        var target = TableTarget.Parse(address);
        var connection = TableConnections.Named(target.Name.Connection, project);
        return TableTarget.KindOf(connection) is { } kind
            ? (connection, target.In(kind))
            : throw new PlaceException(FailureClass.Permanent, $"the connection `{connection.Name}` is no database with tables");
    }

    /// <summary>Kept rows as an address: beside the table, in the same schema.</summary>
    private string? KeptAddress(Publication of, TableOutcome outcome)
    {
        if (outcome.Kept is not { } kept)
        {
            return null;
        }

        var (connection, table) = TableOf(of.Path);
        return new TableName(connection.Name, table.Schema, kept).Address;
    }
}
