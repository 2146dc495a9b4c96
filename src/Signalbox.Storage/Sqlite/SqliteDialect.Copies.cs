using Signalbox.Storage.Schema;
using SQLitePCL;

namespace Signalbox.Storage.Sqlite;

/// <content>Copies of the file, and the way back.</content>
internal sealed partial class SqliteDialect
{
    private const string Aside = ".before-";
    private static readonly Sql CopyInto = new("vacuum into @file");
    private static readonly Sql Damage = new("pragma integrity_check(1)");
    private static readonly string[] Companions = ["", "-wal", "-shm"];

    public override string NumbersFrom(string further) => $"update sqlite_sequence set seq = seq + {further}";

    public override void BackUp(string file)
    {
        var partial = file + ".partial";
        Remove(partial);
        try
        {
            using (var link = new SqliteLink(this, path, readOnly: false))
            {
                try
                {
                    link.Use(CopyInto).Set("@file", partial).Execute();
                }
                catch (SqliteError error)
                {
                    throw link.Translate(error)!;
                }
            }

            Settle(partial, file);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new StoreUnavailable($"{file}: the backup cannot be written: {problem.Message}", problem);
        }
        finally
        {
            Remove(partial);
        }
    }

    public override string? Restore(string file, DateTimeOffset now)
    {
        var next = path + ".restoring";
        Remove(next);
        try
        {
            File.Copy(file, next);
            Prepare(next, file, now);
            var (aside, known) = SetAside();
            // What the backup becomes is made ready beside the database, which then takes all of it in one transaction: whoever has
            // it open sees the one or the other.
            Tell(next, known, now);
            Take(next);
            return aside;
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new StoreUnavailable($"{file}: the backup cannot be put back: {problem.Message}", problem);
        }
        finally
        {
            Remove(next);
        }
    }

    /// <summary>Looks the copy over, and brings it to the schema of this program.</summary>
    private void Prepare(string next, string file, DateTimeOffset now)
    {
        SqliteLink? link = null;
        try
        {
            link = new SqliteLink(this, next, readOnly: false);
            if (!link.HasTable("schema_steps"))
            {
                throw new StoreRefused($"{file} is a database, but no backup of one of ours");
            }

            if (link.Use(Damage).First(row => row.Text()) is { } found and not "ok")
            {
                throw new StoreCorrupt($"{file}: the backup is damaged: {found}");
            }

            Migrations.Apply(link, Migrations.All, now);
        }
        catch (StoreCorrupt problem) when (link is null)
        {
            throw new StoreRefused($"{file} is no backup: {problem.Message}");
        }
        catch (SqliteError error)
        {
            throw link!.Translate(error)!;
        }
        finally
        {
            link?.Dispose();
        }
    }

    /// <summary>Copies the database as it is; moves it away when it is so damaged that it cannot be copied.</summary>
    /// <returns>Where it is now, and the newest incarnation known here.</returns>
    private (string? Aside, int Incarnation) SetAside()
    {
        var known = Directory
            .EnumerateFiles(Path.GetDirectoryName(path)!, Path.GetFileName(path) + Aside + "*")
            .Select(earlier => int.TryParse(earlier[(earlier.LastIndexOf('-') + 1)..], out var number) ? number : 0)
            .Append(0)
            .Max();
        if (!File.Exists(path))
        {
            return (null, known);
        }

        try
        {
            int now;
            using (var link = new SqliteLink(this, path, readOnly: true))
            {
                now = Backups.Incarnation(link);
            }

            known = Math.Max(known, now);
            var aside = $"{path}{Aside}{known + 1}";
            BackUp(aside);
            return (aside, known + 1);
        }
        catch (Exception problem) when (problem is StoreCorrupt or SqliteError { Code: raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB })
        {
            var aside = $"{path}{Aside}{known + 1}";
            foreach (var companion in Companions.Where(companion => File.Exists(path + companion)))
            {
                File.Move(path + companion, aside + companion, overwrite: true);
            }

            return (aside, known + 1);
        }
    }

    private void Tell(string next, int known, DateTimeOffset now)
    {
        using var link = new SqliteLink(this, next, readOnly: false);
        link.BeginWrite();
        link.Script(Restored.Text(this, known, now));
        link.Commit();
    }

    private void Take(string next)
    {
        using var from = new SqliteLink(this, next, readOnly: true);
        using var into = new SqliteLink(this, path, readOnly: false);
        try
        {
            into.Become(from);
        }
        catch (SqliteError error)
        {
            throw into.Translate(error)!;
        }
    }

    private static void Remove(string file)
    {
        foreach (var companion in Companions)
        {
            File.Delete(file + companion);
        }
    }

    /// <summary>Makes a file durable, and then visible under its name.</summary>
    private static void Settle(string partial, string file)
    {
        using (var written = File.OpenHandle(partial, FileMode.Open, FileAccess.ReadWrite))
        {
            RandomAccess.FlushToDisk(written);
        }

        File.Move(partial, file);
    }
}
