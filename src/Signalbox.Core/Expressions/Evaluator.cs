namespace Signalbox.Core.Expressions;

/// <summary>
/// Walks expressions over a scope. Every method returns null after it has noted a mistake; nothing is thrown for what a user can write.
/// One evaluator serves one rendering: its allowance of work is shared by all expressions of the template.
/// </summary>
internal sealed class Evaluator(string text, IScope scope)
{
    public const string TooLong = "the result is longer than 1 MiB; hand over a file instead";

    /// <summary>About one unit for each step and each character copied: some tens of milliseconds of work at most.</summary>
    private const long Allowance = 16 * 1024 * 1024;

    private long _left = Allowance;
    private int _lenient;

    public List<TemplateError>? Errors { get; private set; }

    public string Source(Node node) => node.Source(text);

    public Value? Fail(Node node, string message)
    {
        Errors ??= [];
        Errors.Add(TemplateError.At(text, node.Start, node.End, message));
        return null;
    }

    /// <summary>Notes that something does not exist, unless a <c>default</c> around it provides for that.</summary>
    public Value? Missing(Node node, string message) => _lenient > 0 ? null : Fail(node, message);

    public bool Charge(Node node, long units)
    {
        if (_left < 0)
        {
            return false;
        }

        _left -= units;
        if (_left >= 0)
        {
            return true;
        }

        Fail(node, "this template asks for too much work; prepare the value in a task");
        return false;
    }

    /// <summary>The value, or null when it does not exist or a mistake was noted.</summary>
    public Value? EvaluateLenient(Node node)
    {
        _lenient++;
        var value = Evaluate(node);
        _lenient--;
        return value;
    }

    public string? EvaluateText(Node node)
    {
        var value = Evaluate(node);
        return value is null ? null : TextOf(node, value);
    }

    /// <summary>The text of a value within the limits; null (and a mistake) when it has none.</summary>
    public string? TextOf(Node node, Value value)
    {
        switch (value)
        {
            case Value.Text content:
                return content.Content;
            case Value.Null:
                Fail(node, $"`{Short(node)}` is null, which has no text; write `| default('...')` to say what should stand here");
                return null;
            case Value.Namespace or Value.Function:
                Fail(
                    node,
                    $"`{Short(node)}` is {value.Kind}, which has no text{(value is Value.Function ? "; call it with parentheses" : "")}"
                );
                return null;
            case Value.List or Value.Map:
                var output = new BoundedText((int)Math.Clamp(_left, 0, Template.MaxOutput));
                ValueText.AppendJson(value, output);
                if (output.Overflowed)
                {
                    Fail(node, TooLong);
                    return null;
                }

                return Charge(node, output.Length) ? output.ToString() : null;
            default:
                return ValueText.Scalar(value);
        }
    }

    public Value? Evaluate(Node node)
    {
        if (--_left < 0)
        {
            _left = 0;
            Charge(node, 1);
            return null;
        }

        switch (node)
        {
            case LiteralNode literal:
                return literal.Value;
            case NameNode name:
                return scope.TryGet(name.Name, out var found)
                    ? found
                    : Missing(node, $"unknown name `{name.Name}`{(_lenient > 0 ? "" : Suggestion.DidYouMean(name.Name, scope.Names))}");
            case AttributeNode attribute:
                return Evaluate(attribute.Target) is { } target ? Attribute(attribute, target, attribute.Name) : null;
            case IndexNode index:
                return Evaluate(index.Target) is { } indexed && Evaluate(index.Index) is { } key ? Index(index, indexed, key) : null;
            case SliceNode slice:
                return Slice(slice);
            case ListNode list:
                return List(list);
            case MapNode map:
                return Map(map);
            case NotNode not:
                return Evaluate(not.Operand) is { } denied ? Value.Of(!denied.IsTruthy) : null;
            case NegateNode negate:
                return Evaluate(negate.Operand) is { } operand ? Arithmetics.Negate(this, negate, operand) : null;
            case ArithmeticNode arithmetic:
                return Evaluate(arithmetic.Left) is { } left && Evaluate(arithmetic.Right) is { } right
                    ? Arithmetics.Apply(this, arithmetic, left, right)
                    : null;
            case LogicNode logic:
                return Evaluate(logic.Left) is { } first ? (first.IsTruthy == logic.IsAnd ? Evaluate(logic.Right) : first) : null;
            case CompareNode compare:
                return Compare(compare);
            case ConditionalNode conditional:
                return Conditional(conditional);
            case TestNode test:
                return Tests.Apply(this, test);
            case CallNode call:
                return Invoke(call, call.Function, call.Receiver, receiverValue: null, call.Arguments);
            case DynamicCallNode call:
                return DynamicCall(call);
            default:
                throw new InvalidOperationException(node.GetType().Name);
        }
    }

