namespace Signalbox.Core.Expressions;

/// <summary>What the operators stand between: literals, names, calls, indexes, filters and tests.</summary>
internal sealed partial class ExpressionParser
{
    private Node Primary()
    {
        var (start, end) = (_lexer.Start, _lexer.End);
        switch (_lexer.Kind)
        {
            case TokenKind.Name:
                return NameOrCall(start, end, _lexer.Content);
            case TokenKind.Integer:
                var whole = Value.Of(_lexer.Whole);
                Advance();
                return new LiteralNode(start, end, whole);
            case TokenKind.Number:
                var amount = Value.Of(_lexer.Amount);
                Advance();
                return new LiteralNode(start, end, amount);
            case TokenKind.Text:
                var content = _lexer.Content;
                Advance();
                return new LiteralNode(start, end, new Value.Text(content));
            case TokenKind.Operator when _lexer.Is("("):
                Advance();
                var inner = Conditional();
                Expect(")", start, "this parenthesis has no closing `)`");
                return inner;
            case TokenKind.Operator when _lexer.Is("["):
                Advance();
                var items = Items("]");
                Expect("]", start, "this list has no closing `]`");
                return Checked(new ListNode(start, _lexer.PreviousEnd, [.. items]));
            case TokenKind.Operator when _lexer.Is("{"):
                return Map(start);
            case TokenKind.End:
                Fail(start, end, "the expression ends too early: a value is missing");
                return Dummy();
            default:
                Fail(start, end, $"`{_text[start..end]}` cannot stand here: a value is missing");
                return Dummy();
        }
    }

    private Node NameOrCall(int start, int end, string name)
    {
        switch (name)
        {
            case "true" or "True":
                Advance();
                return new LiteralNode(start, end, Value.True);
            case "false" or "False":
                Advance();
                return new LiteralNode(start, end, Value.False);
            case "none" or "None" or "null":
                Advance();
                return new LiteralNode(start, end, Value.None);
            case "and" or "or" or "in" or "if" or "else" or "is":
                Fail(start, end, $"`{name}` cannot stand here: a value is missing");
                return Dummy();
        }

        Advance();
        if (!_lexer.Is("("))
        {
            return new NameNode(start, end, name);
        }

        if (Functions.Find(name) is not { } function)
        {
            Fail(start, end, $"unknown function `{name}`{Suggestion.DidYouMean(name, Functions.Names)}");
            return Dummy();
        }

        var arguments = ReadArguments();
        return Call(start, function, receiver: null, arguments);
    }

    private CallNode Call(int start, Callable function, Node? receiver, Arguments arguments)
    {
        if (Error is null && Functions.Misfit(function, receiver is not null, arguments) is { } misfit)
        {
            Fail(start, _lexer.PreviousEnd, misfit);
        }

        return Checked(new CallNode(start, _lexer.PreviousEnd, function, receiver, arguments));
    }

    private Node Postfix(Node node)
    {
        while (true)
        {
            if (_lexer.Is("."))
            {
                Advance();
                var name = _lexer.Content;
                if (_lexer.Kind == TokenKind.Integer)
                {
                    node = Checked(
                        new IndexNode(node.Start, _lexer.End, node, new LiteralNode(_lexer.Start, _lexer.End, Value.Of(_lexer.Whole)))
                    );
                    Advance();
                    continue;
                }

                if (_lexer.Kind != TokenKind.Name)
                {
                    Fail(_lexer.Start, _lexer.End, "a name must follow the point");
                    return node;
                }

                node = Checked(new AttributeNode(node.Start, _lexer.End, node, name));
                Advance();
            }
            else if (_lexer.Is("["))
            {
                node = Index(node);
            }
            else if (_lexer.Is("("))
            {
                if (node is not AttributeNode)
                {
                    Fail(_lexer.Start, _lexer.End, "only functions can be called");
                    return node;
                }

                var arguments = ReadArguments();
                node = Checked(new DynamicCallNode(node.Start, _lexer.PreviousEnd, node, arguments));
            }
            else
            {
                return node;
            }
        }
    }

