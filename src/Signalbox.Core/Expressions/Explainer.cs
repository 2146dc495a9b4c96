namespace Signalbox.Core.Expressions;

/// <summary>The truth of a condition, and the values that made it so.</summary>
/// <param name="Holds">The result.</param>
/// <param name="Text">One line, such as "tasks.evaluate.metrics.auc = 0.71 &gt; params.least = 0.74 is false"; what was not looked at is not in it.</param>
public sealed record Explanation(bool Holds, string Text);

/// <summary>Evaluates a condition and writes down what it compared.</summary>
internal sealed class Explainer
{
    private const int MaxShown = 80;

    private readonly Evaluator _evaluator;
    private readonly List<string> _findings = [];

    private Explainer(Evaluator evaluator) => _evaluator = evaluator;

    public static TemplateResult<Explanation> Explain(string text, Node condition, IScope scope)
    {
        var explainer = new Explainer(new Evaluator(text, scope));
        return explainer.Truth(condition) is { } holds
            ? TemplateResult<Explanation>.Of(new Explanation(holds, string.Join("; ", explainer._findings)))
            : TemplateResult<Explanation>.Failed([.. explainer._evaluator.Errors ?? []]);
    }

    private bool? Truth(Node node)
    {
        switch (node)
        {
            case LogicNode logic:
                return Truth(logic.Left) is { } left ? (left == logic.IsAnd ? Truth(logic.Right) : left) : null;
            case NotNode not:
                return Truth(not.Operand) is { } denied ? !denied : null;
            case CompareNode compare:
                return Compare(compare);
            case ConditionalNode conditional:
                return Truth(conditional.Condition) is { } chosen
                    ? chosen
                        ? Truth(conditional.Then)
                        : conditional.Otherwise is null
                            ? false
                            : Truth(conditional.Otherwise)
                    : null;
            default:
                if (_evaluator.Evaluate(node) is not { } value)
                {
                    return null;
                }

                _findings.Add(
                    value is Value.Bool ? $"{Source(node)} is {Word(value.IsTruthy)}" : $"{Shown(node, value)} is {Word(value.IsTruthy)}"
                );
                return value.IsTruthy;
        }
    }

    private bool? Compare(CompareNode node)
    {
        if (_evaluator.Evaluate(node.Operands[0]) is not { } left)
        {
            return null;
        }

        var words = Shown(node.Operands[0], left);
        var result = true;
        for (var index = 0; index < node.Ops.Length && result; index++)
        {
            if (
                _evaluator.Evaluate(node.Operands[index + 1]) is not { } right
                || _evaluator.Holds(node, node.Ops[index], left, right) is not { } holds
            )
            {
                return null;
            }

            words += $" {Symbol(node.Ops[index])} {Shown(node.Operands[index + 1], right)}";
            result = holds;
            left = right;
        }

        _findings.Add($"{words} is {Word(result)}");
        return result;
    }

    private string Shown(Node node, Value value)
    {
        if (node is LiteralNode)
        {
            return Source(node);
        }

        var output = new BoundedText(MaxShown * 4);
        ValueText.AppendJson(value is Value.Namespace or Value.Function ? new Value.Text(value.Kind) : value, output);
        return $"{Source(node)} = {(output.Overflowed ? Cut(output.ToString() + "...") : Cut(output.ToString()))}";
    }

    private string Source(Node node) =>
        Cut(string.Join(' ', _evaluator.Source(node).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)));

    private static string Cut(string text) => text.Length <= MaxShown ? text : text[..(MaxShown - 3)] + "...";

    private static string Word(bool truth) => truth ? "true" : "false";

    private static string Symbol(Comparison op) =>
        op switch
        {
            Comparison.Equal => "==",
            Comparison.NotEqual => "!=",
            Comparison.Less => "<",
            Comparison.LessOrEqual => "<=",
            Comparison.Greater => ">",
            Comparison.GreaterOrEqual => ">=",
            Comparison.In => "in",
            _ => "not in",
        };
}
