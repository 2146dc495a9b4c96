namespace Signalbox.Core.Lint;

/// <summary>Goes once through a source and marks its comments and its texts in quotes.</summary>
internal abstract class CodeReader(CodeText code)
{
    protected CodeText Marks { get; } = code;

    protected string Text { get; } = code.Text;

    protected int At { get; set; }

    public void Read()
    {
        while (At < Text.Length)
        {
            Step();
        }
    }

    /// <summary>Goes past one comment, one text in quotes, or one character of code.</summary>
    protected abstract void Step();

    protected char Peek(int ahead = 0) => At + ahead >= 0 && At + ahead < Text.Length ? Text[At + ahead] : '\0';

    protected bool Stands(string word) => string.CompareOrdinal(Text, At, word, 0, word.Length) == 0;

    protected void LineComment()
    {
        var end = Text.IndexOf('\n', At);
        end = end < 0 ? Text.Length : end;
        Marks.Comment(At, end);
        At = end;
    }

    protected void BlockComment()
    {
        var end = Text.IndexOf("*/", Math.Min(At + 2, Text.Length), StringComparison.Ordinal);
        end = end < 0 ? Text.Length : end + 2;
        Marks.Comment(At, end);
        At = end;
    }

    /// <summary>A text up to <paramref name="close"/>; with <paramref name="holes"/> what stands in braces in it is code.</summary>
    /// <param name="start">After the opening quotes; the position is moved behind the closing ones.</param>
    protected void Quoted(int start, string close, bool escapes, bool holes, bool multiline, bool doubled = false, bool documents = false)
    {
        var plain = start;
        At = start;
        while (At < Text.Length && !(Peek() == '\n' && !multiline))
        {
            if (escapes && Peek() == '\\')
            {
                At += 2;
            }
            else if (Stands(close))
            {
                if (!doubled || !Text.AsSpan(At + close.Length).StartsWith(close))
                {
                    break;
                }

                At += 2 * close.Length;
            }
            else if (holes && Peek() == '{' && Peek(1) == '{')
            {
                At += 2;
            }
            else if (holes && Peek() == '{')
            {
                Marks.Quoted(plain, At + 1);
                Hole(close);
                plain = At;
            }
            else
            {
                At++;
            }
        }

        var end = Math.Min(At, Text.Length);
        Marks.Quoted(plain, end);
        Marks.Literals.Add(new CodeLiteral(start, end - start, documents));
        At = Math.Min(end + close.Length, Text.Length);
    }

    /// <summary>The code in the braces of a text, up to the brace that closes it or the end of the text.</summary>
    private void Hole(string close)
    {
        At++;
        var depth = 1;
        while (At < Text.Length && Peek() != '\n' && !Stands(close))
        {
            depth += Peek() switch
            {
                '{' => 1,
                '}' => -1,
                _ => 0,
            };
            if (depth == 0)
            {
                return;
            }

            At++;
        }
    }
}

internal sealed class PythonReader(CodeText code) : CodeReader(code)
{
    protected override void Step()
    {
        switch (Peek())
        {
            case '#':
                LineComment();
                break;
            case '"' or '\'':
                Literal();
                break;
            default:
                At++;
                break;
        }
    }

    private void Literal()
    {
        var quote = Peek();
        var prefix = At;
        while (prefix > 0 && char.IsAsciiLetter(Text[prefix - 1]) && At - prefix < 2)
        {
            prefix--;
        }

        var letters = prefix > 0 && (char.IsAsciiLetterOrDigit(Text[prefix - 1]) || Text[prefix - 1] == '_') ? "" : Text[prefix..At];
        var isTriple = Peek(1) == quote && Peek(2) == quote;
        Quoted(
            At + (isTriple ? 3 : 1),
            new string(quote, isTriple ? 3 : 1),
            escapes: true,
            holes: letters.Contains('f', StringComparison.OrdinalIgnoreCase),
            multiline: isTriple,
            documents: isTriple && IsOwnStatement(prefix)
        );
    }

    /// <summary>Whether nothing stands before it in its line, and the line before does not go on into it.</summary>
    private bool IsOwnStatement(int start)
    {
        var before = Text.AsSpan(0, start).TrimEnd(" \t");
        if (before.IsEmpty)
        {
            return true;
        }

        return before[^1] is '\n'
            && before.TrimEnd() is var last
            && (last.IsEmpty || last[^1] is not ('(' or '[' or '{' or ',' or '=' or '\\' or '+'));
    }
}

internal sealed class SqlReader(CodeText code) : CodeReader(code)
{
    protected override void Step()
    {
        switch (Peek())
        {
            case '-' when Peek(1) == '-':
                LineComment();
                break;
            case '/' when Peek(1) == '*':
                BlockComment();
                break;
            case '\'':
                Quoted(At + 1, "'", escapes: false, holes: false, multiline: true, doubled: true);
                break;
            default:
                At++;
                break;
        }
    }
}