    /// <summary>Compares two values; null after a mistake.</summary>
    public bool? Holds(Node node, Comparison op, Value left, Value right)
    {
        switch (op)
        {
            case Comparison.Equal:
                return ValueOrder.AreEqual(left, right);
            case Comparison.NotEqual:
                return !ValueOrder.AreEqual(left, right);
            case Comparison.In:
                return Contains(node, left, right);
            case Comparison.NotIn:
                return Contains(node, left, right) is { } contained ? !contained : null;
        }

        if (!ValueOrder.TryCompare(left, right, out var sign))
        {
            Fail(node, $"{left.Kind} and {right.Kind} have no order; convert one of them with `| int`, `| float`, `| string` or `| date`");
            return null;
        }

        return op switch
        {
            Comparison.Less => sign < 0,
            Comparison.LessOrEqual => sign <= 0,
            Comparison.Greater => sign > 0,
            _ => sign >= 0,
        };
    }

    private bool? Contains(Node node, Value item, Value container)
    {
        switch (container)
        {
            case Value.Text whole when item is Value.Text part:
                return whole.Content.Contains(part.Content, StringComparison.Ordinal);
            case Value.List list:
                if (!Charge(node, list.Items.Length))
                {
                    return null;
                }

                foreach (var candidate in list.Items)
                {
                    if (ValueOrder.AreEqual(candidate, item))
                    {
                        return true;
                    }
                }

                return false;
            case Value.Map map:
                return item is Value.Text key && map.TryGet(key.Content, out _);
            case Value.Namespace names:
                return item is Value.Text name && names.Scope.TryGet(name.Content, out _);
            default:
                Fail(node, $"`in` cannot look for {item.Kind} in {container.Kind}");
                return null;
        }
    }

    private Value? Attribute(Node node, Value target, string name)
    {
        var owner = node is AttributeNode attribute ? attribute.Target : node;
        switch (target)
        {
            case Value.Map map:
                return map.TryGet(name, out var entry) ? entry : MissingIn(node, owner, name, map);
            case Value.Namespace names:
                return names.Scope.TryGet(name, out var found) ? found : MissingIn(node, owner, name, names.Scope);
            case Value.Null:
                return Missing(
                    node,
                    $"`{Short(owner)}` is null, so it has no `{name}`; write `| default(...)` to say what should stand here"
                );
            case Value.Date date:
                return DateParts.Attribute(ValueOrder.AtMidnight(date.Day), name) ?? MissingPart(node, owner, target, name);
            case Value.Instant instant:
                return DateParts.Attribute(instant.Moment, name) ?? MissingPart(node, owner, target, name);
            case Value.Duration duration:
                return DateParts.Attribute(duration.Span, name) ?? Missing(node, $"`{Short(owner)}` is a duration and has no `{name}`");
            default:
                return Missing(node, $"`{Short(owner)}` is {target.Kind} and has no `{name}`");
        }
    }

    private Value? MissingPart(Node node, Node owner, Value target, string name) =>
        Missing(node, $"`{Short(owner)}` is {target.Kind} and has no `{name}`{Suggestion.DidYouMean(name, DateParts.Names)}");

    private Value? MissingIn(Node node, Node owner, string name, IScope names) =>
        _lenient > 0 ? null : Fail(node, $"`{Short(owner)}` has no `{name}`{Suggestion.DidYouMean(name, names.Names)}");

    private Value? Index(IndexNode node, Value target, Value key)
    {
        switch (target, key)
        {
            case (Value.List list, Value.Integer position):
                return TryPosition(position.Amount, list.Items.Length, out var at)
                    ? list.Items[at]
                    : Missing(node, $"the list has {list.Items.Length} items and none at {position.Amount}");
            case (Value.Text content, Value.Integer position):
                return TryPosition(position.Amount, content.Content.Length, out var place)
                    ? new Value.Text(content.Content[place].ToString())
                    : Missing(node, $"the text has {content.Content.Length} characters and none at {position.Amount}");
            case (Value.Map or Value.Namespace, Value.Integer or Value.Date):
                return Attribute(node, target, ValueText.Scalar(key));
            case (_, Value.Text name):
                return Attribute(node, target, name.Content);
            case (Value.Null, _):
                return Missing(node, $"`{Short(node.Target)}` is null, so it has no items");
            default:
                return Fail(node, $"{target.Kind} has no item at {key.Kind}");
        }
    }

    private static bool TryPosition(long position, int length, out int place)
    {
        var wanted = position < 0 ? position + length : position;
        place = wanted >= 0 && wanted < length ? (int)wanted : -1;
        return place >= 0;
    }

    private Value? Slice(SliceNode node)
    {
        if (Evaluate(node.Target) is not { } target)
        {
            return null;
        }

        var length = target switch
        {
            Value.Text content => content.Content.Length,
            Value.List list => list.Items.Length,
            _ => -1,
        };
        if (length < 0)
        {
            return Fail(node, $"{target.Kind} cannot be sliced; only text and lists can");
        }

        if (Bound(node.From, 0, length) is not { } from || Bound(node.To, length, length) is not { } to || !Charge(node, length))
        {
            return null;
        }

        var count = Math.Max(0, to - from);
        return target is Value.Text text
            ? new Value.Text(count == 0 ? "" : text.Content.Substring(from, count))
            : Value.Of(count == 0 ? [] : ((Value.List)target).Items.Slice(from, count));
    }

