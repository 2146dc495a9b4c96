namespace Signalbox.Core.Expressions;

/// <summary>Functions on lists and maps.</summary>
internal static class ListFunctions
{
    public static readonly Callable[] All =
    [
        new("length", ["value"], 1, Length),
        new("count", ["value"], 1, Length),
        new("join", ["value", "separator", "attribute"], 1, static call => Join(call, call[0]!, call[1])),
        new("first", ["value"], 1, static call => End(call, last: false)),
        new("last", ["value"], 1, static call => End(call, last: true)),
        new("list", ["value"], 1, static call => Items(call, call[0]!) is { } items ? Value.Of(items) : null),
        new("sort", ["value", "reverse", "attribute"], 1, Sort),
        new("unique", ["value"], 1, Unique),
        new("reverse", ["value"], 1, static call => Items(call, call[0]!) is { } items ? Value.Of([.. items.Reverse()]) : null),
        new("map", ["value", "attribute"], 2, static call => Attributes(call, call[0]!, call[1]) is { } items ? Value.Of(items) : null),
        new("min", ["value", "*more"], 1, static call => Extreme(call, sign: -1)),
        new("max", ["value", "*more"], 1, static call => Extreme(call, sign: 1)),
        new("get", ["value", "key", "default"], 2, Get),
        new("keys", ["value"], 1, static call => Entries(call, static entry => new Value.Text(entry.Key))),
        new("values", ["value"], 1, static call => Entries(call, static entry => entry.Value)),
        new("items", ["value"], 1, static call => Entries(call, static entry => Value.Of([new Value.Text(entry.Key), entry.Value]))),
    ];

    public static Value? Join(Call call, Value value, Value? separator)
    {
        if (Attributes(call, value, call.Arity > 2 ? call[2] : null) is not { } items)
        {
            return null;
        }

        var between = separator is null ? "" : call.PlainText(separator);
        if (between is null)
        {
            return null;
        }

        var output = new BoundedText(Template.MaxOutput);
        for (var index = 0; index < items.Length && !output.Overflowed; index++)
        {
            if (call.PlainText(items[index]) is not { } text)
            {
                return null;
            }

            output.Append(index > 0 ? between : "");
            output.Append(text);
        }

        if (output.Overflowed)
        {
            return call.Fail(Evaluator.TooLong);
        }

        return call.Charge(output.Length) ? new Value.Text(output.ToString()) : null;
    }

    /// <summary>The items of a list, the keys of a map, the characters of a text; null after a mistake.</summary>
    private static ImmutableArray<Value>? Items(Call call, Value value)
    {
        switch (value)
        {
            case Value.List list:
                return call.Charge(list.Items.Length) ? list.Items : null;
            case Value.Map map:
                return call.Charge(map.Count) ? [.. map.Names.Select(static name => (Value)new Value.Text(name))] : null;
            case Value.Text text:
                return call.Charge(text.Content.Length * 4L)
                    ? [.. text.Content.EnumerateRunes().Select(static rune => (Value)new Value.Text(rune.ToString()))]
                    : null;
            default:
                call.Fail($"a list is needed here, not {value.Kind}");
                return null;
        }
    }

    private static ImmutableArray<Value>? Attributes(Call call, Value value, Value? attribute)
    {
        if (Items(call, value) is not { } items)
        {
            return null;
        }

        if (attribute is null or Value.Null)
        {
            return items;
        }

        if (attribute is not Value.Text path)
        {
            call.Fail($"the attribute must be a text, not {attribute.Kind}");
            return null;
        }

        var names = path.Content.Split('.');
        if (!call.Charge(items.Length * (long)names.Length))
        {
            return null;
        }

        var found = ImmutableArray.CreateBuilder<Value>(items.Length);
        foreach (var item in items)
        {
            var current = item;
            foreach (var name in names)
            {
                if (current is not Value.Map map || !map.TryGet(name, out current))
                {
                    call.Missing($"an item of the list has no `{path.Content}`");
                    return null;
                }
            }

            found.Add(current);
        }

        return found.MoveToImmutable();
    }

    private static Value? Length(Call call) =>
        call[0] switch
        {
            Value.List list => Value.Of(list.Items.Length),
            Value.Map map => Value.Of(map.Count),
            Value.Text text => Value.Of(text.Content.Length),
            var other => call.Fail($"{other!.Kind} has no length"),
        };

