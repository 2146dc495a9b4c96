namespace Signalbox.DuckDb.Tests;

public sealed class ConnectionTests
{
    [Fact]
    public void The_native_library_is_the_pinned_version() => Assert.Equal("v1.5.6", DuckDatabase.LibraryVersion);

    [Fact]
    public void Execute_runs_several_statements_and_counts_the_rows_of_the_last()
    {
        using DuckConnection connection = DuckDatabase.OpenMemory();
        Assert.Equal(3, connection.Execute("create table t (a int); insert into t values (1), (2), (3);"));
        Assert.Equal(2, connection.Execute("delete from t where a > 1"));
        Assert.Equal(1L, connection.Scalar("select count(*) from t"));
    }

    [Fact]
    public void A_database_file_keeps_its_rows_and_opens_read_only()
    {
        using var folder = new TemporaryFolder();
        string file = Path.Combine(folder.Root, "it's a \"dåtabase\" [1].duckdb");
        using (
            DuckDatabase database = DuckDatabase.Open(
                file,
                new DuckSettings
                {
                    Threads = 1,
                    MemoryLimit = "256MB",
                    TempDirectory = folder.File("spill"),
                }
            )
        )
        {
            using DuckConnection connection = database.Connect();
            connection.Execute("create table t as select 42 as a");
            Assert.Equal(1L, connection.Scalar("select current_setting('threads')"));
            Assert.Equal("244.1 MiB", connection.Scalar("select current_setting('memory_limit')"));
        }
        using (DuckDatabase database = DuckDatabase.Open(file, new DuckSettings { ReadOnly = true }))
        {
            using DuckConnection connection = database.Connect();
            Assert.Equal(42L, connection.Scalar("select a from t"));
            Assert.Throws<DuckException>(() => connection.Execute("insert into t values (1)"));
        }
        var missing = Assert.Throws<DuckException>(() =>
            DuckDatabase.Open(folder.File("none.duckdb"), new DuckSettings { ReadOnly = true })
        );
        Assert.Equal(DuckErrorKind.Io, missing.Kind);
        Assert.Contains("question mark", Assert.Throws<DuckException>(() => DuckDatabase.Open(folder.File("a?b.duckdb"))).Message);
    }

    [Theory]
    [InlineData("selec 1", DuckErrorKind.Parser, "syntax error")]
    [InlineData("select nothing from (select 1 as a)", DuckErrorKind.Binder, "nothing")]
    [InlineData("select * from nowhere", DuckErrorKind.Catalog, "nowhere")]
    [InlineData("select cast('x' as int)", DuckErrorKind.Conversion, "'x'")]
    [InlineData("create table t (a int not null); insert into t values (null)", DuckErrorKind.Constraint, "NOT NULL")]
    [InlineData("select * from read_parquet('/nowhere/at/all.parquet')", DuckErrorKind.Io, "/nowhere/at/all.parquet")]
    public void An_error_has_its_kind_and_the_message_of_DuckDB(string sql, DuckErrorKind kind, string part)
    {
        using DuckConnection connection = DuckDatabase.OpenMemory();
        var error = Assert.Throws<DuckException>(() => connection.Execute(sql));
        Assert.Equal(kind, error.Kind);
        Assert.Contains(part, error.Message);
        Assert.Equal(1L, connection.Scalar("select 1"));
    }

    [Fact]
    public void A_query_that_fails_to_prepare_or_to_run_throws_and_leaves_the_connection_in_use()
    {
        using DuckConnection connection = DuckDatabase.OpenMemory();
        Assert.Equal(DuckErrorKind.Binder, Assert.Throws<DuckException>(() => connection.Query("select a")).Kind);
        Assert.Equal(DuckErrorKind.Conversion, Assert.Throws<DuckException>(() => connection.Query("select 'x'::int from range(3)")).Kind);
        Assert.Equal(DuckErrorKind.Parser, Assert.Throws<DuckException>(() => connection.Query("select 1 \0 + 1")).Kind);
        Assert.Equal(3L, connection.Scalar("select 1 + 2"));
    }

    [Fact]
    public void Parameters_are_bound_by_position_with_their_types()
    {
        using DuckConnection connection = DuckDatabase.OpenMemory();
        using DuckReader reader = connection.Query(
            "select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10",
            null,
            true,
            -7,
            long.MaxValue,
            2.5,
            -12345.678m,
            "it's\0 ünï 🚦",
            new DateOnly(2001, 1, 31),
            new DateTime(1969, 12, 31, 23, 59, 59, 999, 250),
            new byte[] { 0, 255, 39 }
        );
        Assert.True(reader.Read());
        Assert.Null(reader.GetValue(0));
        Assert.Equal(true, reader.GetValue(1));
        Assert.Equal(-7L, reader.GetValue(2));
        Assert.Equal(long.MaxValue, reader.GetValue(3));
        Assert.Equal(2.5, reader.GetValue(4));
        Assert.Equal(-12345.678m, reader.GetValue(5));
        Assert.Equal("it's\0 ünï 🚦", reader.GetValue(6));
        Assert.Equal(new DateOnly(2001, 1, 31), reader.GetValue(7));
        Assert.Equal(new DateTime(1969, 12, 31, 23, 59, 59, 999, 250), reader.GetValue(8));
        Assert.Equal(new byte[] { 0, 255, 39 }, reader.GetValue(9));
        Assert.False(reader.Read());
    }

    [Fact]
    public void A_wrong_number_or_type_of_parameters_is_refused()
    {
        using DuckConnection connection = DuckDatabase.OpenMemory();
        Assert.Contains("2 parameters", Assert.Throws<ArgumentException>(() => connection.Query("select ?, ?", 1)).Message);
        Assert.Contains("Version", Assert.Throws<ArgumentException>(() => connection.Query("select ?", new Version(1, 0))).Message);
    }

    [Fact]
    public async Task Cancelling_ends_a_running_statement_and_the_connection_stays_usable()
    {
        using DuckConnection connection = DuckDatabase.OpenMemory();
        using var cancel = new CancellationTokenSource();
        const string endless = "select count(*) from range(1000000000000) a, range(1000) b where a.range * b.range % 7 = 8";
        Task running = Task.Run(() => connection.Query(endless, cancel.Token), TestContext.Current.CancellationToken);
        cancel.CancelAfter(50);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            running.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken)
        );
        Assert.Equal(1L, connection.Scalar("select 1"));
        Assert.Throws<OperationCanceledException>(() => connection.Execute("create table t (a int)", cancel.Token));
    }

    [Fact]
    public void Interrupt_with_nothing_running_does_nothing()
    {
        using DuckConnection connection = DuckDatabase.OpenMemory();
        connection.Interrupt();
        Assert.Equal(1L, connection.Scalar("select 1"));
    }
}
