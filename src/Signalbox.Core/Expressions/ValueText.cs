using System.Globalization;
using System.Text;

namespace Signalbox.Core.Expressions;

/// <summary>Text that stops growing at a limit, so that no expression can fill the memory.</summary>
internal sealed class BoundedText(int limit)
{
    private readonly StringBuilder _text = new();

    public bool Overflowed { get; private set; }
    public int Length => _text.Length;

    public void Append(ReadOnlySpan<char> piece)
    {
        if (Overflowed || piece.Length > limit - _text.Length)
        {
            Overflowed = true;
            return;
        }

        _text.Append(piece);
    }

    public void Append(char piece)
    {
        if (Overflowed || _text.Length >= limit)
        {
            Overflowed = true;
            return;
        }

        _text.Append(piece);
    }

    public override string ToString() => _text.ToString();
}

/// <summary>How values look in a text and in JSON.</summary>
internal static class ValueText
{
    public static void Append(Value value, BoundedText output)
    {
        switch (value)
        {
            case Value.Text text:
                output.Append(text.Content);
                break;
            case Value.List or Value.Map:
                AppendJson(value, output);
                break;
            case Value.Null:
                output.Append("none");
                break;
            default:
                output.Append(Scalar(value));
                break;
        }
    }

    /// <summary>The text of a value that is neither text, list nor map.</summary>
    public static string Scalar(Value value) =>
        value switch
        {
            Value.Bool flag => flag.Is ? "true" : "false",
            Value.Integer integer => integer.Amount.ToString(CultureInfo.InvariantCulture),
            Value.Number number => Number(number.Amount),
            Value.Date date => date.Day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
            Value.Instant instant => Instant(instant.Moment),
            Value.Duration duration => duration.Span.ToString("c", CultureInfo.InvariantCulture),
            Value.Text text => text.Content,
            Value.Function function => $"<function {function.Body.Name}>",
            Value.Namespace => "<names>",
            _ => "none",
        };

    /// <summary>The shortest text that reads back as the same number, with a point so that it stays a number: 1.0, 0.5, 1e+20.</summary>
    public static string Number(double amount)
    {
        var text = amount.ToString("R", CultureInfo.InvariantCulture);
        return ValueOrder.TryWhole(amount, out _) && !text.Contains('E') ? text + ".0" : text.Replace('E', 'e');
    }

    /// <summary>As Python's isoformat: seconds, microseconds only when there are any, offset with a colon.</summary>
    public static string Instant(DateTimeOffset moment) =>
        moment.Ticks % TimeSpan.TicksPerSecond / 10 == 0
            ? moment.ToString("yyyy-MM-dd'T'HH:mm:sszzz", CultureInfo.InvariantCulture)
            : moment.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffffzzz", CultureInfo.InvariantCulture);

    public static void AppendJson(Value value, BoundedText output)
    {
        switch (value)
        {
            case Value.Bool or Value.Integer:
                output.Append(Scalar(value));
                break;
            case Value.Number number:
                output.Append(double.IsFinite(number.Amount) ? Number(number.Amount) : "null");
                break;
            case Value.Text text:
                AppendJsonText(text.Content, output);
                break;
            case Value.Date or Value.Instant:
                AppendJsonText(Scalar(value), output);
                break;
            case Value.Duration duration:
                output.Append(Number(duration.Span.TotalSeconds));
                break;
            case Value.List list:
                output.Append('[');
                for (var index = 0; index < list.Items.Length && !output.Overflowed; index++)
                {
                    if (index > 0)
                    {
                        output.Append(',');
                    }

                    AppendJson(list.Items[index], output);
                }

                output.Append(']');
                break;
            case Value.Map map:
                AppendJsonMap(map, output);
                break;
            default:
                output.Append("null");
                break;
        }
    }

    private static void AppendJsonMap(Value.Map map, BoundedText output)
    {
        output.Append('{');
        var first = true;
        foreach (var (key, value) in map.Entries)
        {
            if (output.Overflowed)
            {
                return;
            }

            if (!first)
            {
                output.Append(',');
            }

            first = false;
            AppendJsonText(key, output);
            output.Append(':');
            AppendJson(value, output);
        }

        output.Append('}');
    }

    private static void AppendJsonText(string text, BoundedText output)
    {
        output.Append('"');
        var start = 0;
        for (var index = 0; index < text.Length; index++)
        {
            var c = text[index];
            if (c >= ' ' && c is not ('"' or '\\' or '\u2028' or '\u2029') && !char.IsSurrogate(c))
            {
                continue;
            }

            if (char.IsHighSurrogate(c) && index + 1 < text.Length && char.IsLowSurrogate(text[index + 1]))
            {
                index++;
                continue;
            }

            output.Append(text.AsSpan(start, index - start));
            start = index + 1;
            output.Append(
                c switch
                {
                    '"' => "\\\"",
                    '\\' => "\\\\",
                    '\n' => "\\n",
                    '\r' => "\\r",
                    '\t' => "\\t",
                    _ => "\\u" + ((int)c).ToString("x4", CultureInfo.InvariantCulture),
                }
            );
        }

        output.Append(text.AsSpan(start));
        output.Append('"');
    }
}
