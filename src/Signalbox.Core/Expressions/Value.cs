using System.Globalization;

namespace Signalbox.Core.Expressions;

/// <summary>
/// What an expression works on: JSON's kinds, dates, and the two kinds that only a scope gives (a namespace looked up lazily, a function).
/// Equality is one thing in C# and in expressions: 1 equals 1.0; a boolean equals no number; lists and maps are compared by content
/// (the order of a map's keys does not count).
/// </summary>
public abstract record Value
{
    private Value() { }

    /// <summary>The one null, written <c>none</c> or <c>null</c> in expressions.</summary>
    public static readonly Value None = new Null();

    public static readonly Value True = new Bool(Is: true);
    public static readonly Value False = new Bool(Is: false);

    public static Value Of(bool value) => value ? True : False;

    public static Value Of(long value) => new Integer(value);

    public static Value Of(double value) => new Number(value);

    public static Value Of(string? value) => value is null ? None : new Text(value);

    public static Value Of(DateTimeOffset value) => new Instant(value);

    public static Value Of(DateOnly value) => new Date(value);

    public static Value Of(TimeSpan value) => new Duration(value);

    public static Value Of(ImmutableArray<Value> items) => new List(items);

    public static Value Of(IScope scope) => scope as Map ?? (Value)new Namespace(scope);

    /// <summary>Python's truth: null, false, 0, empty text, empty list, empty map and the zero duration are false.</summary>
    public abstract bool IsTruthy { get; }

    /// <summary>The kind with its article, for messages: "an integer", "text".</summary>
    public abstract string Kind { get; }

    /// <summary>The value as it stands in a text: text as it is, numbers as Python writes them, dates in ISO 8601, lists and maps as JSON.</summary>
    public sealed override string ToString()
    {
        var output = new BoundedText(int.MaxValue);
        ValueText.Append(this, output);
        return output.ToString();
    }

    /// <summary>Compact JSON. Dates and durations become text (ISO 8601) and seconds; what JSON cannot hold (NaN, functions) becomes null.</summary>
    public string ToJson()
    {
        var output = new BoundedText(int.MaxValue);
        ValueText.AppendJson(this, output);
        return output.ToString();
    }

    /// <summary>Reads one JSON value; the error's place is the place in the JSON text. Depth at most 64.</summary>
    public static TemplateResult<Value> FromJson(string json) => ValueJson.Read(json);

    /// <summary>Reads one JSON value from UTF-8 bytes.</summary>
    public static TemplateResult<Value> FromJson(ReadOnlySpan<byte> utf8) => ValueJson.Read(utf8);

    public sealed record Null : Value
    {
        internal Null() { }

        public override bool IsTruthy => false;
        public override string Kind => "null";
    }

    public sealed record Bool(bool Is) : Value
    {
        public override bool IsTruthy => Is;
        public override string Kind => "a boolean";
    }

    public sealed record Integer(long Amount) : Value
    {
        public override bool IsTruthy => Amount != 0;
        public override string Kind => "an integer";

        public bool Equals(Integer? other) => other is not null && Amount == other.Amount;

        public override int GetHashCode() => Amount.GetHashCode();
    }

    public sealed record Number(double Amount) : Value
    {
        public override bool IsTruthy => Amount != 0;
        public override string Kind => "a number";

        public bool Equals(Number? other) => other is not null && Amount.Equals(other.Amount);

        public override int GetHashCode() => ValueOrder.TryWhole(Amount, out var whole) ? whole.GetHashCode() : Amount.GetHashCode();
    }

    public sealed record Text(string Content) : Value
    {
        public override bool IsTruthy => Content.Length > 0;
        public override string Kind => "text";
    }

    public sealed record Date(DateOnly Day) : Value
    {
        public override bool IsTruthy => true;
        public override string Kind => "a date";
    }

    /// <summary>An instant with the offset it is to be shown in. Two instants are equal when they are the same moment.</summary>
    public sealed record Instant(DateTimeOffset Moment) : Value
    {
        public override bool IsTruthy => true;
        public override string Kind => "a date and time";
    }

    public sealed record Duration(TimeSpan Span) : Value
    {
        public override bool IsTruthy => Span != TimeSpan.Zero;
        public override string Kind => "a duration";
    }

    public sealed record List(ImmutableArray<Value> Items) : Value
    {
        public override bool IsTruthy => Items.Length > 0;
        public override string Kind => "a list";

        public bool Equals(List? other)
        {
            if (other is null || other.Items.Length != Items.Length)
            {
                return false;
            }

            for (var index = 0; index < Items.Length; index++)
            {
                if (!ValueOrder.AreEqual(Items[index], other.Items[index]))
                {
                    return false;
                }
            }

            return true;
        }

        public override int GetHashCode()
        {
            var hash = new HashCode();
            foreach (var item in Items)
            {
                hash.Add(item);
            }

            return hash.ToHashCode();
        }
    }

    /// <summary>Text keys in the order they were given.</summary>
    public sealed record Map : Value, IScope
    {
        public static readonly Map Empty = new([]);

        private readonly OrderedDictionary<string, Value> _entries;

