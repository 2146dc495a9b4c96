namespace Signalbox.Core.Expressions;

/// <summary>Sums and the like, as in Python, with overflow as a mistake instead of a wrong number.</summary>
internal static class Arithmetics
{
    public static Value? Negate(Evaluator evaluator, Node node, Value operand) =>
        operand switch
        {
            Value.Integer { Amount: > long.MinValue } integer => Value.Of(-integer.Amount),
            Value.Number number => Value.Of(-number.Amount),
            Value.Duration duration when duration.Span != TimeSpan.MinValue => Value.Of(-duration.Span),
            Value.Integer or Value.Duration => evaluator.Fail(node, "the result is too large"),
            _ => evaluator.Fail(node, $"`-` needs a number, not {operand.Kind}"),
        };

    public static Value? Apply(Evaluator evaluator, ArithmeticNode node, Value left, Value right)
    {
        switch (left, right)
        {
            case (_, _) when node.Op == Arithmetic.Concat:
                return Concat(evaluator, node, left, right);
            case (Value.Integer a, Value.Integer b):
                return Whole(evaluator, node, a.Amount, b.Amount);
            case (Value.Integer a, Value.Number b):
                return Fraction(evaluator, node, a.Amount, b.Amount);
            case (Value.Number a, Value.Integer b):
                return Fraction(evaluator, node, a.Amount, b.Amount);
            case (Value.Number a, Value.Number b):
                return Fraction(evaluator, node, a.Amount, b.Amount);
            case (Value.Text, Value.Text) when node.Op == Arithmetic.Add:
                return Concat(evaluator, node, left, right);
            case (Value.List a, Value.List b) when node.Op == Arithmetic.Add:
                return evaluator.Charge(node, a.Items.Length + (long)b.Items.Length) ? Value.Of(a.Items.AddRange(b.Items)) : null;
            default:
                return Dates(evaluator, node, left, right);
        }
    }

    private static Value? Concat(Evaluator evaluator, ArithmeticNode node, Value left, Value right)
    {
        if (evaluator.TextOf(node.Left, left) is not { } a || evaluator.TextOf(node.Right, right) is not { } b)
        {
            return null;
        }

        if (a.Length + (long)b.Length > Template.MaxOutput)
        {
            return evaluator.Fail(node, Evaluator.TooLong);
        }

        return evaluator.Charge(node, a.Length + (long)b.Length) ? new Value.Text(a + b) : null;
    }

    private static Value? Whole(Evaluator evaluator, ArithmeticNode node, long a, long b)
    {
        if (b == 0 && node.Op is (Arithmetic.Divide or Arithmetic.FloorDivide or Arithmetic.Modulo))
        {
            return evaluator.Fail(node, "division by zero");
        }

        if (node.Op == Arithmetic.Divide)
        {
            return Value.Of((double)a / b);
        }

        Int128 wide = node.Op switch
        {
            Arithmetic.Add => (Int128)a + b,
            Arithmetic.Subtract => (Int128)a - b,
            Arithmetic.Multiply => (Int128)a * b,
            Arithmetic.FloorDivide => FloorDivide(a, b),
            _ => a - (FloorDivide(a, b) * b),
        };
        return wide >= long.MinValue && wide <= long.MaxValue
            ? Value.Of((long)wide)
            : evaluator.Fail(node, "the result is too large for an integer");
    }

    private static Int128 FloorDivide(Int128 a, Int128 b)
    {
        var quotient = a / b;
        return quotient * b != a && a < 0 != b < 0 ? quotient - 1 : quotient;
    }

    private static Value? Fraction(Evaluator evaluator, ArithmeticNode node, double a, double b)
    {
        if (b == 0 && node.Op is (Arithmetic.Divide or Arithmetic.FloorDivide or Arithmetic.Modulo))
        {
            return evaluator.Fail(node, "division by zero");
        }

        var result = node.Op switch
        {
            Arithmetic.Add => a + b,
            Arithmetic.Subtract => a - b,
            Arithmetic.Multiply => a * b,
            Arithmetic.Divide => a / b,
            Arithmetic.FloorDivide => Math.Floor(a / b),
            _ => a - (Math.Floor(a / b) * b),
        };
        return double.IsFinite(result) ? Value.Of(result) : evaluator.Fail(node, "the result is too large for a number");
    }

    private static Value? Dates(Evaluator evaluator, ArithmeticNode node, Value left, Value right)
    {
        try
        {
            switch (node.Op, left, right)
            {
                case (Arithmetic.Add, Value.Instant a, Value.Duration b):
                    return Value.Of(a.Moment + b.Span);
                case (Arithmetic.Add, Value.Duration a, Value.Instant b):
                    return Value.Of(b.Moment + a.Span);
                case (Arithmetic.Subtract, Value.Instant a, Value.Duration b):
                    return Value.Of(a.Moment - b.Span);
                case (Arithmetic.Subtract, Value.Instant a, Value.Instant b):
                    return Value.Of(a.Moment - b.Moment);
                case (Arithmetic.Add, Value.Date a, Value.Duration b):
                    return Value.Of(a.Day.AddDays(b.Span.Days));
                case (Arithmetic.Subtract, Value.Date a, Value.Duration b):
                    return Value.Of(a.Day.AddDays(-b.Span.Days));
                case (Arithmetic.Subtract, Value.Date a, Value.Date b):
                    return Value.Of(TimeSpan.FromDays(a.Day.DayNumber - b.Day.DayNumber));
                case (Arithmetic.Add, Value.Duration a, Value.Duration b):
                    return Value.Of(a.Span + b.Span);
                case (Arithmetic.Subtract, Value.Duration a, Value.Duration b):
                    return Value.Of(a.Span - b.Span);
                case (Arithmetic.Multiply, Value.Duration a, Value.Integer b):
                    return Value.Of(a.Span * b.Amount);
            }
        }
        catch (Exception exception) when (exception is ArgumentOutOfRangeException or OverflowException)
        {
            return evaluator.Fail(node, "the result is outside the years 1 to 9999");
        }

        var hint = (left, right) switch
        {
            (Value.Null, _) or (_, Value.Null) => "; write `| default(...)` for what may be null",
            (Value.Text, _) or (_, Value.Text) => "; join texts with `~`, convert with `| int`, move a date with `ds_add(ds, days)`",
            _ => "",
        };
        return evaluator.Fail(node, $"`{Symbol(node.Op)}` cannot be applied to {left.Kind} and {right.Kind}{hint}");
    }

    private static string Symbol(Arithmetic op) =>
        op switch
        {
            Arithmetic.Add => "+",
            Arithmetic.Subtract => "-",
            Arithmetic.Multiply => "*",
            Arithmetic.Divide => "/",
            Arithmetic.FloorDivide => "//",
            Arithmetic.Modulo => "%",
            _ => "~",
        };
}
