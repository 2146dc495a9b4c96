using System.Text;

namespace Signalbox.Core.Expressions;

/// <summary>The redirections that read from the command itself.</summary>
internal sealed partial class ShellLexer
{
    private void Input(Frame frame)
    {
        if (Peek(1) != '<')
        {
            return;
        }

        if (Peek(2) == '<')
        {
            _at += 2;
            return;
        }

        var at = _at + 2;
        var strips = at < _text.Length && _text[at] == '-';
        at += strips ? 1 : 0;
        while (at < _text.Length && _text[at] is ' ' or '\t')
        {
            at++;
        }

        var delimiter = new StringBuilder();
        var quote = '\0';
        var started = false;
        var expands = true;
        for (; at < _text.Length; at++)
        {
            var c = _text[at];
            if (quote == '\0' && WordEnds.Contains(c))
            {
                break;
            }

            started = true;
            expands &= c is not ('\'' or '"' or '\\');
            if (c == quote)
            {
                quote = '\0';
            }
            else if (quote == '\0' && c is '\'' or '"')
            {
                quote = c;
            }
            else if (c == '\\' && quote != '\'')
            {
                at++;
                delimiter.Append(at < _text.Length ? _text[at] : '\0');
            }
            else
            {
                delimiter.Append(c);
            }
        }

        if (!started || at >= _text.Length || quote != '\0' || delimiter.ToString().AsSpan().ContainsAny('\n', '\0'))
        {
            // The delimiter is a value, or not a plain word.
            GiveUp();
            return;
        }

        frame.Pending.Enqueue(new HereDocumentStart(delimiter.ToString(), strips, expands));
        _at = at - 1;
    }

    private void StartHereDocument(Frame frame)
    {
        if (frame.Pending.TryDequeue(out var document))
        {
            _line.Clear();
            _frames.Push(new Frame(ShellPlace.HereDocument) { Document = document });
        }
    }

    private void HereDocument(char c)
    {
        if (c != '\n')
        {
            _line.Append(c);
            return;
        }

        var document = _frames.Peek().Document;
        var line = _line.ToString();
        _line.Clear();
        if (document.Expands && MayGoOn(line))
        {
            GiveUp();
            return;
        }

        if ((document.StripsTabs ? line.TrimStart('\t') : line) == document.Delimiter)
        {
            _frames.Pop();
            StartHereDocument(_frames.Peek());
        }
    }

    /// <summary>
    /// Whether a line of an expanding document may take the next line with it: by a backslash at its end, or by a substitution that some shells follow over
    /// the delimiter. Rather says yes.
    /// </summary>
    private static bool MayGoOn(string line)
    {
        if (line.EndsWith('\\') || line.Count('`') % 2 != 0)
        {
            return true;
        }

        var substitutes =
            line.Contains("$(", StringComparison.Ordinal) || line.Contains("${", StringComparison.Ordinal) || line.Contains('`');
        return substitutes
            && (line.AsSpan().ContainsAny("'\"\\#") || line.Count('(') != line.Count(')') || line.Count('{') != line.Count('}'));
    }

    /// <summary>Where the here-document of a line starts whose newline is quoted is not the same in all shells.</summary>
    private void NoteNewline(char c)
    {
        if (c != '\n')
        {
            return;
        }

        foreach (var frame in _frames)
        {
            if (frame.Pending.Count > 0)
            {
                GiveUp();
                return;
            }
        }
    }
}
