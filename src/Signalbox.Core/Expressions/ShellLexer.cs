using System.Text;

namespace Signalbox.Core.Expressions;

/// <summary>
/// Follows the literal text of a command as a POSIX shell would, to know the place of each value. Where shells differ it says
/// <see cref="ShellPlace.Unclear"/> for the rest rather than guess: only values without any special character may stand there.
/// </summary>
internal sealed partial class ShellLexer : ISlotLexer<ShellSlot>
{
    private const string WordEnds = " \t\n;&|()<>";

    private const string DollarBefore =
        "a `$` stands right before this value and would make a variable's name of it; write {{ ... }} without it";

    private sealed class Frame(ShellPlace place)
    {
        public ShellPlace Place => place;

        /// <summary>Of a command: it is the inside of <c>$( )</c>.</summary>
        public bool IsSubstitution { get; init; }
        public int Depth { get; set; }
        public HereDocumentStart Document { get; init; }

        /// <summary>Here-documents announced on the line being read.</summary>
        public Queue<HereDocumentStart> Pending { get; } = new();
    }

    private readonly record struct HereDocumentStart(string Delimiter, bool StripsTabs, bool Expands);

    private readonly Stack<Frame> _frames = new();
    private readonly StringBuilder _line = new();
    private bool _atWordStart = true;
    private bool _wordIsName = true;
    private bool _wordHasPattern;
    private bool _afterVariable;
    private string? _mistake;
    private string _text = "";
    private int _at;

    public ShellLexer() => _frames.Push(new Frame(ShellPlace.Bare));

    /// <summary>The place behind all text read so far, given what follows it (the end: an empty text; a value: null).</summary>
    public ShellSlot SlotBefore(string? following)
    {
        var next =
            following is null ? 'a'
            : following.Length == 0 ? '\n'
            : following[0];
        var top = _frames.Peek();
        return new ShellSlot(
            IsInside(ShellPlace.ParameterExpansion) ? ShellPlace.ParameterExpansion
                : IsInside(ShellPlace.Arithmetic) ? ShellPlace.Arithmetic
                : top.Place,
            _atWordStart,
            WordEnds.Contains(next),
            _wordIsName,
            _wordHasPattern,
            _afterVariable,
            next is '<' or '>',
            top.Place == ShellPlace.HereDocument ? top.Document.Delimiter : null,
            _mistake
        );
    }

    /// <summary>Goes past a value: it is a part of a word, or of the text it stands in.</summary>
    public void SkipValue()
    {
        _atWordStart = false;
        _afterVariable = false;
        _mistake = null;

        // A line that holds a value is never the delimiter: the renderer refuses values that could make it so.
        _line.Append('\0');
    }

    public void Read(string literal)
    {
        _text = literal;
        _mistake = null;
        for (_at = 0; _at < _text.Length; _at++)
        {
            var c = _text[_at];
            _afterVariable = false;
            switch (_frames.Peek().Place)
            {
                case ShellPlace.Bare:
                    Command(c);
                    break;
                case ShellPlace.SingleQuotes:
                    NoteNewline(c);
                    PopAt(c, '\'');
                    break;
                case ShellPlace.DoubleQuotes:
                    if (c == '"')
                    {
                        _frames.Pop();
                    }
                    else
                    {
                        NoteNewline(c);
                        Expandable(c);
                    }

                    break;
                case ShellPlace.DollarQuotes:
                    DollarQuotes(c);
                    break;
                case ShellPlace.Backticks:
                    if (c == '\\')
                    {
                        Escape();
                    }
                    else
                    {
                        PopAt(c, '`');
                    }

                    break;
                case ShellPlace.Comment:
                    if (c == '\n')
                    {
                        _frames.Pop();
                        Command(c);
                    }

                    break;
                case ShellPlace.HereDocument:
                    HereDocument(c);
                    break;
                case ShellPlace.ParameterExpansion:
                    ParameterExpansion(c);
                    break;
                case ShellPlace.Arithmetic:
                    Arithmetic(c);
                    break;
            }
        }

        if (_frames.Peek().Place is not (ShellPlace.Bare or ShellPlace.SingleQuotes or ShellPlace.DoubleQuotes))
        {
            NoteVariableAtEnd();
        }
    }

    /// <summary>In places that are not read character by character, a <c>$</c> or <c>$name</c> may still stand at the end.</summary>
    private void NoteVariableAtEnd()
    {
        var name = _text.Length;
        while (name > 0 && (_text[name - 1] == '_' || char.IsAsciiLetterOrDigit(_text[name - 1])))
        {
            name--;
        }

        if (name > 0 && _text[name - 1] == '$')
        {
            _afterVariable = name < _text.Length;
            _mistake ??= _afterVariable ? null : DollarBefore;
        }
    }

    private bool IsInside(ShellPlace place)
    {
        foreach (var frame in _frames)
        {
            if (frame.Place == place)
            {
                return true;
            }
        }

        return false;
    }

    private char Peek(int ahead) => _at + ahead < _text.Length ? _text[_at + ahead] : '\0';

    private void PopAt(char c, char close)
    {
        if (c == close)
        {
            _frames.Pop();
        }
    }

    private void Push(ShellPlace place) => _frames.Push(new Frame(place));

