namespace Signalbox.Core.Lint;

/// <summary>A text in quotes within a source.</summary>
/// <param name="Start">Of what stands between the quotes.</param>
/// <param name="Length">Of what stands between the quotes.</param>
/// <param name="IsDocumentation">A statement of its own, which only describes.</param>
internal readonly record struct CodeLiteral(int Start, int Length, bool IsDocumentation)
{
    public int End => Start + Length;
}

/// <summary>
/// A source taken apart as far as rules need it: what is code, what is a comment, what is a text in quotes. All views have the length of
/// the source, so that a position in one is a position in the others.
/// </summary>
/// <remarks>What cannot be read to its end (an open quote) counts as what it began as: a rule then finds less, never something else.</remarks>
internal sealed class CodeText
{
    private readonly char[] _code;
    private readonly char[] _uncommented;

    private CodeText(string text, SourceLanguage language)
    {
        Text = text;
        Language = language;
        _code = text.ToCharArray();
        _uncommented = text.ToCharArray();
    }

    public string Text { get; }

    public SourceLanguage Language { get; }

    /// <summary>The source with blanks for comments and for texts in quotes. What is computed inside a text (<c>f"{x}"</c>, <c>"$(x)"</c>) is code.</summary>
    public string Code { get; private set; } = "";

    /// <summary>The source with blanks for comments only.</summary>
    public string Uncommented { get; private set; } = "";

    public List<CodeLiteral> Literals { get; } = [];

    public static CodeText Of(string text, SourceLanguage language)
    {
        var code = new CodeText(text, language);
        CodeReader reader = language switch
        {
            SourceLanguage.Python => new PythonReader(code),
            SourceLanguage.Sql => new SqlReader(code),
            SourceLanguage.CSharp => new CSharpReader(code),
            _ => new ShellReader(code),
        };
        reader.Read();
        code.Code = new string(code._code);
        code.Uncommented = new string(code._uncommented);
        return code;
    }

    /// <summary>The literal around a position, if there is one.</summary>
    public CodeLiteral? LiteralAt(int position)
    {
        foreach (var literal in Literals)
        {
            if (literal.Start <= position && position < literal.End)
            {
                return literal;
            }
        }

        return null;
    }

    /// <summary>From where to where the line of a position goes, without its end.</summary>
    public (int Start, int End) LineAround(int position)
    {
        var start = position == 0 ? 0 : Text.LastIndexOf('\n', position - 1) + 1;
        var end = Text.IndexOf('\n', position);
        return (start, end < 0 ? Text.Length : end);
    }

    public void Comment(int start, int end)
    {
        Blank(_code, start, end);
        Blank(_uncommented, start, end);
    }

    public void Quoted(int start, int end) => Blank(_code, start, end);

    private static void Blank(char[] view, int start, int end)
    {
        for (var i = start; i < end && i < view.Length; i++)
        {
            if (view[i] is not ('\n' or '\r'))
            {
                view[i] = ' ';
            }
        }
    }
}