    private int? Bound(Node? node, int otherwise, int length)
    {
        if (node is null)
        {
            return otherwise;
        }

        switch (Evaluate(node))
        {
            case null:
                return null;
            case Value.Null:
                return otherwise;
            case Value.Integer integer:
                var at = integer.Amount < 0 ? integer.Amount + length : integer.Amount;
                return (int)Math.Clamp(at, 0, length);
            case var other:
                Fail(node, $"a slice needs integers, not {other.Kind}");
                return null;
        }
    }

    private Value? List(ListNode node)
    {
        var items = ImmutableArray.CreateBuilder<Value>(node.Items.Length);
        foreach (var item in node.Items)
        {
            if (Evaluate(item) is not { } value)
            {
                return null;
            }

            items.Add(value);
        }

        return new Value.List(items.MoveToImmutable());
    }

    private Value? Map(MapNode node)
    {
        var entries = new OrderedDictionary<string, Value>(StringComparer.Ordinal);
        for (var index = 0; index < node.Keys.Length; index++)
        {
            if (EvaluateText(node.Keys[index]) is not { } key || Evaluate(node.Values[index]) is not { } value)
            {
                return null;
            }

            entries[key] = value;
        }

        return new Value.Map(entries);
    }

    private Value? Compare(CompareNode node)
    {
        if (Evaluate(node.Operands[0]) is not { } left)
        {
            return null;
        }

        for (var index = 0; index < node.Ops.Length; index++)
        {
            if (Evaluate(node.Operands[index + 1]) is not { } right || Holds(node, node.Ops[index], left, right) is not { } holds)
            {
                return null;
            }

            if (!holds)
            {
                return Value.False;
            }

            left = right;
        }

        return Value.True;
    }

    private Value? Conditional(ConditionalNode node)
    {
        if (Evaluate(node.Condition) is not { } condition)
        {
            return null;
        }

        if (condition.IsTruthy)
        {
            return Evaluate(node.Then);
        }

        return node.Otherwise is null ? Value.None : Evaluate(node.Otherwise);
    }

    private Value? DynamicCall(DynamicCallNode node)
    {
        var callee = (AttributeNode)node.Callee;
        if (Evaluate(callee.Target) is not { } target)
        {
            return null;
        }

        var names = target switch
        {
            Value.Map map => map,
            Value.Namespace group => group.Scope,
            _ => null,
        };
        if (names is not null && names.TryGet(callee.Name, out var found) && found is Value.Function function)
        {
            return Functions.Misfit(function.Body, hasReceiver: false, node.Arguments) is { } misfit
                ? Fail(node, misfit)
                : Invoke(node, function.Body, receiver: null, receiverValue: null, node.Arguments);
        }

        if (Functions.FindMethod(callee.Name, target) is { } method)
        {
            return Functions.Misfit(method, hasReceiver: true, node.Arguments) is { } misfit
                ? Fail(node, misfit)
                : Invoke(node, method, receiver: null, target, node.Arguments);
        }

        var candidates = Functions.MethodsOf(target).Concat(names is null ? [] : names.Names);
        return target is Value.Null
            ? Missing(node, $"`{Short(callee.Target)}` is null, so it has no `{callee.Name}`")
            : Fail(
                node,
                $"`{Short(callee.Target)}` is {target.Kind} and has no function `{callee.Name}`{Suggestion.DidYouMean(callee.Name, candidates)}"
            );
    }

    private Value? Invoke(Node site, Callable function, Node? receiver, Value? receiverValue, Arguments arguments)
    {
        var parameters = function.Parameters;
        var given = new Value?[parameters.Length];
        var next = 0;
        if (receiverValue is not null)
        {
            given[next++] = receiverValue;
        }

        ImmutableArray<Value>.Builder? more = null;
        var acceptsMissing = Functions.AcceptsMissing(function);
        if (receiver is not null && !Bind(receiver))
        {
            return null;
        }

        foreach (var argument in arguments.Positional)
        {
            if (!Bind(argument))
            {
                return null;
            }
        }

        for (var index = 0; index < arguments.Named.Length; index++)
        {
            if (Evaluate(arguments.Named[index]) is not { } value)
            {
                return null;
            }

            given[parameters.IndexOf(arguments.Names[index])] = value;
        }

        if (more is not null)
        {
            given[^1] = new Value.List(more.DrainToImmutable());
        }

        return function.Run(new Call(this, site, given));

        bool Bind(Node argument)
        {
            var errorsBefore = Errors?.Count ?? 0;
            var value = acceptsMissing && next == 0 ? EvaluateLenient(argument) : Evaluate(argument);
            if (value is null && (!acceptsMissing || next != 0 || (Errors?.Count ?? 0) > errorsBefore))
            {
                return false;
            }

            if (function.IsVariadic && next >= parameters.Length - 1)
            {
                (more ??= ImmutableArray.CreateBuilder<Value>()).Add(value ?? Value.None);
            }
            else
            {
                given[next++] = value;
            }

            return true;
        }
    }

    private string Short(Node node)
    {
        var source = node.Source(text);
        return source.Length <= 60 ? source : source[..57] + "...";
    }
}
