using System.Collections.Immutable;
using System.Text;
using Signalbox.Core.Expressions;
using Signalbox.DuckDb;

namespace Signalbox.Engine.Tests.TaskKinds;

/// <summary>What DuckDB itself reads from the SQL that values were written into.</summary>
public sealed class SqlLiteralTests
{
    private const int Seed = 20240311;
    private const string Nasty = "'\"\\$;-/*()[]{},.:=%_ \t\n\r\u0001\u007fabXE0é漢\u00a0\u2028";

    [Fact]
    [Trait("Property", "P11")]
    public void Any_text_comes_back_from_the_database_as_it_was()
    {
        using var connection = DuckDatabase.OpenMemory();
        (string Template, string Before, string After)[] places =
        [
            ("select {{ x }}", "", ""),
            ("select '{{ x }}'", "", ""),
            ("select 'a{{ x }}{{ x }}b'", "a", "b"),
            ("select E'a{{ x }}b'", "a", "b"),
            ("select {{ x }}||{{ x | literal }}", "", ""),
            ("select 'a'||{{ x }}||'b'", "a", "b"),
            ("select y from (values ({{ x }})) as t(y) where y = {{ x }}", "", ""),
            ("select y from (select {{ x }} as y) where y in ({{ [x, 'z'] }})", "", ""),
            ("select \"c{{ x }}\" from (select 'v' as \"c{{ x }}\")", "", ""),
            ("select {{ ('c' ~ x) | identifier }} from (select 'v' as {{ ('c' ~ x) | identifier }})", "", ""),
        ];
        var random = new Random(Seed);
        for (var round = 0; round < 200; round++)
        {
            var text = AnyText(random);
            var scope = new Value.Map([new("x", Value.Of(text))]);
            foreach (var (template, before, after) in places)
            {
                if (text.Contains('.') && template.Contains("identifier", StringComparison.Ordinal))
                {
                    continue; // A point makes two names.
                }

                var rendered = SqlTemplate.Parse(template).Value.Render(scope);
                if (!rendered.Succeeded && template.Contains("identifier", StringComparison.Ordinal))
                {
                    continue; // Not every text can be a name.
                }

                var expected =
                    template.Contains(" as \"c", StringComparison.Ordinal) || template.Contains("identifier", StringComparison.Ordinal)
                        ? "v"
                        : before
                            + (
                                template.Contains("}}{{", StringComparison.Ordinal)
                                || template.Contains("literal", StringComparison.Ordinal)
                                    ? text + text
                                    : text
                            )
                            + after;
                Assert.Equal(expected, One(connection, rendered.Value));
            }
        }
    }

    [Fact]
    public void Values_of_every_kind_are_literals_of_their_type()
    {
        (Value Value, string Type, object? Read)[] cases =
        [
            (Value.Of(42), "INTEGER", 42L),
            (Value.Of(long.MaxValue), "BIGINT", long.MaxValue),
            (Value.Of(long.MinValue), "BIGINT", long.MinValue),
            (Value.Of(-7), "INTEGER", -7L),
            (Value.Of(1e300), "DOUBLE", 1e300),
            (Value.Of(-0.1), "DOUBLE", -0.1),
            (Value.Of(true), "BOOLEAN", true),
            (Value.Of(new DateOnly(2024, 2, 29)), "DATE", new DateOnly(2024, 2, 29)),
            (Value.Of("o'clock"), "VARCHAR", "o'clock"),
        ];
        using var connection = DuckDatabase.OpenMemory();
        foreach (var (value, type, read) in cases)
        {
            var scope = new Value.Map([new("x", value)]);
            var sql = SqlTemplate.Parse("select {{ x }}, typeof({{ x }}), 1 -{{ x }} is null").Value;
            var text = (value is Value.Integer or Value.Number ? sql : SqlTemplate.Parse("select {{ x }}, typeof({{ x }})").Value)
                .Render(scope)
                .Value;
            using var reader = connection.Query(text);
            Assert.True(reader.Read(), text);
            Assert.True(
                Equals(read, reader.GetValue(0)) || (read is double number && number == reader.GetDouble(0)),
                $"{text}: {reader.GetValue(0)}"
            );
            Assert.True(type == "DOUBLE" || type == reader.GetString(1), $"{text}: {reader.GetString(1)}");
        }

        var many = new Value.Map([
            new("codes", Value.Of([Value.Of("a'b"), Value.Of("c")])),
            new("none", Value.Of(ImmutableArray<Value>.Empty)),
            new("at", Value.Of(new DateTimeOffset(2024, 3, 10, 1, 2, 3, TimeSpan.Zero))),
            new("missing", Value.Of((string?)null)),
        ]);
        Assert.Equal(
            "2",
            One(connection, Text("select count(*)::varchar from (values ('a''b'), ('c'), ('d')) t(x) where x in ({{ codes }})", many))
        );
        Assert.Equal("0", One(connection, Text("select count(*)::varchar from (values ('a')) t(x) where x in ({{ none }})", many)));
        Assert.Equal("1710032523", One(connection, Text("select epoch({{ at }})::bigint::varchar", many)));
        Assert.Equal("true", One(connection, Text("select ({{ missing }} is null)::varchar", many)));
        Assert.Equal("1", One(connection, Text("select 1::varchar -- {{ codes }}\n /* {{ at }} */", many)));
    }

    private static string Text(string template, Value.Map scope) => SqlTemplate.Parse(template).Value.Render(scope).Value;

    private static string One(DuckConnection connection, string sql)
    {
        using var reader = connection.Query(sql);
        Assert.True(reader.Read(), sql);
        return reader.GetString(0);
    }

    private static string AnyText(Random random)
    {
        var text = new StringBuilder();
        for (var left = random.Next(0, 9); left > 0; left--)
        {
            text.Append(random.Next(30) == 0 ? "😀" : Nasty[random.Next(Nasty.Length)]);
        }

        return text.ToString();
    }
}
