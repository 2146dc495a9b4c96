using Signalbox.Core.Expressions;

namespace Signalbox.Core.Tests.Expressions;

public sealed class SqlTemplateTests
{
    private static TemplateResult<string> Render(string text, string json = """{"x": "it's"}""")
    {
        var parsed = SqlTemplate.Parse(text);
        Assert.True(parsed.Succeeded, string.Join("; ", parsed.Errors));
        return parsed.Value.Render(new LayeredScope(Sample.Map(json), Sample.Scope));
    }

    [Theory]
    [InlineData(
        "select * from {{ inputs.raw }} where d = {{ ds }}::date",
        "select * from '/data/raw file.parquet' where d = '2024-03-10'::date"
    )]
    [InlineData("from read_parquet('data/{{ ds }}/x.parquet')", "from read_parquet('data/2024-03-10/x.parquet')")]
    [InlineData("select {{ x }}, '{{ x }}', E'{{ x }}', \"{{ x }}\"", "select 'it''s', 'it''s', E'it''s', \"it's\"")]
    [InlineData("where a in ({{ params.codes }}) and b > {{ params.rate }}", "where a in ('ORD', 'JFK') and b > 0.5")]
    [InlineData("select 1 -{{ -5 }}, {{ params.nothing }}, {{ true }}", "select 1 -(-5), NULL, TRUE")]
    [InlineData("where a in ({{ [] }})", "where a in (NULL)")]
    [InlineData("from events_{{ ds_nodash }} join {{ pipeline }}.t on 1=1", "from events_20240310 join daily_flights.t on 1=1")]
    [InlineData("from {{ 'main.my \"t' | identifier }}", "from \"main\".\"my \"\"t\"")]
    [InlineData("copy t to {{ outputs.model | literal }}", "copy t to '/stage/7/model.json'")]
    [InlineData("select 'a'{{ x }}'b'", "select 'a' 'it''s' 'b'")]
    [InlineData("select {{ x }}{{ x }}", "select 'it''s' 'it''s'")]
    [InlineData("-- by {{ x }}\nselect {{ x }}", "-- by it's\nselect 'it''s'")]
    [InlineData("select 'a''{{ x }}', $t$ '{{ ds }} $t$, {{ x }}", "select 'a''it''s', $t$ '2024-03-10 $t$, 'it''s'")]
    [InlineData(
        "select {{ logical_date }}, {{ logical_date.date() }}",
        "select TIMESTAMPTZ '2024-03-10T02:15:00+00:00', DATE '2024-03-10'"
    )]
    [InlineData("select {{ params }}['name'], {{ item }}", null)]
    public void A_value_is_written_for_the_place_where_it_stands(string template, string? expected) =>
        Assert.Equal(
            expected
                ?? "select '{\"min_rows\":1000,\"name\":\"O''Hare & co\",\"codes\":[\"ORD\",\"JFK\"],\"nothing\":null,\"rate\":0.5,\"on\":true}'['name'], '{\"segment\":\"long haul\"}'",
            Render(template).Value
        );

    [Theory]
    [InlineData("-- {{ x }}", "{\"x\": \"a\\nb\"}", "the value of `x` would end this comment; move it into plain quotes ('...')")]
    [InlineData("/* {{ x }} */", "{\"x\": \"*/\"}", "the value of `x` would end this comment; move it into plain quotes ('...')")]
    [InlineData("$$ {{ x }} $$", "{\"x\": \"$$\"}", "the value of `x` could end this $-quoted text; move it into plain quotes ('...')")]
    [InlineData("{{ x }}", "{\"x\": \"a\\u0000\"}", "`x`: this text holds the character NUL, which SQL text cannot hold")]
    [InlineData(
        "from t_{{ x }}",
        "{\"x\": \"a; drop\"}",
        "`x` stands inside a name here, so only letters, digits and _ may be in its value; put it into quotes together with the text around it, or use `| identifier` for a whole name"
    )]
    public void Where_a_value_would_become_more_than_a_value_it_is_a_mistake(string template, string json, string message) =>
        Assert.Equal(message, Assert.Single(Render(template, json).Errors).Message);

    [Fact]
    public void Any_text_is_one_literal()
    {
        var random = new Random(7);
        var template = SqlTemplate.Parse("select {{ x }},'a{{ x }}b'").Value;
        for (var round = 0; round < 2000; round++)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(8)).Select(_ => "'\"\\;-/*$ab\n"[random.Next(11)]));
            var sql = template.Render(new Value.Map([new("x", Value.Of(text))])).Value;

            Assert.Equal(("", text), ReadLiteral(sql["select ".Length..], out var rest));
            Assert.Equal(("", "a" + text + "b"), ReadLiteral(rest[1..], out rest));
            Assert.Equal("", rest);
        }
    }

    /// <summary>Reads a standard SQL text literal as a database does.</summary>
    private static (string Before, string Text) ReadLiteral(string sql, out string rest)
    {
        var open = sql.IndexOf('\'');
        var text = "";
        for (var at = open + 1; at < sql.Length; at++)
        {
            if (sql[at] != '\'')
            {
                text += sql[at];
            }
            else if (at + 1 < sql.Length && sql[at + 1] == '\'')
            {
                text += sql[at++];
            }
            else
            {
                rest = sql[(at + 1)..];
                return (sql[..open], text);
            }
        }

        throw new InvalidOperationException("not closed: " + sql);
    }
}
