namespace Signalbox.Core.Expressions;

/// <summary>
/// Recursive descent over the tokens of one expression, with Jinja's precedences. The first mistake is kept and stops the lexer, so no rule has to
/// pass failures on: every loop ends because only the end is left to read.
/// </summary>
internal sealed partial class ExpressionParser
{
    public const int MaxDepth = 64;
    public const int MaxHeight = 256;

    private readonly string _text;
    private readonly Lexer _lexer;
    private int _depth;

    public ExpressionParser(string text, int offset)
    {
        _text = text;
        _lexer = new Lexer(text, offset);
        _lexer.Advance();
        CheckToken();
    }

    public TemplateError? Error { get; private set; }

    /// <summary>Where the expression's closing braces end, or the end of the text.</summary>
    public int Next { get; private set; }

    public bool TrimsAfter { get; private set; }

    /// <summary>An expression and then the closing braces (or, for a bare expression, the end of the text).</summary>
    public Node Parse(bool closed)
    {
        if (closed && AtClose())
        {
            Fail(_lexer.Start, _lexer.Start + 2, "there is no expression between the braces");
            return Dummy();
        }

        var node = Conditional();
        if (Error is not null)
        {
            return node;
        }

        if (closed ? AtClose() : _lexer.Kind == TokenKind.End)
        {
            TrimsAfter = _lexer.Kind == TokenKind.TrimmingClose;
            Next = TrimsAfter ? _lexer.End : Math.Min(_lexer.Start + 2, _text.Length);
            return node;
        }

        var (start, end) = (_lexer.Start, _lexer.End);
        if (_lexer.Kind == TokenKind.End)
        {
            Fail(start, end, "`{{` is not closed by `}}`");
        }
        else if (_lexer.Is("="))
        {
            Fail(start, end, "`=` assigns nothing here; compare with `==`");
        }
        else
        {
            Fail(
                start,
                end,
                $"`{_text[start..end]}` is not expected here; {(closed ? "the expression should end with `}}`" : "the expression should end")}"
            );
        }

        return node;
    }

    private bool AtClose() =>
        _lexer.Kind == TokenKind.TrimmingClose || _lexer.Is("}") && _lexer.Start + 1 < _text.Length && _text[_lexer.Start + 1] == '}';

    private void Advance()
    {
        _lexer.Advance();
        CheckToken();
    }

    private void CheckToken()
    {
        if (_lexer.Kind == TokenKind.Bad)
        {
            Fail(_lexer.Start, _lexer.End, _lexer.Content);
        }
    }

    private void Fail(int start, int end, string message)
    {
        Error ??= TemplateError.At(_text, start, end, message);
        _lexer.Stop();
    }

    private LiteralNode Dummy() => new(_lexer.Start, _lexer.Start, Value.None);

    private T Checked<T>(T node)
        where T : Node
    {
        if (node.Height > MaxHeight)
        {
            Fail(node.Start, node.Start, "this expression chains too many operators; split it");
        }

        return node;
    }

    private Node Conditional()
    {
        if (++_depth > MaxDepth)
        {
            Fail(_lexer.Start, _lexer.End, $"this expression is nested more than {MaxDepth} deep");
            return Dummy();
        }

        var node = Or();
        while (_lexer.IsName("if"))
        {
            Advance();
            var condition = Or();
            Node? otherwise = null;
            if (_lexer.IsName("else"))
            {
                Advance();
                otherwise = Conditional();
            }

            node = Checked(new ConditionalNode(node, condition, otherwise));
        }

        _depth--;
        return node;
    }

    private Node Or()
    {
        var node = And();
        while (_lexer.IsName("or"))
        {
            Advance();
            node = Checked(new LogicNode(isAnd: false, node, And()));
        }

        return node;
    }

    private Node And()
    {
        var node = Not();
        while (_lexer.IsName("and"))
        {
            Advance();
            node = Checked(new LogicNode(isAnd: true, node, Not()));
        }

        return node;
    }

    private Node Not()
    {
        if (!_lexer.IsName("not"))
        {
            return Compare();
        }

        if (++_depth > MaxDepth)
        {
            Fail(_lexer.Start, _lexer.End, $"this expression is nested more than {MaxDepth} deep");
            return Dummy();
        }

        var start = _lexer.Start;
        Advance();
        var operand = Not();
        _depth--;
        return Checked(new NotNode(start, operand.End, operand));
    }