internal sealed class CSharpReader(CodeText code) : CodeReader(code)
{
    protected override void Step()
    {
        switch (Peek())
        {
            case '/' when Peek(1) == '/':
                LineComment();
                break;
            case '/' when Peek(1) == '*':
                BlockComment();
                break;
            case '\'':
                Quoted(At + 1, "'", escapes: true, holes: false, multiline: false);
                break;
            case '"':
                Literal();
                break;
            default:
                At++;
                break;
        }
    }

    private void Literal()
    {
        var prefix = At;
        while (prefix > 0 && Text[prefix - 1] is '$' or '@')
        {
            prefix--;
        }

        var signs = Text.AsSpan(prefix, At - prefix);
        var quotes = 0;
        while (Peek(quotes) == '"')
        {
            quotes++;
        }

        if (quotes >= 3)
        {
            Quoted(At + quotes, new string('"', quotes), escapes: false, holes: signs.Contains('$'), multiline: true);
        }
        else
        {
            var isVerbatim = signs.Contains('@');
            Quoted(At + 1, "\"", escapes: !isVerbatim, holes: signs.Contains('$'), multiline: isVerbatim, doubled: isVerbatim);
        }
    }
}

internal sealed class ShellReader(CodeText code) : CodeReader(code)
{
    private readonly Queue<(string Delimiter, bool Expands)> _documents = new();

    protected override void Step()
    {
        switch (Peek())
        {
            case '<' when Peek(1) == '<' && Peek(2) != '<' && (At == 0 || Text[At - 1] != '<'):
                AnnounceDocument();
                break;
            case '\n' when _documents.Count > 0:
                At++;
                while (_documents.TryDequeue(out var document))
                {
                    HereDocument(document.Delimiter, document.Expands);
                }

                break;
            case '\\':
                At += 2;
                break;
            case '#' when At == 0 || Text[At - 1] is ' ' or '\t' or '\n' or ';' or '(' or '&' or '|':
                LineComment();
                break;
            case '\'':
                Quoted(At + 1, "'", escapes: false, holes: false, multiline: true);
                break;
            case '"':
                DoubleQuoted();
                break;
            default:
                At++;
                break;
        }
    }

    /// <summary>In double quotes <c>$( )</c> and backticks are code, the rest is text.</summary>
    private void DoubleQuoted()
    {
        var start = ++At;
        var plain = start;
        while (At < Text.Length && Peek() != '"')
        {
            if (Peek() == '\\')
            {
                At += 2;
            }
            else if ((Peek() == '$' && Peek(1) == '(') || Peek() == '`')
            {
                Marks.Quoted(plain, At);
                Substitution(Peek() == '`');
                plain = At;
            }
            else
            {
                At++;
            }
        }

        At = Math.Min(At, Text.Length);
        Marks.Quoted(plain, At);
        Marks.Literals.Add(new CodeLiteral(start, At - start, IsDocumentation: false));
        At = Math.Min(At + 1, Text.Length);
    }

    private void Substitution(bool backticks)
    {
        At += backticks ? 1 : 2;
        var depth = 1;
        while (At < Text.Length && depth > 0)
        {
            depth += (Peek(), backticks) switch
            {
                ('`', true) or (')', false) => -1,
                ('(', false) => 1,
                _ => 0,
            };
            At++;
        }
    }

    private void AnnounceDocument()
    {
        At += 2;
        while (Peek() is '-' or ' ' or '\t')
        {
            At++;
        }

        var quote = Peek() is '\'' or '"' or '\\' ? Peek() : '\0';
        At += quote == '\0' ? 0 : 1;
        var start = At;
        while (char.IsAsciiLetterOrDigit(Peek()) || Peek() == '_')
        {
            At++;
        }

        if (At > start)
        {
            _documents.Enqueue((Text[start..At], quote == '\0'));
        }

        At += quote is '\'' or '"' && Peek() == quote ? 1 : 0;
    }

    /// <summary>The lines up to the delimiter; in one that expands, <c>$( )</c> is code, so nothing is blanked.</summary>
    private void HereDocument(string delimiter, bool expands)
    {
        var start = At;
        while (At < Text.Length)
        {
            var end = Text.IndexOf('\n', At);
            end = end < 0 ? Text.Length : end;
            if (Text.AsSpan(At, end - At).Trim().SequenceEqual(delimiter))
            {
                break;
            }

            At = Math.Min(end + 1, Text.Length);
        }

        Marks.Literals.Add(new CodeLiteral(start, At - start, IsDocumentation: false));
        if (!expands)
        {
            Marks.Quoted(start, At);
        }
    }
}
