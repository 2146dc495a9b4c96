using System.Globalization;

namespace Signalbox.Core.Expressions;

/// <summary>Functions on numbers.</summary>
internal static class NumberFunctions
{
    public static readonly Callable[] All =
    [
        new("int", ["value", "default"], 1, ToInteger),
        new("float", ["value", "default"], 1, ToNumber),
        new("bool", ["value"], 1, ToBool),
        new("abs", ["value"], 1, Absolute),
        new("round", ["value", "precision"], 1, Round),
        new("range", ["start", "stop", "step"], 1, Range),
    ];

    private const int MaxRange = 10_000;

    /// <summary>An argument that must be an integer; null after a mistake.</summary>
    public static long? Whole(Call call, int parameter, long otherwise)
    {
        switch (call[parameter])
        {
            case null or Value.Null:
                return otherwise;
            case Value.Integer integer:
                return integer.Amount;
            case Value.Text text
                when long.TryParse(text.Content, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var parsed):
                return parsed;
            case var other:
                call.Fail($"an integer is needed here, not {other!.Kind}");
                return null;
        }
    }

    private static Value? ToInteger(Call call)
    {
        switch (call[0])
        {
            case Value.Integer integer:
                return integer;
            case Value.Bool flag:
                return Value.Of(flag.Is ? 1 : 0);
            case Value.Number number when ValueOrder.TryWhole(Math.Truncate(number.Amount), out var whole):
                return Value.Of(whole);
            case Value.Text text
                when long.TryParse(
                    text.Content.AsSpan().Trim(),
                    NumberStyles.AllowLeadingSign,
                    CultureInfo.InvariantCulture,
                    out var parsed
                ):
                return Value.Of(parsed);
            default:
                return call[1] ?? call.Fail($"{Shown(call[0]!)} is not an integer; `int(default=0)` gives another value instead");
        }
    }

    private static Value? ToNumber(Call call)
    {
        switch (call[0])
        {
            case Value.Number number:
                return number;
            case Value.Integer integer:
                return Value.Of((double)integer.Amount);
            case Value.Bool flag:
                return Value.Of(flag.Is ? 1.0 : 0.0);
            case Value.Text text
                when double.TryParse(text.Content.AsSpan().Trim(), NumberStyles.Float, CultureInfo.InvariantCulture, out var parsed)
                    && double.IsFinite(parsed):
                return Value.Of(parsed);
            default:
                return call[1] ?? call.Fail($"{Shown(call[0]!)} is not a number; `float(default=0)` gives another value instead");
        }
    }

    private static Value? ToBool(Call call) =>
        call[0] is Value.Text text
            ? text.Content.Trim().ToLowerInvariant() switch
            {
                "true" or "yes" or "on" or "1" => Value.True,
                "false" or "no" or "off" or "0" or "" => Value.False,
                _ => call.Fail($"{Shown(text)} is neither true nor false"),
            }
            : Value.Of(call[0]!.IsTruthy);

    private static string Shown(Value value)
    {
        if (value is not Value.Text text)
        {
            return value.Kind;
        }

        return text.Content.Length <= 40 ? $"'{text.Content}'" : $"'{text.Content[..37]}...'";
    }

    private static Value? Absolute(Call call) =>
        call[0] switch
        {
            Value.Integer { Amount: > long.MinValue } integer => Value.Of(Math.Abs(integer.Amount)),
            Value.Number number => Value.Of(Math.Abs(number.Amount)),
            Value.Duration { Span: var span } when span != TimeSpan.MinValue => Value.Of(span.Duration()),
            var other => call.Fail($"`abs` needs a number, not {other!.Kind}"),
        };

    private static Value? Round(Call call)
    {
        if (Whole(call, 1, 0) is not { } precision)
        {
            return null;
        }

        return call[0] switch
        {
            Value.Integer integer => integer,
            Value.Number number => Value.Of(Math.Round(number.Amount, (int)Math.Clamp(precision, 0, 15))),
            var other => call.Fail($"`round` needs a number, not {other!.Kind}"),
        };
    }

    private static Value? Range(Call call)
    {
        if (Whole(call, 0, 0) is not { } first || Whole(call, 1, 0) is not { } second || Whole(call, 2, 1) is not { } step)
        {
            return null;
        }

        if (step == 0)
        {
            return call.Fail("the step of `range` cannot be 0");
        }

        var (start, stop) = call[1] is null ? (0, first) : (first, second);
        Int128 distance = step > 0 ? (Int128)stop - start : (Int128)start - stop;
        Int128 width = step > 0 ? step : -(Int128)step;
        var count = distance <= 0 ? 0 : (distance + width - 1) / width;
        if (count > MaxRange)
        {
            return call.Fail($"`range` gives at most {MaxRange} items");
        }

        if (!call.Charge((long)count * 4))
        {
            return null;
        }

        var items = ImmutableArray.CreateBuilder<Value>((int)count);
        for (var index = 0; index < (int)count; index++)
        {
            items.Add(Value.Of((long)(start + ((Int128)index * step))));
        }

        return new Value.List(items.MoveToImmutable());
    }
}