        /// <summary>Of a key that comes twice, the last value counts.</summary>
        public Map(IEnumerable<KeyValuePair<string, Value>> entries)
        {
            _entries = new OrderedDictionary<string, Value>(StringComparer.Ordinal);
            foreach (var (key, value) in entries)
            {
                _entries[key] = value;
            }
        }

        internal Map(OrderedDictionary<string, Value> entries) => _entries = entries;

        public override bool IsTruthy => _entries.Count > 0;
        public override string Kind => "a map";

        public int Count => _entries.Count;
        public IReadOnlyList<KeyValuePair<string, Value>> Entries => _entries;
        public IEnumerable<string> Names => _entries.Keys;

        public bool TryGet(string name, out Value value)
        {
            if (_entries.TryGetValue(name, out var found))
            {
                value = found;
                return true;
            }

            value = None;
            return false;
        }

        public bool Equals(Map? other)
        {
            if (other is null || other._entries.Count != _entries.Count)
            {
                return false;
            }

            foreach (var (key, value) in _entries)
            {
                if (!other._entries.TryGetValue(key, out var theirs) || !ValueOrder.AreEqual(value, theirs))
                {
                    return false;
                }
            }

            return true;
        }

        public override int GetHashCode() => _entries.Count;
    }

    /// <summary>A group of names behind a scope, such as <c>tasks</c>; it has attributes and nothing else.</summary>
    public sealed record Namespace(IScope Scope) : Value
    {
        public override bool IsTruthy => true;
        public override string Kind => "a group of names";
    }

    /// <summary>A function a scope offers, such as <c>ti.xcom_pull</c>; it can only be called.</summary>
    public sealed record Function(Callable Body) : Value
    {
        public override bool IsTruthy => true;
        public override string Kind => "a function";
    }
}

/// <summary>Equality and order of values.</summary>
internal static class ValueOrder
{
    public static bool AreEqual(Value left, Value right) =>
        (left, right) switch
        {
            (Value.Integer a, Value.Number b) => TryWhole(b.Amount, out var whole) && whole == a.Amount,
            (Value.Number, Value.Integer) => AreEqual(right, left),
            (Value.Date a, Value.Instant b) => AtMidnight(a.Day).Equals(b.Moment),
            (Value.Instant, Value.Date) => AreEqual(right, left),
            _ => left.Equals(right),
        };

    /// <summary>True and the sign of the comparison when the two have an order.</summary>
    public static bool TryCompare(Value left, Value right, out int sign)
    {
        switch (left, right)
        {
            case (Value.Integer a, Value.Integer b):
                sign = a.Amount.CompareTo(b.Amount);
                return true;
            case (Value.Number a, Value.Number b):
                sign = a.Amount.CompareTo(b.Amount);
                return true;
            case (Value.Integer a, Value.Number b):
                sign = CompareMixed(a.Amount, b.Amount);
                return true;
            case (Value.Number a, Value.Integer b):
                sign = -CompareMixed(b.Amount, a.Amount);
                return true;
            case (Value.Text a, Value.Text b):
                sign = string.CompareOrdinal(a.Content, b.Content);
                return true;
            case (Value.Bool a, Value.Bool b):
                sign = a.Is.CompareTo(b.Is);
                return true;
            case (Value.Date a, Value.Date b):
                sign = a.Day.CompareTo(b.Day);
                return true;
            case (Value.Instant a, Value.Instant b):
                sign = a.Moment.CompareTo(b.Moment);
                return true;
            case (Value.Date a, Value.Instant b):
                sign = AtMidnight(a.Day).CompareTo(b.Moment);
                return true;
            case (Value.Instant a, Value.Date b):
                sign = a.Moment.CompareTo(AtMidnight(b.Day));
                return true;
            case (Value.Duration a, Value.Duration b):
                sign = a.Span.CompareTo(b.Span);
                return true;
            case (Value.List a, Value.List b):
                return TryCompareLists(a.Items, b.Items, out sign);
            default:
                sign = 0;
                return false;
        }
    }

    /// <summary>True when the number is whole and fits a long, so that 1.0 and 1 are one.</summary>
    public static bool TryWhole(double amount, out long whole)
    {
        if (amount is >= -9223372036854775808.0 and < 9223372036854775808.0 && Math.Truncate(amount).Equals(amount))
        {
            whole = (long)amount;
            return true;
        }

        whole = 0;
        return false;
    }

    public static DateTimeOffset AtMidnight(DateOnly day) => new(day.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero);

    private static int CompareMixed(long whole, double amount)
    {
        if (double.IsNaN(amount))
        {
            return 1;
        }

        if (amount >= 9223372036854775808.0)
        {
            return -1;
        }

        if (amount < -9223372036854775808.0)
        {
            return 1;
        }

        var floor = Math.Floor(amount);
        var sign = whole.CompareTo((long)floor);
        return sign == 0 && amount > floor ? -1 : sign;
    }

    private static bool TryCompareLists(ImmutableArray<Value> left, ImmutableArray<Value> right, out int sign)
    {
        for (var index = 0; index < Math.Min(left.Length, right.Length); index++)
        {
            if (AreEqual(left[index], right[index]))
            {
                continue;
            }

            return TryCompare(left[index], right[index], out sign);
        }

        sign = left.Length.CompareTo(right.Length);
        return true;
    }
}
