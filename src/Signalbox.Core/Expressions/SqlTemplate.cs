namespace Signalbox.Core.Expressions;

/// <summary>
/// A template that becomes SQL for DuckDB or PostgreSQL. Each value is written for the place where it stands, so that it can never be anything but a value.
/// </summary>
/// <remarks>
/// <para>Values become literals, not bound parameters: a literal may also stand where a parameter may not (<c>from {{ inputs.raw }}</c>, which DuckDB reads
/// as a file; <c>copy ... to {{ outputs.features }}</c>; DDL), and in literals of standard SQL the quote is the only special character, so doubling it
/// is enough. PostgreSQL must keep its default <c>standard_conforming_strings = on</c>.</para>
/// <list type="bullet">
/// <item>Bare: text <c>'...'</c>, numbers (negative ones in parentheses), TRUE, FALSE, NULL, DATE and TIMESTAMPTZ literals; a list is its items with commas
/// (<c>in ({{ params.codes }})</c>; NULL when empty); a map is its JSON as text.</item>
/// <item>Inside <c>'...'</c>: the text with quotes doubled (<c>'data/{{ ds }}/x.parquet'</c>). Inside <c>"..."</c>: with double quotes doubled.</item>
/// <item>Touching letters, digits or a point (<c>events_{{ ds_nodash }}</c>, <c>{{ params.schema }}.loads</c>): part of a name; only letters, digits and <c>_</c>.</item>
/// <item><c>{{ x | identifier }}</c> is a quoted name (<c>a.b</c> becomes <c>"a"."b"</c>); <c>{{ x | literal }}</c> is what happens anyway in a bare place.</item>
/// <item>In comments and <c>$$...$$</c>: values that cannot end them. NUL is always a mistake.</item>
/// </list>
/// </remarks>
public sealed class SqlTemplate
{
    private readonly SqlSlot[] _slots;

    private SqlTemplate(Template template, SqlSlot[] slots)
    {
        Template = template;
        _slots = slots;
    }

    public Template Template { get; }

    public static TemplateResult<SqlTemplate> Parse(string text)
    {
        var template = Template.Parse(text);
        return template.Succeeded
            ? TemplateResult<SqlTemplate>.Of(From(template.Value))
            : TemplateResult<SqlTemplate>.Failed(template.Errors);
    }

    /// <summary>Finds the place of every value.</summary>
    public static SqlTemplate From(Template template) => new(template, Quoting.Slots(template, new SqlLexer()));

    /// <summary>The SQL text, without parameters.</summary>
    public TemplateResult<string> Render(IScope scope) => Quoting.Render(Template, _slots, scope, Piece);

    private static string? Piece(Evaluator evaluator, Node node, SqlSlot slot)
    {
        if (evaluator.Evaluate(node) is not { } value)
        {
            return null;
        }

        if (slot.Place == SqlPlace.Bare && !slot.IsPartOfName)
        {
            return Spaced(Bare(evaluator, node, value), slot);
        }

        if (evaluator.TextOf(node, value) is not { } text || !evaluator.Charge(node, text.Length * 2L))
        {
            return null;
        }

        if (text.Contains('\0'))
        {
            evaluator.Fail(node, $"`{evaluator.Source(node)}` holds the character NUL, which SQL cannot hold");
            return null;
        }

        switch (slot.Place)
        {
            case SqlPlace.Text:
                return text.Replace("'", "''");
            case SqlPlace.EscapeText:
                return text.Replace("\\", "\\\\").Replace("'", "''");
            case SqlPlace.Name:
                return text.Replace("\"", "\"\"");
            case SqlPlace.LineComment when !text.AsSpan().ContainsAny('\n', '\r'):
                return text;
            case SqlPlace.BlockComment when FitsBlockComment(text, slot):
                return text;
            case SqlPlace.DollarText when !text.Contains('$') && slot.Before != '$' && slot.After != '$':
                return text;
            case SqlPlace.Bare:
                return PartOfName(evaluator, node, text, slot);
            case SqlPlace.Unclear when text.All(static c => c == '_' || char.IsAsciiLetterOrDigit(c)):
                return text;
        }

        var place = slot.Place switch
        {
            SqlPlace.LineComment or SqlPlace.BlockComment => "would end this comment",
            SqlPlace.DollarText => "could end this $-quoted text",
            _ => "is not safe where the quoting of the text cannot be told",
        };
        evaluator.Fail(node, $"the value of `{evaluator.Source(node)}` {place}; move it into plain quotes ('...')");
        return null;
    }

    private static string? Bare(Evaluator evaluator, Node node, Value value)
    {
        if (node is CallNode { Function.Name: "identifier" or "literal" } && value is Value.Text written)
        {
            return written.Content;
        }

        if (SqlText.Literal(value, out var sql) is { } problem)
        {
            evaluator.Fail(node, $"`{evaluator.Source(node)}`: {problem}");
            return null;
        }

        return evaluator.Charge(node, sql.Length) ? sql : null;
    }

    /// <summary>Keeps two literals apart that would otherwise be read as one text with a quote in it.</summary>
    private static string? Spaced(string? sql, SqlSlot slot) =>
        sql is null ? null : (slot.AfterValue || slot.Before is '\'' or '"' ? " " : "") + sql + (slot.After is '\'' or '"' ? " " : "");

    private static bool FitsBlockComment(string text, SqlSlot slot) =>
        !text.Contains('*')
        && !(text.StartsWith('/') && (slot.Before is '*' || slot.AfterValue))
        && !(text.EndsWith('/') && (slot.After is '*' || slot.BeforeValue))
        && !(text.Length == 0 && slot.Before is '*' or '/');

    private static string? PartOfName(Evaluator evaluator, Node node, string text, SqlSlot slot)
    {
        var isName = text.Length > 0 && text.All(static c => c == '_' || char.IsAsciiLetterOrDigit(c));
        if (isName && slot.After is not ('\'' or '"'))
        {
            return text;
        }

        if (node is CallNode { Function.Name: "identifier" } && IsOrdinary(slot.Before) && IsOrdinary(slot.After))
        {
            return text;
        }

        evaluator.Fail(
            node,
            $"`{evaluator.Source(node)}` stands inside a name here, so only letters, digits and _ may be in its value; put it into quotes together with the text around it, or use `| identifier` for a whole name"
        );
        return null;

        static bool IsOrdinary(char c) => !SqlSlot.IsNamePart(c) && c is not ('\'' or '"');
    }
}
