namespace Signalbox.Core.Expressions;

/// <summary>A parsed expression. Places are offsets in the template's text.</summary>
internal abstract class Node(int start, int end, int height)
{
    public int Start => start;
    public int End => end;

    /// <summary>The length of the longest way down; bounded by the parser so that walks may recurse.</summary>
    public int Height => height;

    public string Source(string text) => text[start..end];
}

internal sealed class LiteralNode(int start, int end, Value value) : Node(start, end, 1)
{
    public Value Value => value;
}

internal sealed class NameNode(int start, int end, string name) : Node(start, end, 1)
{
    public string Name => name;
}

/// <summary><c>target.name</c>, and <c>target['name']</c> with a constant key, which means the same.</summary>
internal sealed class AttributeNode(int start, int end, Node target, string name) : Node(start, end, target.Height + 1)
{
    public Node Target => target;
    public string Name => name;
}

internal sealed class IndexNode(int start, int end, Node target, Node index) : Node(start, end, Math.Max(target.Height, index.Height) + 1)
{
    public Node Target => target;
    public Node Index => index;
}

/// <summary><c>target[from:to]</c>.</summary>
internal sealed class SliceNode(int start, int end, Node target, Node? from, Node? to)
    : Node(start, end, Math.Max(target.Height, Math.Max(from?.Height ?? 0, to?.Height ?? 0)) + 1)
{
    public Node Target => target;
    public Node? From => from;
    public Node? To => to;
}

internal sealed class ListNode(int start, int end, Node[] items) : Node(start, end, Tallest(items) + 1)
{
    public Node[] Items => items;

    public static int Tallest(Node[] nodes)
    {
        var tallest = 0;
        foreach (var node in nodes)
        {
            tallest = Math.Max(tallest, node.Height);
        }

        return tallest;
    }
}

internal sealed class MapNode(int start, int end, Node[] keys, Node[] values)
    : Node(start, end, Math.Max(ListNode.Tallest(keys), ListNode.Tallest(values)) + 1)
{
    public Node[] Keys => keys;
    public Node[] Values => values;
}

internal sealed class NotNode(int start, int end, Node operand) : Node(start, end, operand.Height + 1)
{
    public Node Operand => operand;
}

internal sealed class NegateNode(int start, int end, Node operand) : Node(start, end, operand.Height + 1)
{
    public Node Operand => operand;
}

internal enum Arithmetic
{
    Add,
    Subtract,
    Multiply,
    Divide,
    FloorDivide,
    Modulo,
    Concat,
}

internal sealed class ArithmeticNode(Arithmetic op, Node left, Node right)
    : Node(left.Start, right.End, Math.Max(left.Height, right.Height) + 1)
{
    public Arithmetic Op => op;
    public Node Left => left;
    public Node Right => right;
}

internal sealed class LogicNode(bool isAnd, Node left, Node right) : Node(left.Start, right.End, Math.Max(left.Height, right.Height) + 1)
{
    public bool IsAnd => isAnd;
    public Node Left => left;
    public Node Right => right;
}

internal enum Comparison
{
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    NotIn,
}

/// <summary><c>a &lt; b &lt;= c</c>: as in Python every neighbouring pair must hold.</summary>
internal sealed class CompareNode(Node[] operands, Comparison[] ops)
    : Node(operands[0].Start, operands[^1].End, ListNode.Tallest(operands) + 1)
{
    public Node[] Operands => operands;
    public Comparison[] Ops => ops;
}

internal sealed class ConditionalNode(Node then, Node condition, Node? otherwise)
    : Node(then.Start, (otherwise ?? condition).End, Math.Max(Math.Max(then.Height, condition.Height), otherwise?.Height ?? 0) + 1)
{
    public Node Then => then;
    public Node Condition => condition;
    public Node? Otherwise => otherwise;
}

/// <summary><c>operand is [not] test</c>.</summary>
internal sealed class TestNode(int end, Node operand, string test, bool negated) : Node(operand.Start, end, operand.Height + 1)
{
    public Node Operand => operand;
    public string Test => test;
    public bool Negated => negated;
}

/// <summary>The arguments written in a call.</summary>
internal sealed class Arguments(Node[] positional, string[] names, Node[] named)
{
    public static readonly Arguments None = new([], [], []);

    public Node[] Positional => positional;
    public string[] Names => names;
    public Node[] Named => named;
    public int Height => Math.Max(ListNode.Tallest(positional), ListNode.Tallest(named));
}

/// <summary>A call of one of the fixed functions: <c>name(args)</c> or, with a receiver, the filter <c>receiver | name(args)</c>.</summary>
internal sealed class CallNode(int start, int end, Callable function, Node? receiver, Arguments arguments)
    : Node(start, end, Math.Max(receiver?.Height ?? 0, arguments.Height) + 1)
{
    public Callable Function => function;
    public Node? Receiver => receiver;
    public Arguments Arguments => arguments;
}

/// <summary>A call of something found by name at evaluation: <c>ti.xcom_pull(...)</c>, or a fixed method of a value: <c>ds.replace(...)</c>.</summary>
internal sealed class DynamicCallNode(int start, int end, Node callee, Arguments arguments)
    : Node(start, end, Math.Max(callee.Height, arguments.Height) + 1)
{
    public Node Callee => callee;
    public Arguments Arguments => arguments;
}
