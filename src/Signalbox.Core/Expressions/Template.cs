namespace Signalbox.Core.Expressions;

/// <summary>
/// Literal text with <c>{{ expression }}</c> parts. Parsed once, rendered many times, safe to share.
/// </summary>
/// <remarks>
/// Literal braces: a single <c>{</c> or <c>}</c> and a stray <c>}}</c> stand for themselves; an opening pair is written <c>{{ '{{' }}</c>.
/// <c>{%</c> and <c>{#</c> are refused (<c>${#name}</c>, the shell's length, is not taken for one); to have them literally write <c>{{ '{%' }}</c>.
/// <c>{{- x -}}</c> trims the white space of the literal text around, as in Jinja.
/// Limits: text 64 KiB, nesting 64, result 1 MiB, a bounded amount of work; each is a mistake with a place, never an exception.
/// </remarks>
public sealed class Template
{
    /// <summary>The longest template, in UTF-16 units.</summary>
    public const int MaxText = 64 * 1024;

    /// <summary>The longest result, in UTF-16 units.</summary>
    public const int MaxOutput = 1024 * 1024;

    private readonly TemplatePart[] _parts;
    private readonly Node? _single;
    private ImmutableArray<TemplateReference> _references;

    private Template(string text, TemplatePart[] parts)
    {
        Text = text;
        _parts = parts;
        _single = SingleExpression(parts);
    }

    public string Text { get; }

    /// <summary>True when there is no <c>{{ }}</c> in it.</summary>
    public bool IsLiteral => Array.TrueForAll(_parts, static part => part.Expression is null);

    /// <summary>True when it is one <c>{{ }}</c> and nothing else but white space: <see cref="Evaluate"/> then gives the value itself.</summary>
    public bool IsSingleExpression => _single is not null;

    internal ReadOnlySpan<TemplatePart> Parts => _parts;

    /// <summary>Parses a text with <c>{{ }}</c> parts; all mistakes at once (at most 20).</summary>
    public static TemplateResult<Template> Parse(string text)
    {
        if (TooLong(text) is { } tooLong)
        {
            return TemplateResult<Template>.Failed(tooLong);
        }

        var parser = new TemplateParser(text);
        var parts = parser.Parse();
        return parser.Errors.Count > 0
            ? TemplateResult<Template>.Failed([.. parser.Errors])
            : TemplateResult<Template>.Of(new Template(text, parts));
    }

    /// <summary>Parses a bare expression, without braces.</summary>
    public static TemplateResult<Template> ParseExpression(string text)
    {
        if (TooLong(text) is { } tooLong)
        {
            return TemplateResult<Template>.Failed(tooLong);
        }

        var parser = new ExpressionParser(text, 0);
        var node = parser.Parse(closed: false);
        return parser.Error is { } error
            ? TemplateResult<Template>.Failed(error)
            : TemplateResult<Template>.Of(new Template(text, [new TemplatePart(0, text.Length, "", node)]));
    }

    /// <summary>The text with every expression replaced by its value. Null has no text: it is a mistake that names <c>default</c>.</summary>
    public TemplateResult<string> Render(IScope scope)
    {
        if (_parts is [{ Expression: null } only])
        {
            return TemplateResult<string>.Of(only.Literal);
        }

        if (_parts.Length == 0)
        {
            return TemplateResult<string>.Of("");
        }

        var evaluator = new Evaluator(Text, scope);
        var pieces = new string[_parts.Length];
        var length = 0L;
        for (var index = 0; index < _parts.Length; index++)
        {
            var part = _parts[index];
            var piece = part.Expression is null ? part.Literal : evaluator.EvaluateText(part.Expression) ?? "";
            pieces[index] = piece;
            length += piece.Length;
            if (length > MaxOutput)
            {
                return TemplateResult<string>.Failed(TemplateError.At(Text, part.Start, part.End, Evaluator.TooLong));
            }
        }

        return evaluator.Errors is { } errors
            ? TemplateResult<string>.Failed([.. errors])
            : TemplateResult<string>.Of(pieces.Length == 1 ? pieces[0] : string.Concat(pieces));
    }

    /// <summary>The value itself when the template is exactly one <c>{{ }}</c> (white space around it does not count); otherwise the rendered text.</summary>
    public TemplateResult<Value> Evaluate(IScope scope)
    {
        if (_single is null)
        {
            var text = Render(scope);
            return text.Succeeded ? TemplateResult<Value>.Of(new Value.Text(text.Value)) : TemplateResult<Value>.Failed(text.Errors);
        }

        var evaluator = new Evaluator(Text, scope);
        var value = evaluator.Evaluate(_single);
        return value is not null ? TemplateResult<Value>.Of(value) : TemplateResult<Value>.Failed([.. evaluator.Errors ?? []]);
    }