    private Node Index(Node target)
    {
        var open = _lexer.Start;
        Advance();
        Node? from = null;
        if (!_lexer.Is(":"))
        {
            from = Conditional();
            if (!_lexer.Is(":"))
            {
                Expect("]", open, "this index has no closing `]`");
                return from is LiteralNode { Value: Value.Text key }
                    ? Checked(new AttributeNode(target.Start, _lexer.PreviousEnd, target, key.Content))
                    : Checked(new IndexNode(target.Start, _lexer.PreviousEnd, target, from));
            }
        }

        Advance();
        var to = _lexer.Is("]") ? null : Conditional();
        Expect("]", open, "this slice has no closing `]`");
        return Checked(new SliceNode(target.Start, _lexer.PreviousEnd, target, from, to));
    }

    private Node FiltersAndTests(Node node)
    {
        while (true)
        {
            if (_lexer.Is("|"))
            {
                Advance();
                if (_lexer.Kind != TokenKind.Name)
                {
                    Fail(_lexer.Start, _lexer.End, "the name of a filter must follow `|`");
                    return node;
                }

                var (start, end, name) = (_lexer.Start, _lexer.End, _lexer.Content);
                if (Functions.Find(name) is not { } function)
                {
                    Fail(start, end, $"unknown filter `{name}`{Suggestion.DidYouMean(name, Functions.Names)}");
                    return node;
                }

                Advance();
                var arguments = _lexer.Is("(") ? ReadArguments() : Arguments.None;
                node = Call(node.Start, function, node, arguments);
            }
            else if (_lexer.IsName("is"))
            {
                node = Test(node);
            }
            else
            {
                return node;
            }
        }
    }

    private Node Test(Node operand)
    {
        Advance();
        var negated = _lexer.IsName("not");
        if (negated)
        {
            Advance();
        }

        var name = _lexer.Kind == TokenKind.Name ? _lexer.Content : "";
        if (!Tests.IsKnown(name))
        {
            Fail(
                _lexer.Start,
                _lexer.End,
                name.Length == 0
                    ? $"a test must follow `is`: {string.Join(", ", Tests.Names)}"
                    : $"unknown test `{name}`{Suggestion.DidYouMean(name, Tests.Names)}"
            );
            return operand;
        }

        var end = _lexer.End;
        Advance();
        return Checked(new TestNode(end, operand, name, negated));
    }

    private List<Node> Items(string close)
    {
        var items = new List<Node>();
        while (!_lexer.Is(close) && _lexer.Kind != TokenKind.End)
        {
            items.Add(Conditional());
            if (!_lexer.Is(","))
            {
                break;
            }

            Advance();
        }

        return items;
    }

    private Node Map(int start)
    {
        Advance();
        var keys = new List<Node>();
        var values = new List<Node>();
        while (!_lexer.Is("}") && _lexer.Kind != TokenKind.End)
        {
            keys.Add(Conditional());
            Expect(":", _lexer.Start, "`:` must follow the key of a map");
            values.Add(Conditional());
            if (!_lexer.Is(","))
            {
                break;
            }

            Advance();
        }

        Expect("}", start, "this map has no closing `}`");
        return Checked(new MapNode(start, _lexer.PreviousEnd, [.. keys], [.. values]));
    }

    private Arguments ReadArguments()
    {
        var open = _lexer.Start;
        Advance();
        var positional = new List<Node>();
        var names = new List<string>();
        var named = new List<Node>();
        while (!_lexer.Is(")") && _lexer.Kind != TokenKind.End)
        {
            var argument = Conditional();
            if (_lexer.Is("=") && argument is NameNode name)
            {
                Advance();
                names.Add(name.Name);
                named.Add(Conditional());
            }
            else if (names.Count > 0)
            {
                Fail(argument.Start, argument.End, "an argument without a name cannot follow one with a name");
            }
            else
            {
                positional.Add(argument);
            }

            if (!_lexer.Is(","))
            {
                break;
            }

            Advance();
        }

        Expect(")", open, "this call has no closing `)`");
        return new Arguments([.. positional], [.. names], [.. named]);
    }
}
