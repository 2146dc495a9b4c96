using System.Globalization;
using System.Text;

namespace Signalbox.Core.Expressions;

internal enum TokenKind
{
    Name,
    Integer,
    Number,
    Text,
    Operator,

    /// <summary>A closing pair of braces with a minus in front, which asks to trim the text behind it.</summary>
    TrimmingClose,
    End,
    Bad,
}

/// <summary>Cuts the inside of <c>{{ }}</c> into tokens, one at a time; a mistake becomes a <see cref="TokenKind.Bad"/> token with a message.</summary>
internal sealed class Lexer(string text, int offset)
{
    private static readonly string[] Operators =
    [
        "==",
        "!=",
        "<=",
        ">=",
        "//",
        "**",
        "<",
        ">",
        "+",
        "-",
        "*",
        "/",
        "%",
        "~",
        "|",
        ".",
        ",",
        ":",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        "=",
    ];

    private int _next = offset;

    public TokenKind Kind { get; private set; }
    public int Start { get; private set; }
    public int End { get; private set; }

    /// <summary>The name, the operator, the content of a text, or the message of a bad token.</summary>
    public string Content { get; private set; } = "";
    public long Whole { get; private set; }
    public double Amount { get; private set; }

    /// <summary>The end of the token before this one.</summary>
    public int PreviousEnd { get; private set; } = offset;

    public bool Is(string op) => Kind == TokenKind.Operator && Content == op;

    public bool IsName(string name) => Kind == TokenKind.Name && Content == name;

    public void Stop()
    {
        Kind = TokenKind.End;
        _next = text.Length;
    }

    public void Advance()
    {
        PreviousEnd = End;
        while (_next < text.Length && text[_next] is ' ' or '\t' or '\n' or '\r')
        {
            _next++;
        }

        Start = _next;
        if (_next >= text.Length)
        {
            Set(TokenKind.End, "");
            return;
        }

        var c = text[_next];
        if (IsNameStart(c))
        {
            while (_next < text.Length && IsNamePart(text[_next]))
            {
                _next++;
            }

            Set(TokenKind.Name, text[Start.._next]);
        }
        else if (char.IsAsciiDigit(c))
        {
            ReadNumber();
        }
        else if (c is '\'' or '"')
        {
            ReadText(c);
        }
        else
        {
            ReadOperator(c);
        }
    }

    public static bool IsNameStart(char c) => c == '_' || char.IsLetter(c);

    public static bool IsNamePart(char c) => c == '_' || char.IsLetterOrDigit(c);

    private void Set(TokenKind kind, string content)
    {
        Kind = kind;
        Content = content;
        End = _next;
    }

    private void ReadOperator(char c)
    {
        if (c == '-' && text.AsSpan(_next + 1).StartsWith("}}"))
        {
            _next += 3;
            Set(TokenKind.TrimmingClose, "-}}");
            return;
        }

        foreach (var op in Operators)
        {
            if (text.AsSpan(_next).StartsWith(op))
            {
                _next += op.Length;
                Set(TokenKind.Operator, op);
                return;
            }
        }

        _next++;
        Set(
            TokenKind.Bad,
            c switch
            {
                '&' => "`&` is not an operator; write `and`",
                '!' => "`!` is not an operator; write `not`",
                '?' => "`?` is not an operator; write `a if condition else b`",
                '$' => "names need no `$` here",
                _ when char.IsControl(c) || char.IsSurrogate(c) => $"the character U+{(int)c:X4} cannot stand here",
                _ => $"`{c}` cannot stand here",
            }
        );
    }

    private void ReadNumber()
    {
        SkipDigits();
        var isWhole = true;
        if (_next + 1 < text.Length && text[_next] == '.' && char.IsAsciiDigit(text[_next + 1]))
        {
            isWhole = false;
            _next++;
            SkipDigits();
        }

        if (_next < text.Length && text[_next] is 'e' or 'E')
        {
            var digits = _next + 1 < text.Length && text[_next + 1] is '+' or '-' ? _next + 2 : _next + 1;
            if (digits < text.Length && char.IsAsciiDigit(text[digits]))
            {
                isWhole = false;
                _next = digits;
                SkipDigits();
            }
        }

        if (_next < text.Length && IsNamePart(text[_next]))
        {
            while (_next < text.Length && IsNamePart(text[_next]))
            {
                _next++;
            }

            Set(TokenKind.Bad, $"`{text[Start.._next]}` is neither a number nor a name; put quotes around a text");
            return;
        }

        var digitsOnly = text[Start.._next].Replace("_", "");
        if (isWhole && long.TryParse(digitsOnly, NumberStyles.None, CultureInfo.InvariantCulture, out var whole))
        {
            Whole = whole;
            Set(TokenKind.Integer, digitsOnly);
        }
        else if (
            double.TryParse(digitsOnly, NumberStyles.Float, CultureInfo.InvariantCulture, out var amount)
            && double.IsFinite(amount)
            && !isWhole
        )
        {
            Amount = amount;
            Set(TokenKind.Number, digitsOnly);
        }
        else
        {
            Set(TokenKind.Bad, "this number is too large; whole numbers reach 9223372036854775807");
        }
    }

    private void SkipDigits()
    {
        while (_next < text.Length && (char.IsAsciiDigit(text[_next]) || text[_next] == '_'))
        {
            _next++;
        }
    }

    private void ReadText(char quote)
    {
        _next++;
        var close = text.AsSpan(_next).IndexOfAny(quote, '\\');
        if (close >= 0 && text[_next + close] == quote)
        {
            var content = text.Substring(_next, close);
            _next += close + 1;
            Set(TokenKind.Text, content);
            return;
        }

        var builder = new StringBuilder();
        while (_next < text.Length && text[_next] != quote)
        {
            if (text[_next] != '\\')
            {
                builder.Append(text[_next++]);
                continue;
            }

            if (!ReadEscape(builder))
            {
                return;
            }
        }

        if (_next >= text.Length)
        {
            Set(TokenKind.Bad, $"this text has no closing {quote}");
            return;
        }

        _next++;
        Set(TokenKind.Text, builder.ToString());
    }

    private bool ReadEscape(StringBuilder builder)
    {
        var at = _next++;
        if (_next >= text.Length)
        {
            return true;
        }

        var c = text[_next++];
        switch (c)
        {
            case '\\' or '\'' or '"' or '/':
                builder.Append(c);
                return true;
            case 'n':
                builder.Append('\n');
                return true;
            case 't':
                builder.Append('\t');
                return true;
            case 'r':
                builder.Append('\r');
                return true;
            case '0':
                builder.Append('\0');
                return true;
            case 'u' or 'x':
                var length = c == 'u' ? 4 : 2;
                if (
                    _next + length <= text.Length
                    && ushort.TryParse(
                        text.AsSpan(_next, length),
                        NumberStyles.AllowHexSpecifier,
                        CultureInfo.InvariantCulture,
                        out var code
                    )
                )
                {
                    builder.Append((char)code);
                    _next += length;
                    return true;
                }

                break;
            default:
                // As in Python an unknown escape stays as it is written, so that regular expressions and Windows paths survive.
                builder.Append('\\').Append(c);
                return true;
        }

        Start = at;
        Set(TokenKind.Bad, $"`\\{c}` needs {(c == 'u' ? "four" : "two")} hexadecimal digits");
        return false;
    }
}
