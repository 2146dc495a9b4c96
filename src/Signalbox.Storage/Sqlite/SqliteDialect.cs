namespace Signalbox.Storage.Sqlite;

internal sealed partial class SqliteDialect(string path) : Dialect
{
    private static readonly Sql DataVersion = new("pragma data_version");
    private static readonly Sql IntegrityCheck = new("pragma integrity_check");
    private static readonly Sql ForeignKeyCheck = new("pragma foreign_key_check");

    public override string EngineVersion => $"SQLite {NativeSqlite.Version}";

    public override string Identity => "integer primary key autoincrement";

    public override string Clustered => "without rowid";

    public override string ForShare => "";

    public override string ForUpdateSkipLocked => "";

    public override int Readers => 4;

    public override Link Connect(bool readOnly) => new SqliteLink(this, path, readOnly);

    public override void LockSchema(Link link) { }

    public override long ChangeCounter(Link link) => link.Use(DataVersion).Scalar() ?? 0;

    public override IReadOnlyList<string> CheckFiles(Link link)
    {
        var problems = new List<string>();
        using (var rows = link.Use(IntegrityCheck))
        {
            while (rows.Read())
            {
                if (rows.Text() is var line and not "ok")
                {
                    problems.Add(line);
                }
            }
        }

        using (var rows = link.Use(ForeignKeyCheck))
        {
            while (rows.Read())
            {
                problems.Add($"a row of `{rows.Text()}` points to a row that is not there");
            }
        }

        return problems;
    }

    public override EngineLock AcquireEngine(DateTimeOffset now) => EngineLock.OfFile(path + ".lock", now);
}
