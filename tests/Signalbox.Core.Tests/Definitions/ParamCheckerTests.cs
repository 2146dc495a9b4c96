using Signalbox.Core.Definitions;

namespace Signalbox.Core.Tests.Definitions;

public sealed class ParamCheckerTests
{
    private static readonly Pipeline Flights = With(
        new ParamSpec
        {
            Name = "min_rows",
            Type = ParamType.Integer,
            Default = "1000",
            Minimum = 0,
            Maximum = 5000,
        },
        new ParamSpec
        {
            Name = "airport",
            Type = ParamType.String,
            Pattern = "^[A-Z]{3}$",
        },
        new ParamSpec
        {
            Name = "mode",
            Type = ParamType.String,
            Default = "\"append\"",
            Enum = ["\"append\"", "\"replace\""],
        },
        new ParamSpec { Name = "extra" }
    );

    [Fact]
    public void Defaults_are_added_in_the_order_of_the_definition()
    {
        var result = ParamChecker.Check(Flights, """{"extra": [1, {"ü": null}], "airport": "LGW"}""");
        Assert.Equal("""{"min_rows":1000,"airport":"LGW","mode":"append","extra":[1,{"ü":null}]}""", result.Json);
        Assert.Empty(result.Problems);
    }

    [Fact]
    [Trait("Requirement", "S62")]
    public void All_mistakes_are_named_at_once()
    {
        var result = ParamChecker.Check(Flights, """{"min_row": 1, "min_rows": -1, "mode": "replce"}""");
        Assert.Null(result.Json);
        Assert.Equal(
            [
                "params.min_row unknown-param: unknown parameter `min_row`; did you mean `min_rows`?",
                "params.min_rows param-out-of-range: `min_rows` is at least 0; -1 is less",
                "params.mode param-not-listed: `mode` is one of \"append\", \"replace\"; \"replce\" is not; did you mean `replace`?",
                "params missing-param: the parameters `airport` and `extra` have no default: give each a value",
            ],
            result.Problems.Select(problem => $"{problem.Path} {problem.Code}: {problem.Message}")
        );
    }

    [Theory]
    [InlineData("""{"airport":"lgw","extra":1}""", "`airport` must match the pattern `^[A-Z]{3}$`; `lgw` does not")]
    [InlineData("""{"airport":7,"extra":1}""", "`airport` is a string; 7 is a number")]
    [InlineData("""{"airport":"LGW","extra":1,"min_rows":1.5}""", "`min_rows` is an integer; 1.5 is a number")]
    [InlineData("""{"airport":"LGW","extra":1,"min_rows":null}""", "`min_rows` is an integer; null is null")]
    [InlineData("""{"airport":"LGW","extra":1,"min_rows":5001}""", "`min_rows` is at most 5000; 5001 is more")]
    [InlineData("""{"airport":"LGW"}""", "the parameter `extra` has no default: give a value")]
    [InlineData("""{"airport":"LGW","extra":["\ud800"]}""", "`extra` holds half of a surrogate pair, which is no text")]
    [InlineData("[1]", "parameters are a JSON object; they are an array")]
    [InlineData("{\"extra\":1,\"extra\":2}", "parameters are a JSON object; `extra` stands in it twice")]
    public void A_mistake_says_what_is_wrong(string given, string message) =>
        Assert.Equal([message], ParamChecker.Check(Flights, given).Problems.Select(problem => problem.Message));

    [Theory]
    [InlineData("5.0")]
    [InlineData("5e2")]
    public void A_number_without_a_fraction_is_an_integer(string number) =>
        Assert.Equal(
            $$"""{"min_rows":{{number}},"airport":"LGW","mode":"append","extra":0}""",
            ParamChecker.Check(Flights, $$"""{"min_rows":{{number}},"airport":"LGW","extra":0}""").Json
        );

    [Fact]
    public void A_pattern_that_would_take_for_ever_is_given_up()
    {
        // A back reference needs the backtracking engine, and the nested repetition makes it exponential.
        var pipeline = With(
            new ParamSpec
            {
                Name = "p",
                Type = ParamType.String,
                Pattern = @"^((a+)+)\1$",
            }
        );
        var problem = Assert.Single(ParamChecker.Check(pipeline, $$"""{"p": "{{new string('a', 41)}}!"}""").Problems);
        Assert.Contains("takes too long", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Nested_repetition_without_back_references_costs_nothing()
    {
        var pipeline = With(
            new ParamSpec
            {
                Name = "p",
                Type = ParamType.String,
                Pattern = "^(a+)+$",
            }
        );
        var problem = Assert.Single(ParamChecker.Check(pipeline, $$"""{"p": "{{new string('a', 5000)}}!"}""").Problems);
        Assert.Contains("must match", problem.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ParamType.String, "12", "\"12\"")]
    [InlineData(ParamType.String, "say \"hi\"\n", "\"say \\\"hi\\\"\\n\"")]
    [InlineData(ParamType.Integer, "12", "12")]
    [InlineData(ParamType.Number, "-1.5e3", "-1.5e3")]
    [InlineData(ParamType.Boolean, "Yes", "true")]
    [InlineData(ParamType.Boolean, "false", "false")]
    [InlineData(ParamType.Array, "[1, 2]", "[1, 2]")]
    [InlineData(ParamType.Object, "{\"a\": 1}", "{\"a\": 1}")]
    [InlineData(ParamType.Any, "12", "12")]
    [InlineData(ParamType.Any, "null", "null")]
    [InlineData(ParamType.Any, "LGW", "\"LGW\"")]
    [InlineData(ParamType.Any, "2001-01-05", "\"2001-01-05\"")]
    public void Text_of_a_command_line_becomes_json_of_the_parameters_type(ParamType type, string text, string json)
    {
        Assert.Equal(json, ParamChecker.FromText(new ParamSpec { Name = "p", Type = type }, text, out var problem));
        Assert.Null(problem);
    }

    [Theory]
    [InlineData(ParamType.Integer, "1.5", "the parameter `p` is an integer; `1.5` is none")]
    [InlineData(ParamType.Number, "many", "the parameter `p` is a number; `many` is none")]
    [InlineData(ParamType.Boolean, "2", "the parameter `p` is a boolean (true or false); `2` is none")]
    [InlineData(ParamType.Array, "1,2", "the parameter `p` is a JSON array; `1,2` is none")]
    public void Text_that_does_not_fit_is_refused(ParamType type, string text, string message)
    {
        Assert.Null(ParamChecker.FromText(new ParamSpec { Name = "p", Type = type }, text, out var problem));
        Assert.Equal(message, problem);
    }

    [Fact]
    public void Text_that_is_not_unicode_is_refused()
    {
        Assert.Null(ParamChecker.FromText(new ParamSpec { Name = "p" }, "\ud800", out var problem));
        Assert.Equal("the value of the parameter `p` is not Unicode text", problem);
    }

    private static Pipeline With(params ParamSpec[] specs) =>
        new()
        {
            Name = new PipelineName("p"),
            Params = [.. specs],
            Tasks = [],
        };
}