    private void GiveUp() => Push(ShellPlace.Unclear);

    private void EndWord()
    {
        _atWordStart = true;
        _wordIsName = true;
        _wordHasPattern = false;
    }

    private void Escape()
    {
        if (_at + 1 >= _text.Length)
        {
            _mistake = "a backslash stands right before this value and would change it; take the backslash away";
        }

        _at++;
    }

    private void Command(char c)
    {
        var frame = _frames.Peek();
        switch (c)
        {
            case ' ' or '\t' or ';' or '&' or '|' or '>':
                EndWord();
                return;
            case '\n':
                EndWord();
                StartHereDocument(frame);
                return;
            case '(':
                EndWord();
                frame.Depth++;
                return;
            case ')':
                EndWord();
                if (frame.IsSubstitution && frame.Depth == 0)
                {
                    CloseSubstitution(frame);
                    return;
                }

                frame.Depth--;
                return;
            case '<':
                EndWord();
                Input(frame);
                return;
            case '#' when _atWordStart:
                Push(ShellPlace.Comment);
                return;
        }

        // In `case x in a) ...` a closing parenthesis belongs to no opening one, so the end of `$( )` cannot be told by counting.
        if (_atWordStart && frame.IsSubstitution && _text.AsSpan(_at).StartsWith("case") && " \t\n\0".Contains(Peek(4)))
        {
            GiveUp();
            return;
        }

        _atWordStart = false;
        _wordIsName &= c == '_' || char.IsAsciiLetterOrDigit(c);
        _wordHasPattern |= c is '{' or '[';
        switch (c)
        {
            case '\'':
                Push(ShellPlace.SingleQuotes);
                break;
            case '"':
                Push(ShellPlace.DoubleQuotes);
                break;
            default:
                Expandable(c);
                break;
        }
    }

    /// <summary>What has a meaning both in bare text and in double quotes.</summary>
    private void Expandable(char c)
    {
        switch (c)
        {
            case '\\':
                Escape();
                break;
            case '`':
                Push(ShellPlace.Backticks);
                break;
            case '$':
                Dollar();
                break;
        }
    }

    private void Dollar()
    {
        var next = Peek(1);
        var isQuoted = _frames.Peek().Place == ShellPlace.DoubleQuotes;
        switch (next)
        {
            case '\0' when _at + 1 >= _text.Length:
                _mistake = DollarBefore;
                break;
            case '(' when Peek(2) == '(':
                _at += 2;
                _frames.Push(new Frame(ShellPlace.Arithmetic) { Depth = 2 });
                break;
            case '(':
                _at++;
                _frames.Push(new Frame(ShellPlace.Bare) { IsSubstitution = true });
                EndWord();
                break;
            case '{':
                _at++;
                _frames.Push(new Frame(ShellPlace.ParameterExpansion) { Depth = isQuoted ? 1 : 0 });
                break;
            case '[':
                GiveUp();
                break;
            case '\'' when !isQuoted:
                _at++;
                Push(ShellPlace.DollarQuotes);
                break;
            case '_' or (>= 'a' and <= 'z') or (>= 'A' and <= 'Z'):
                while (_at + 1 < _text.Length && (_text[_at + 1] == '_' || char.IsAsciiLetterOrDigit(_text[_at + 1])))
                {
                    _at++;
                }

                _afterVariable = _at + 1 >= _text.Length;
                break;
            case (>= '0' and <= '9') or '?' or '!' or '@' or '*' or '#' or '-' or '$':
                _at++;
                _afterVariable = _at + 1 >= _text.Length;
                break;
        }
    }

    private void CloseSubstitution(Frame frame)
    {
        _frames.Pop();
        _atWordStart = false;
        _wordIsName = false;

        // What stood before the substitution is forgotten by now; to quote too much does no harm.
        _wordHasPattern = true;
        if (frame.Pending.Count > 0)
        {
            GiveUp();
        }
    }

    private void DollarQuotes(char c)
    {
        switch (c)
        {
            // In bash this is a quote inside, in a plain shell the end.
            case '\\' when Peek(1) == '\'':
                GiveUp();
                break;
            case '\\':
                Escape();
                break;
            default:
                PopAt(c, '\'');
                break;
        }
    }

    private void ParameterExpansion(char c)
    {
        switch (c)
        {
            case '}':
                _frames.Pop();
                break;
            case '\'' or '"' when _frames.Peek().Depth > 0:
                // Whether quotes inside "${x:-...}" quote differs from shell to shell.
                GiveUp();
                break;
            case '\'':
                Push(ShellPlace.SingleQuotes);
                break;
            case '"':
                Push(ShellPlace.DoubleQuotes);
                break;
            default:
                Expandable(c);
                break;
        }
    }

    private void Arithmetic(char c)
    {
        var frame = _frames.Peek();
        switch (c)
        {
            case '(':
                frame.Depth++;
                break;
            case ')':
                frame.Depth--;
                if (frame.Depth == 0)
                {
                    _frames.Pop();
                }

                break;
            case '\'' or '"' or '`' or '\\' or ';' or '#' or '\n':
                // Perhaps it is a subshell in a substitution after all.
                GiveUp();
                break;
            case '$':
                Dollar();
                break;
        }
    }
}
