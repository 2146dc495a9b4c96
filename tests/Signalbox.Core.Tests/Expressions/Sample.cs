using Signalbox.Core.Expressions;

namespace Signalbox.Core.Tests.Expressions;

/// <summary>A run as templates see it, and short ways to evaluate over it.</summary>
internal static class Sample
{
    public static readonly RunScope Scope = new()
    {
        Pipeline = "daily_flights",
        RunId = "r1",
        LogicalDate = new DateTimeOffset(2024, 3, 10, 2, 15, 0, TimeSpan.Zero),
        IntervalStart = new DateTimeOffset(2024, 3, 10, 2, 15, 0, TimeSpan.Zero),
        IntervalEnd = new DateTimeOffset(2024, 3, 11, 2, 15, 0, TimeSpan.Zero),
        NextLogicalDate = new DateTimeOffset(2024, 3, 11, 2, 15, 0, TimeSpan.Zero),
        Partition = "2024-03-10",
        Params = Map("""{"min_rows": 1000, "name": "O'Hare & co", "codes": ["ORD", "JFK"], "nothing": null, "rate": 0.5, "on": true}"""),
        Conf = Map("""{"source_bucket": "landing", "source_key": "in/a b.parquet", "triggered_by": "lambda"}"""),
        TaskName = "train",
        Attempt = 2,
        Item = Map("""{"segment": "long haul"}"""),
        Inputs = Map("""{"raw": "/data/raw file.parquet"}"""),
        Outputs = Map("""{"model": "/stage/7/model.json"}"""),
        Tasks = new Value.Map([
            new(
                "extract",
                Value.Of(
                    new TaskScope(() => Value.FromJson("""{"rows": 42, "files": ["a", "b"]}""").Value, Map("""{"raw": "s3://b/raw"}"""))
                )
            ),
            new("evaluate", Value.Of(new TaskScope(metrics: () => Map("""{"auc": 0.71}""")))),
        ]),
        Models = Map("""{"delay": {"champion": {"metrics": {"auc": 0.74}}}, "new": {"champion": null}}"""),
    };

    public static Value.Map Map(string json) => (Value.Map)Value.FromJson(json).Value;

    public static Value Eval(string expression)
    {
        var parsed = Template.ParseExpression(expression);
        Assert.True(parsed.Succeeded, string.Join("; ", parsed.Errors));
        var result = parsed.Value.Evaluate(Scope);
        Assert.True(result.Succeeded, string.Join("; ", result.Errors));
        return result.Value;
    }

    public static string Render(string template)
    {
        var parsed = Template.Parse(template);
        Assert.True(parsed.Succeeded, string.Join("; ", parsed.Errors));
        var result = parsed.Value.Render(Scope);
        Assert.True(result.Succeeded, string.Join("; ", result.Errors));
        return result.Value;
    }

    /// <summary>The only mistake of a template, wherever it is found.</summary>
    public static TemplateError Error(string template)
    {
        var parsed = Template.Parse(template);
        return Assert.Single(parsed.Succeeded ? parsed.Value.Render(Scope).Errors : parsed.Errors);
    }
}
