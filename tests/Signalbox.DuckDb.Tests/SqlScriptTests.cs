namespace Signalbox.DuckDb.Tests;

public sealed class SqlScriptTests
{
    [Theory]
    [InlineData("", new string[0])]
    [InlineData(" ;; -- only; a comment\n /* and; /* another; */ ; */ ;", new string[0])]
    [InlineData("select 1", new[] { "select 1" })]
    [InlineData("select ';' ; select \"a;\"\"b\" -- ; \n from t;", new[] { "select ';'", "select \"a;\"\"b\" -- ; \n from t" })]
    [InlineData(
        "select 'it''s;'; select E'\\';'; select $$;$$; select $t$ $$;$$ ' $t$",
        new[] { "select 'it''s;'", "select E'\\';'", "select $$;$$", "select $t$ $$;$$ ' $t$" }
    )]
    [InlineData("select $1; select $name", new[] { "select $1", "select $name" })]
    [InlineData("select 'no end; ", new[] { "select 'no end; " })]
    public void A_script_is_cut_at_its_semicolons_and_nowhere_else(string sql, string[] expected) =>
        Assert.Equal(expected, SqlScript.Split(sql).Select(statement => statement.Text));

    [Fact]
    public void Statements_know_the_line_they_begin_on()
    {
        IReadOnlyList<SqlStatement> statements = SqlScript.Split("\n-- first\nselect 1,\n 'a\nb';\n\n  select 2");
        Assert.Equal([3, 7], statements.Select(statement => statement.Line));
    }
}
