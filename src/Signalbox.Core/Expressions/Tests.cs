namespace Signalbox.Core.Expressions;

/// <summary>What may follow <c>is</c>.</summary>
internal static class Tests
{
    public static readonly ImmutableArray<string> Names =
    [
        "defined",
        "undefined",
        "none",
        "true",
        "false",
        "boolean",
        "integer",
        "float",
        "number",
        "string",
        "sequence",
        "mapping",
        "even",
        "odd",
    ];

    public static bool IsKnown(string name) => Names.Contains(name) || name is "None" or "null" or "True" or "False";

    /// <summary>True for the tests that ask whether their operand exists.</summary>
    public static bool AcceptsMissing(string test) => test is "defined" or "undefined";

    public static Value? Apply(Evaluator evaluator, TestNode node)
    {
        if (AcceptsMissing(node.Test))
        {
            var errors = evaluator.Errors?.Count ?? 0;
            var exists = evaluator.EvaluateLenient(node.Operand) is not null;
            return (evaluator.Errors?.Count ?? 0) > errors ? null : Value.Of(exists == (node.Test == "defined") != node.Negated);
        }

        if (evaluator.Evaluate(node.Operand) is not { } value)
        {
            return null;
        }

        bool? holds = node.Test switch
        {
            "none" or "None" or "null" => value is Value.Null,
            "true" or "True" => value is Value.Bool { Is: true },
            "false" or "False" => value is Value.Bool { Is: false },
            "boolean" => value is Value.Bool,
            "integer" => value is Value.Integer,
            "float" => value is Value.Number,
            "number" => value is Value.Integer or Value.Number,
            "string" => value is Value.Text,
            "sequence" => value is Value.List,
            "mapping" => value is Value.Map or Value.Namespace,
            "even" => value is Value.Integer whole ? whole.Amount % 2 == 0 : null,
            _ => value is Value.Integer whole ? whole.Amount % 2 != 0 : null,
        };
        return holds is { } known
            ? Value.Of(known != node.Negated)
            : evaluator.Fail(node, $"`is {node.Test}` needs an integer, not {value.Kind}");
    }
}
