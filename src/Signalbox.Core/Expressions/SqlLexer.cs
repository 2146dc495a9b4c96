namespace Signalbox.Core.Expressions;

/// <summary>What a value in an SQL text is a part of.</summary>
internal enum SqlPlace
{
    Bare,
    Text,

    /// <summary><c>E'...'</c>, in which the backslash escapes.</summary>
    EscapeText,
    Name,
    LineComment,
    BlockComment,
    DollarText,

    /// <summary>Databases differ, or the text cannot be followed.</summary>
    Unclear,
}

/// <summary>The place of one value in an SQL text and the characters around it ('\0' where there is none or where a value stands).</summary>
internal readonly record struct SqlSlot(SqlPlace Place, char Before, char After, bool AfterValue, bool BeforeValue)
{
    /// <summary>It touches letters, digits or a point, so it is a part of a name.</summary>
    public bool IsPartOfName => IsNamePart(Before) || Before == '.' || IsNamePart(After) || After == '.';

    public static bool IsNamePart(char c) => c is '_' or '$' || char.IsLetterOrDigit(c) || c >= '\u0080';
}

/// <summary>Follows the literal text of SQL as DuckDB and PostgreSQL read it.</summary>
internal sealed class SqlLexer : ISlotLexer<SqlSlot>
{
    private SqlPlace _place;
    private string _tag = "";
    private string _text = "";
    private char _last;
    private bool _afterValue;

    public SqlSlot SlotBefore(string? following) =>
        new(_place, _last, following is null or "" ? '\0' : following[0], _afterValue, BeforeValue: following is null);

    public void SkipValue()
    {
        _last = '\0';
        _afterValue = true;
    }

    public void Read(string literal)
    {
        _text = literal;
        var at = 0;
        while (at < literal.Length)
        {
            at = _place switch
            {
                SqlPlace.Bare => Bare(at),
                SqlPlace.Text => Quoted(at, '\'', escapes: false),
                SqlPlace.EscapeText => Quoted(at, '\'', escapes: true),
                SqlPlace.Name => Quoted(at, '"', escapes: false),
                SqlPlace.LineComment => LineComment(at),
                SqlPlace.BlockComment => BlockComment(at),
                SqlPlace.DollarText => DollarText(at),
                _ => literal.Length,
            };
        }

        _last = literal[^1];
        _afterValue = false;
    }

    private char Peek(int at) => at >= 0 && at < _text.Length ? _text[at] : '\0';

    private int Bare(int at)
    {
        switch (_text[at])
        {
            case '\'':
                _place = Prefix(at) switch
                {
                    "e" or "E" => SqlPlace.EscapeText,
                    "&" => SqlPlace.Unclear,
                    _ => SqlPlace.Text,
                };
                return at + 1;
            case '"':
                _place = Prefix(at) == "&" ? SqlPlace.Unclear : SqlPlace.Name;
                return at + 1;
            case '-' when Peek(at + 1) == '-':
                _place = SqlPlace.LineComment;
                return at + 2;
            case '/' when Peek(at + 1) == '*':
                _place = SqlPlace.BlockComment;
                return at + 2;
            case '`':
                _place = SqlPlace.Unclear;
                return at + 1;
            case '$' when !SqlSlot.IsNamePart(Peek(at - 1)):
                return Dollar(at);
            default:
                return at + 1;
        }
    }

    /// <summary>The one-letter prefix right before a quote, when it is a word of its own; "&amp;" for U&amp;.</summary>
    private string Prefix(int at)
    {
        var before = Peek(at - 1);
        if (before == '&' && Peek(at - 2) is 'u' or 'U')
        {
            return "&";
        }

        return before is 'e' or 'E' && !SqlSlot.IsNamePart(Peek(at - 2)) ? before.ToString() : "";
    }

    private int Dollar(int at)
    {
        var end = at + 1;
        while (end < _text.Length && (_text[end] == '_' || char.IsLetterOrDigit(_text[end])))
        {
            end++;
        }

        if (Peek(end) != '$' || char.IsAsciiDigit(Peek(at + 1)))
        {
            return end;
        }

        _tag = _text[at..(end + 1)];
        _place = SqlPlace.DollarText;
        return end + 1;
    }

    private int Quoted(int at, char quote, bool escapes)
    {
        if (escapes && _text[at] == '\\')
        {
            if (at + 1 >= _text.Length)
            {
                _place = SqlPlace.Unclear;
            }

            return at + 2;
        }

        // Two quotes in a row stand for one: closing and opening again comes to the same.
        _place =
            _text[at] != quote ? _place
            : Peek(at + 1) == quote ? _place
            : SqlPlace.Bare;
        return _text[at] == quote && Peek(at + 1) == quote ? at + 2 : at + 1;
    }

    private int LineComment(int at)
    {
        _place = _text[at] is '\n' or '\r' ? SqlPlace.Bare : SqlPlace.LineComment;
        return at + 1;
    }

    private int BlockComment(int at)
    {
        if (_text[at] == '*' && Peek(at + 1) == '/')
        {
            _place = SqlPlace.Bare;
            return at + 2;
        }

        // Comments nest in some databases only.
        _place = _text[at] == '/' && Peek(at + 1) == '*' ? SqlPlace.Unclear : SqlPlace.BlockComment;
        return at + 1;
    }

    private int DollarText(int at)
    {
        var close = _text.IndexOf(_tag, at, StringComparison.Ordinal);
        if (close < 0)
        {
            return _text.Length;
        }

        _place = SqlPlace.Bare;
        return close + _tag.Length;
    }
}