    private static Value? End(Call call, bool last)
    {
        switch (call[0])
        {
            case Value.List { Items.Length: > 0 } list:
                return last ? list.Items[^1] : list.Items[0];
            case Value.Text { Content.Length: > 0 } text:
                return new Value.Text((last ? text.Content[^1] : text.Content[0]).ToString());
            case Value.List or Value.Text:
                return call.Missing($"there is no {(last ? "last" : "first")} item: it is empty");
            case var other:
                return call.Fail($"a list is needed here, not {other!.Kind}");
        }
    }

    private static Value? Sort(Call call)
    {
        if (
            Items(call, call[0]!) is not { } items
            || Attributes(call, call[0]!, call[2]) is not { } keys
            || !call.Charge(items.Length * 20L)
        )
        {
            return null;
        }

        var comparer = new ByValue();
        var order = Enumerable.Range(0, items.Length);
        order =
            call[1]?.IsTruthy ?? false
                ? order.OrderByDescending(index => keys[index], comparer)
                : order.OrderBy(index => keys[index], comparer);
        ImmutableArray<Value> sorted = [.. order.Select(index => items[index])];
        return comparer.Misfit is { } misfit ? call.Fail(misfit) : Value.Of(sorted);
    }

    private static Value? Unique(Call call)
    {
        if (Items(call, call[0]!) is not { } items || !call.Charge(items.Length * 8L))
        {
            return null;
        }

        var seen = new HashSet<Value>(new ByEquality());
        return Value.Of([.. items.Where(seen.Add)]);
    }

    private static Value? Extreme(Call call, int sign)
    {
        var items = call[1] is Value.List more ? more.Items.Insert(0, call[0]!) : Items(call, call[0]!);
        if (items is not { } candidates)
        {
            return null;
        }

        if (candidates.Length == 0)
        {
            return call.Missing($"an empty list has no {(sign < 0 ? "min" : "max")}");
        }

        var best = candidates[0];
        foreach (var candidate in candidates)
        {
            if (!ValueOrder.TryCompare(candidate, best, out var order))
            {
                return call.Fail($"{candidate.Kind} and {best.Kind} have no order");
            }

            best = Math.Sign(order) == sign ? candidate : best;
        }

        return best;
    }

    private static Value? Get(Call call)
    {
        if (call.PlainText(call[1]!) is not { } key)
        {
            return null;
        }

        return call[0] switch
        {
            Value.Map map => map.TryGet(key, out var entry) ? entry : call[2] ?? Value.None,
            Value.Namespace names => names.Scope.TryGet(key, out var found) ? found : call[2] ?? Value.None,
            Value.Null => call[2] ?? Value.None,
            var other => call.Fail($"`get` needs a map, not {other!.Kind}"),
        };
    }

    private static Value? Entries(Call call, Func<KeyValuePair<string, Value>, Value> select) =>
        call[0] is Value.Map map
            ? call.Charge(map.Count * 4L)
                ? Value.Of([.. map.Entries.Select(select)])
                : null
            : call.Fail($"a map is needed here, not {call[0]!.Kind}");

    private sealed class ByValue : IComparer<Value>
    {
        public string? Misfit { get; private set; }

        public int Compare(Value? x, Value? y)
        {
            if (ValueOrder.TryCompare(x!, y!, out var sign))
            {
                return sign;
            }

            Misfit ??= $"{x!.Kind} and {y!.Kind} have no order, so the list cannot be sorted";
            return 0;
        }
    }

    private sealed class ByEquality : IEqualityComparer<Value>
    {
        public bool Equals(Value? x, Value? y) => ValueOrder.AreEqual(x!, y!);

        public int GetHashCode(Value value) =>
            value switch
            {
                Value.Date date => ValueOrder.AtMidnight(date.Day).GetHashCode(),
                Value.Instant instant => instant.Moment.GetHashCode(),
                Value.Integer integer => integer.GetHashCode(),
                Value.Number number => number.GetHashCode(),
                Value.Text text => StringComparer.Ordinal.GetHashCode(text.Content),
                _ => value.GetHashCode(),
            };
    }
}
