using Signalbox.Core.Expressions;

namespace Signalbox.Core.Tests.Expressions;

public sealed class ExpressionTests
{
    [Theory]
    [InlineData("1 + 2 * 3", "7")]
    [InlineData("(1 + 2) * 3", "9")]
    [InlineData("7 / 2", "3.5")]
    [InlineData("-7 // 2", "-4")]
    [InlineData("-7 % 3", "2")]
    [InlineData("7.5 % 2", "1.5")]
    [InlineData("1 ~ 2 ~ 'x'", "\"12x\"")]
    [InlineData("'a' + 'b'", "\"ab\"")]
    [InlineData("[1] + [2]", "[1,2]")]
    [InlineData("not true or true", "true")]
    [InlineData("not (true or true)", "false")]
    [InlineData("0 or 'x'", "\"x\"")]
    [InlineData("1 and 0", "0")]
    [InlineData("1 < 2 < 3", "true")]
    [InlineData("1 < 3 < 2", "false")]
    [InlineData("1 == 1.0", "true")]
    [InlineData("true == 1", "false")]
    [InlineData("9007199254740993 > 9007199254740992.0", "true")]
    [InlineData("'b' in 'abc' and 'x' not in ['a']", "true")]
    [InlineData("'k' in {'k': 1}", "true")]
    [InlineData("'a' if false else 'b' if false else 'c'", "\"c\"")]
    [InlineData("'a' if false", "null")]
    [InlineData("-1 | abs", "1")]
    [InlineData("{'a': [1, 2.50, None, True]}", "{\"a\":[1,2.5,null,true]}")]
    [InlineData("'it\\'s \\u00e9\\n\\d'", "\"it's é\\n\\\\d\"")]
    [InlineData("'abc'[-1] ~ 'abc'[1:] ~ 'abc'[:-1] ~ 'abc'[5:]", "\"cbcab\"")]
    [InlineData("[1, 2, 3][1:][0]", "2")]
    [InlineData("missing | default('d')", "\"d\"")]
    [InlineData("params.a.b.c | default(1) + 1", "2")]
    [InlineData("none | default('d')", "\"d\"")]
    [InlineData("'' | default('d')", "\"\"")]
    [InlineData("'' | default('d', true)", "\"d\"")]
    [InlineData("missing is defined or ds is undefined", "false")]
    [InlineData("params.nothing is none and ds is not none", "true")]
    [InlineData("3 is odd and [] is sequence", "true")]
    [InlineData("' x ' | trim | upper", "\"X\"")]
    [InlineData("'a-b' | replace('-', '+') | split('+')", "[\"a\",\"b\"]")]
    [InlineData("'a  b' | split", "[\"a\",\"b\"]")]
    [InlineData("[3, 1, 2] | sort | join(',')", "\"1,2,3\"")]
    [InlineData("[3, 1, 2] | sort(reverse=true) | first", "3")]
    [InlineData("[{'n': 2}, {'n': 1}] | sort(attribute='n') | map(attribute='n') | list", "[1,2]")]
    [InlineData("[1, 1.0, 'a', 'a', true] | unique", "[1,\"a\",true]")]
    [InlineData("[min(3, 1), max([1, 5]), [2, 4] | max]", "[1,5,4]")]
    [InlineData("[2.5 | round, 2.567 | round(2), 3 | round]", "[2.0,2.57,3]")]
    [InlineData("['12' | int, 'x' | int(0), 3.9 | int, '1.5' | float, true | int]", "[12,0,3,1.5,1]")]
    [InlineData("[range(3), range(5, 1, -2)]", "[[0,1,2],[5,3]]")]
    [InlineData("'{\"a\": [1]}' | fromjson | tojson", "\"{\\\"a\\\":[1]}\"")]
    [InlineData("'a b/ü' | urlencode", "\"a%20b/%C3%BC\"")]
    [InlineData("{'q': 'a&b'} | urlencode", "\"q=a%26b\"")]
    [InlineData("ds_add(ds, 7) ~ ' ' ~ ds | ds_add(-10)", "\"2024-03-17 2024-02-29\"")]
    [InlineData("ds_format('2024-12-30', '%Y-%m-%d', '%G-W%V-%u %j %y %b %-d')", "\"2025-W01-1 365 24 Dec 30\"")]
    [InlineData("ds | strftime('%A %d %B %Y %H:%M:%S%%')", "\"Sunday 10 March 2024 00:00:00%\"")]
    [InlineData("(data_interval_end - data_interval_start).total_seconds()", "86400.0")]
    [InlineData("logical_date < datetime('2024-03-10T03:15:00+00:00')", "true")]
    [InlineData("'a b' | sh ~ ['c', 'd e'] | sh", "\"'a b'c 'd e'\"")]
    [InlineData("params.codes | length + ds | length", "12")]
    [InlineData("','.join(params.codes)", "\"ORD,JFK\"")]
    [InlineData("params.items() | first", "[\"min_rows\",1000]")]
    public void An_expression_has_the_value_Jinja_gives_it(string expression, string json) =>
        Assert.Equal(json, Sample.Eval(expression).ToJson());

    [Theory]
    [InlineData("null")]
    [InlineData("[1,-2,3.5,1.0,1e+30,true,false,\"a\\u0000\\\"\\\\é😀\",{},[],{\"k\":{\"k\":[null]}}]")]
    [InlineData("9223372036854775807")]
    public void Json_is_read_and_written_unchanged(string json) => Assert.Equal(json, Value.FromJson(json).Value.ToJson());

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[1,]")]
    [InlineData("nul")]
    [InlineData("1 2")]
    [InlineData("\"\\ud800\"")]
    public void What_is_not_Json_is_a_mistake(string json) =>
        Assert.StartsWith("this is not JSON", Assert.Single(Value.FromJson(json).Errors).Message);

    [Fact]
    public void Limits_are_mistakes_with_a_place()
    {
        Assert.Contains("nested more than 64 deep", Sample.Error("{{ " + new string('(', 70) + "1" + new string(')', 70) + " }}").Message);
        Assert.Contains("nested more than 64 deep", Sample.Error("{{ " + string.Concat(Enumerable.Repeat("not ", 70)) + "1 }}").Message);
        Assert.Contains("chains too many operators", Sample.Error("{{ 1" + string.Concat(Enumerable.Repeat("+1", 300)) + " }}").Message);
        Assert.Contains("longer than 64 KiB", Sample.Error(new string('a', 70_000)).Message);
        Assert.Contains("longer than 1 MiB", Sample.Error("{{ range(10000) | join('" + new string('a', 200) + "') }}").Message);
        Assert.Contains(
            "too much work",
            Sample.Error("{{ [" + string.Join(',', Enumerable.Repeat("range(10000)|sort|length", 2000)) + "] }}").Message
        );
        Assert.Contains("at most 10000 items", Sample.Error("{{ range(10001) }}").Message);
    }

    [Theory]
    [InlineData("retires", "retries")]
    [InlineData("Needs", "needs")]
    [InlineData("timout", "timeout")]
    [InlineData("xyz", null)]
    [InlineData("", null)]
    public void A_slip_of_the_pen_is_recognised(string name, string? expected) =>
        Assert.Equal(expected, Suggestion.Closest(name, ["retries", "needs", "timeout", "pool"]));
}
