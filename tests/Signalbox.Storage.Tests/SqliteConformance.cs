namespace Signalbox.Storage.Tests;

/// <summary>What every database must do, and what only a file can do to us.</summary>
public sealed class SqliteConformance(SqliteFiles files, ITestOutputHelper output)
    : StoreConformance(files, output),
        IClassFixture<SqliteFiles>
{
    [Fact]
    public void A_file_that_is_no_database_is_told_and_left_alone()
    {
        var path = Database.Create();
        var text = new string('x', 10_000);
        File.WriteAllText(path, text);

        Assert.Throws<StoreCorrupt>(() => Store.Open(path));

        Assert.Equal(text, File.ReadAllText(path));
    }

    [Fact]
    public async Task A_backup_takes_the_place_of_a_damaged_file_which_is_kept_beside_it()
    {
        var path = Database.Create();
        using (var store = Store.Open(path))
        {
            await store.WriteAsync(session => session.AddAudit(new(Made.Noon, "me", "here", null)), Ct);
        }

        Backups.Write(path, path + ".backup");
        var text = new string('x', 10_000);
        File.WriteAllText(path, text);

        var aside = Backups.Restore(path, path + ".backup", Made.Noon);

        Assert.Equal(text, File.ReadAllText(aside!));
        using var again = Store.Open(path);
        Assert.Contains(again.Read(session => session.Audit(10)), line => line.What == "here");
        Assert.Empty(again.Read(session => session.CheckIntegrity()));
    }

    [Fact]
    public void A_folder_that_is_not_there_is_told()
    {
        var problem = Assert.Throws<StoreUnavailable>(() => Store.Open(Path.Combine(Database.Create(), "no", "such.db")));

        Assert.Contains("such.db", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_path_may_have_spaces_quotes_and_any_letters()
    {
        var folder = Directory.CreateDirectory(Database.Create() + " it's \"ünï\"%20?mode=memory#x;y");
        var path = Path.Combine(folder.FullName, "störe.db");
        using (var store = Store.Open(path))
        {
            await store.WriteAsync(session => session.AddAudit(new(Made.Noon, "me", "here", null)), Ct);
        }

        Assert.True(File.Exists(path));
        using var again = Store.Open(path);
        Assert.Single(again.Read(session => session.Audit(10)));
    }

    [Fact]
    public async Task A_full_disk_refuses_what_does_not_fit_and_service_goes_on_when_there_is_room_again()
    {
        using var store = Database.Open();
        await store.WriteAsync(session => session.AddAudit(new(Made.Noon, "me", "before", null)), Ct);
        await store.WriteAsync(session => session.Link.Script("pragma max_page_count = 1"), Ct);

        var problem = await Assert.ThrowsAsync<StoreUnavailable>(() =>
            store.WriteAsync(session => session.AddAudit(new(Made.Noon, "me", new string('x', 1_000_000), null)), Ct)
        );
        await store.WriteAsync(session => session.Link.Script("pragma max_page_count = 1000000"), Ct);
        await store.WriteAsync(session => session.AddAudit(new(Made.Noon, "me", "after", null)), Ct);

        Assert.True(problem.IsFull);
        Assert.Contains("full", problem.Message, StringComparison.Ordinal);
        Assert.Equal(["after", "before"], store.Read(session => session.Audit(10)).Select(line => line.What));
        Assert.Empty(store.Read(session => session.CheckIntegrity()));
    }
}