    private Node Compare()
    {
        var first = Sum();
        if (ComparisonHere() is not { } op)
        {
            return first;
        }

        var operands = new List<Node> { first };
        var ops = new List<Comparison>();
        Comparison? next = op;
        while (next is { } comparison)
        {
            ops.Add(comparison);
            operands.Add(Sum());
            next = ComparisonHere();
        }

        return Checked(new CompareNode([.. operands], [.. ops]));
    }

    /// <summary>Reads a comparison operator when one stands here.</summary>
    private Comparison? ComparisonHere()
    {
        if (_lexer.IsName("in"))
        {
            Advance();
            return Comparison.In;
        }

        if (_lexer.IsName("not"))
        {
            Advance();
            if (!_lexer.IsName("in"))
            {
                Fail(_lexer.Start, _lexer.End, "after a value `not` must be followed by `in`");
                return null;
            }

            Advance();
            return Comparison.NotIn;
        }

        if (_lexer.Kind != TokenKind.Operator)
        {
            return null;
        }

        Comparison? op = _lexer.Content switch
        {
            "==" => Comparison.Equal,
            "!=" => Comparison.NotEqual,
            "<" => Comparison.Less,
            "<=" => Comparison.LessOrEqual,
            ">" => Comparison.Greater,
            ">=" => Comparison.GreaterOrEqual,
            _ => null,
        };
        if (op is not null)
        {
            Advance();
        }

        return op;
    }

    private Node Sum()
    {
        var node = Concat();
        while (_lexer.Is("+") || _lexer.Is("-"))
        {
            var op = _lexer.Is("+") ? Arithmetic.Add : Arithmetic.Subtract;
            Advance();
            node = Checked(new ArithmeticNode(op, node, Concat()));
        }

        return node;
    }

    private Node Concat()
    {
        var node = Product();
        while (_lexer.Is("~"))
        {
            Advance();
            node = Checked(new ArithmeticNode(Arithmetic.Concat, node, Product()));
        }

        return node;
    }

    private Node Product()
    {
        var node = Unary(filters: true);
        while (_lexer.Kind == TokenKind.Operator)
        {
            Arithmetic? op = _lexer.Content switch
            {
                "*" => Arithmetic.Multiply,
                "/" => Arithmetic.Divide,
                "//" => Arithmetic.FloorDivide,
                "%" => Arithmetic.Modulo,
                _ => null,
            };
            if (op is not { } known)
            {
                if (_lexer.Is("**"))
                {
                    Fail(_lexer.Start, _lexer.End, "`**` is not an operator here");
                }

                break;
            }

            Advance();
            node = Checked(new ArithmeticNode(known, node, Unary(filters: true)));
        }

        return node;
    }

    private Node Unary(bool filters)
    {
        Node node;
        if (_lexer.Is("-") || _lexer.Is("+"))
        {
            if (++_depth > MaxDepth)
            {
                Fail(_lexer.Start, _lexer.End, $"this expression is nested more than {MaxDepth} deep");
                return Dummy();
            }

            var (start, negates) = (_lexer.Start, _lexer.Is("-"));
            Advance();
            var operand = Unary(filters: false);
            _depth--;
            node = negates ? Negated(start, operand) : operand;
        }
        else
        {
            node = Postfix(Primary());
        }

        return filters ? FiltersAndTests(node) : node;
    }

    private Node Negated(int start, Node operand) =>
        operand is LiteralNode { Value: Value.Integer integer }
            ? new LiteralNode(start, operand.End, Value.Of(-integer.Amount))
            : Checked(new NegateNode(start, operand.End, operand));

    private void Expect(string op, int place, string message)
    {
        if (_lexer.Is(op))
        {
            Advance();
        }
        else if (_lexer.Kind == TokenKind.End)
        {
            Fail(place, place + 1, message);
        }
        else
        {
            Fail(_lexer.Start, _lexer.End, $"`{_text[_lexer.Start.._lexer.End]}` is not expected here; {message}");
        }
    }
}
