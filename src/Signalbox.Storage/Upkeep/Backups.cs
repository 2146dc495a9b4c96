using Signalbox.Storage.Schema;

namespace Signalbox.Storage;

/// <summary>Copies of a database, and the way back.</summary>
public static class Backups
{
    /// <summary>Writes a copy of the database as it is at one instant; whoever works with it goes on.</summary>
    /// <param name="database">As for <see cref="Store.Open(string, TimeProvider)"/>.</param>
    /// <param name="file">Full path of the copy; nothing stands there. It appears when it is complete and durable.</param>
    /// <exception cref="StoreRefused">The file is there already, or the machine lacks the program that is needed.</exception>
    /// <exception cref="StoreUnavailable">The copy could not be written.</exception>
    public static void Write(string database, string file)
    {
        if (Path.Exists(file))
        {
            throw new StoreRefused($"{file} is there already: a backup replaces nothing; name another file");
        }

        Store.DialectOf(database).BackUp(file);
    }

    /// <summary>
    /// Puts the database back to what a backup says, in one step, as another incarnation of the store. No engine may run.
    /// </summary>
    /// <param name="file">Full path of what <see cref="Write"/> wrote.</param>
    /// <param name="now">When that is; the audit says it.</param>
    /// <returns>Where the database as it was is kept; null when there was none, or it is the server's to keep.</returns>
    /// <exception cref="StoreRefused">The file is no backup, of a newer schema, or the machine lacks the program that is needed.</exception>
    /// <exception cref="StoreCorrupt">The backup is damaged.</exception>
    public static string? Restore(string database, string file, DateTimeOffset now)
    {
        if (!File.Exists(file))
        {
            throw new StoreRefused($"{file}: there is no such file; `signalbox db backup FILE` writes one");
        }

        var dialect = Store.DialectOf(database);
        using var held = dialect.AcquireEngine(now);
        return dialect.Restore(file, now);
    }

    /// <summary>
    /// Takes the database as it is for one that was put back by other means: makes it another incarnation of the store. No engine
    /// may run.
    /// </summary>
    public static void TakeAsRestored(string database, DateTimeOffset now)
    {
        var dialect = Store.DialectOf(database);
        using var held = dialect.AcquireEngine(now);
        using var link = dialect.Connect(readOnly: false);
        try
        {
            Migrations.Apply(link, Migrations.All, now);
            link.BeginWrite();
            link.Script(Restored.Text(dialect, atLeast: 1, now));
            link.Commit();
        }
        catch (Exception problem) when (link.Translate(problem) is not null)
        {
            link.Rollback();
            throw link.Translate(problem)!;
        }
    }

    /// <summary>The incarnation that a database is; 0 when it is none of ours yet.</summary>
    internal static int Incarnation(Link link) => link.HasTable("meta") ? link.Use(IncarnationNow).First(row => int.Parse(row.Text())) : 0;

    private static readonly Sql IncarnationNow = new("select value from meta where name = 'incarnation'");
}