    /// <summary>
    /// The truth of a condition and, in words, what was compared: "tasks.evaluate.metrics.auc = 0.71 &gt; params.least = 0.74 is false".
    /// A template that is not one expression counts by its text: empty, <c>false</c>, <c>0</c>, <c>no</c> and <c>none</c> are false.
    /// </summary>
    public TemplateResult<Explanation> Explain(IScope scope)
    {
        if (_single is not null)
        {
            return Explainer.Explain(Text, _single, scope);
        }

        var text = Render(scope);
        if (!text.Succeeded)
        {
            return TemplateResult<Explanation>.Failed(text.Errors);
        }

        var holds = text.Value.Trim().ToLowerInvariant() is not ("" or "false" or "0" or "no" or "none");
        return TemplateResult<Explanation>.Of(new Explanation(holds, $"the text '{text.Value.Trim()}' is {(holds ? "true" : "false")}"));
    }

    /// <summary>The names and paths the expressions use, in the order of the text, so that a checker can find unknown tasks, parameters and outputs.</summary>
    public ImmutableArray<TemplateReference> References()
    {
        if (_references.IsDefault)
        {
            var finder = new ReferenceFinder(Text);
            foreach (var part in _parts)
            {
                finder.Visit(part.Expression, optional: false);
            }

            _references = finder.Found();
        }

        return _references;
    }

    public override string ToString() => Text;

    private static TemplateError? TooLong(string text) =>
        text.Length > MaxText
            ? TemplateError.At(text, MaxText, MaxText, $"this text is longer than {MaxText / 1024} KiB; put it into a file")
            : null;

    private static Node? SingleExpression(TemplatePart[] parts)
    {
        Node? single = null;
        foreach (var part in parts)
        {
            if (part.Expression is null)
            {
                if (!string.IsNullOrWhiteSpace(part.Literal))
                {
                    return null;
                }
            }
            else if (single is null)
            {
                single = part.Expression;
            }
            else
            {
                return null;
            }
        }

        return single;
    }
}

/// <summary>A piece of a template: literal text, or an expression with the place of its braces.</summary>
internal readonly record struct TemplatePart(int Start, int End, string Literal, Node? Expression);

/// <summary>Cuts a text into literal parts and expressions.</summary>
internal sealed class TemplateParser(string text)
{
    private const int MaxErrors = 20;

    private readonly List<TemplatePart> _parts = [];

    public List<TemplateError> Errors { get; } = [];

    public TemplatePart[] Parse()
    {
        var position = 0;
        var trim = false;
        while (position < text.Length && Errors.Count < MaxErrors)
        {
            var open = FindOpening(position);
            var trimsBefore = open + 2 < text.Length && text[open + 2] == '-';
            AddLiteral(position, open, trim, trimsBefore);
            if (open >= text.Length)
            {
                break;
            }

            var parser = new ExpressionParser(text, open + (trimsBefore ? 3 : 2));
            var node = parser.Parse(closed: true);
            if (parser.Error is { } error)
            {
                var close = text.IndexOf("}}", Math.Max(open + 2, Math.Min(error.Offset, text.Length)), StringComparison.Ordinal);
                Errors.Add(
                    close < 0 && error.Offset >= text.Length ? TemplateError.At(text, open, open + 2, "`{{` is not closed by `}}`") : error
                );
                if (close < 0)
                {
                    break;
                }

                position = close + 2;
                trim = false;
                continue;
            }

            _parts.Add(new TemplatePart(open, parser.Next, "", node));
            position = parser.Next;
            trim = parser.TrimsAfter;
        }

        return [.. _parts];
    }

    /// <summary>The next opening pair; reports the statement and comment marks passed on the way.</summary>
    private int FindOpening(int position)
    {
        while (true)
        {
            var brace = position < text.Length ? text.AsSpan(position).IndexOf('{') : -1;
            if (brace < 0 || position + brace + 1 >= text.Length)
            {
                return text.Length;
            }

            position += brace;
            switch (text[position + 1])
            {
                case '{':
                    return position;
                case '%' when Errors.Count < MaxErrors:
                    Errors.Add(
                        TemplateError.At(
                            text,
                            position,
                            position + 2,
                            "statements ({% %}) are not supported: use a conditional expression or `for_each`; for the plain characters write {{ '{%' }}"
                        )
                    );
                    break;
                case '#' when Errors.Count < MaxErrors && !(position > 0 && text[position - 1] == '$'):
                    Errors.Add(
                        TemplateError.At(
                            text,
                            position,
                            position + 2,
                            "comments ({# #}) are not supported: use the file's own; for the plain characters write {{ '{#' }}"
                        )
                    );
                    break;
            }

            position++;
        }
    }

    private void AddLiteral(int start, int end, bool trimStart, bool trimEnd)
    {
        var literal = text.AsSpan(start, end - start);
        literal = trimStart ? literal.TrimStart() : literal;
        literal = trimEnd ? literal.TrimEnd() : literal;
        if (literal.Length > 0)
        {
            _parts.Add(new TemplatePart(start, end, literal.ToString(), Expression: null));
        }
    }
}
