using System.ComponentModel;
using System.Diagnostics;
using Npgsql;
using Signalbox.Storage.Schema;

namespace Signalbox.Storage.Postgres;

/// <content>Copies of the tables, and the way back: by PostgreSQL's own programs, which know all that a table is.</content>
internal sealed partial class PostgresDialect
{
    private static readonly Sql Schema = new("select current_schema()::text");
    private static readonly Sql OwnTables = new("select tablename::text from pg_tables where schemaname = current_schema()");

    public override string NumbersFrom(string further) =>
        "select setval(format('%I.%I', schemaname, sequencename)::regclass, "
        + $"coalesce(last_value, 0) + {further}) from pg_sequences where schemaname = current_schema()";

    public override void BackUp(string file)
    {
        var partial = file + ".partial";
        try
        {
            Run("pg_dump", input: null, "--format=custom", "--no-owner", "--no-privileges", $"--schema={SchemaNow()}", $"--file={partial}");
            File.Move(partial, file);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new StoreUnavailable($"{file}: the backup cannot be written: {problem.Message}", problem);
        }
        finally
        {
            File.Delete(partial);
        }
    }

    public override string? Restore(string file, DateTimeOffset now)
    {
        var schema = SchemaNow();
        int incarnation;
        List<string> tables;
        using (var link = Open())
        {
            incarnation = Backups.Incarnation(link) + 1;
            tables = link.Use(OwnTables).All(row => row.Text());
        }

        var script = Run("pg_restore", input: null, "--no-owner", "--no-privileges", $"--schema={schema}", "--file=-", file);
        if (!script.Contains("CREATE TABLE", StringComparison.Ordinal))
        {
            throw new StoreRefused($"{file} is a backup, but it has no tables of the schema `{schema}`");
        }

        var drop = tables.Count == 0 ? "" : $"drop table {string.Join(", ", tables.Select(Quoted))} cascade;\n";
        // One transaction: what reads meanwhile sees the one or the other, and a kill leaves what was there.
        Run(
            "psql",
            $"""
            set search_path to {Quoted(schema)};
            {drop}
            {script}
            set search_path to {Quoted(schema)};
            do $$ begin
                if (select max(number) from schema_steps) > {Migrations.All.Count} then
                    raise exception 'the backup has a newer schema than this signalbox knows: use the newer signalbox that made it';
                end if;
            end $$;
            {Restored.Text(this, incarnation, now)}
            """,
            "--no-psqlrc",
            "--quiet",
            "--single-transaction",
            "--set=ON_ERROR_STOP=1",
            "--output=/dev/null"
        );
        return null;
    }

    private string SchemaNow()
    {
        using var link = Open();
        return link.Use(Schema).First(row => row.Text())!;
    }

    private static string Quoted(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    /// <summary>Runs one of PostgreSQL's programs on this database.</summary>
    /// <returns>What it printed.</returns>
    private string Run(string program, string? input, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        // Not by arguments, which everybody on the machine can read.
        var address = new NpgsqlConnectionStringBuilder(connection);
        Set("PGHOST", address.Host);
        Set("PGPORT", $"{address.Port}");
        Set("PGDATABASE", address.Database);
        Set("PGUSER", address.Username);
        Set("PGPASSWORD", address.Password);
        Set("PGOPTIONS", address.SearchPath is { Length: > 0 } path ? $"-c search_path={path}" : null);
        Set(
            "PGSSLMODE",
            address.SslMode switch
            {
                SslMode.VerifyCA => "verify-ca",
                SslMode.VerifyFull => "verify-full",
                var mode => $"{mode}".ToLowerInvariant(),
            }
        );

        try
        {
            using var process = Process.Start(start)!;
            var printed = process.StandardOutput.ReadToEndAsync();
            var error = process.StandardError.ReadToEndAsync();
            try
            {
                process.StandardInput.Write(input);
                process.StandardInput.Close();
            }
            catch (IOException)
            {
                // It has ended already; its exit code and what it said tell why.
            }

            process.WaitForExit();
            var said = error.GetAwaiter().GetResult().Trim();
            return process.ExitCode == 0
                ? printed.GetAwaiter().GetResult()
                : throw new StoreRefused($"{program} did not do it: {(said.Length > 0 ? said : $"exit code {process.ExitCode}")}");
        }
        catch (Win32Exception)
        {
            throw new StoreRefused(
                $"{program} is not on this machine: install PostgreSQL's client programs, or use what your server has for it; "
                    + "after putting a database back by other means run `signalbox db restore --in-place`"
            );
        }

        void Set(string name, string? value)
        {
            if (value is not null)
            {
                start.Environment[name] = value;
            }
        }
    }
}
