namespace Signalbox.Core.Expressions;

/// <summary>
/// A template that becomes a command for a POSIX shell. Each value is quoted for the place where it stands, so that the shell reads back exactly
/// the value, whatever it holds.
/// </summary>
/// <remarks>
/// <list type="bullet">
/// <item>Bare (<c>--out={{ x }}/y</c>): safe characters (letters, digits and <c>_@%+=:,./-</c>) stay as they are, everything else is put in single
/// quotes; an empty value is <c>''</c>. A list becomes several words, and must then be a word of its own.</item>
/// <item>In single quotes and in double quotes, also inside <c>$( )</c>: escaped as needed. A list or map is JSON there.</item>
/// <item>In here-documents, backticks, comments, <c>$'...'</c>, <c>${...}</c> and <c>$((...))</c>, and where shells would disagree: only values of safe
/// characters; for others the mistake names the environment variable to use instead.</item>
/// <item>The filter <c>sh</c> quotes explicitly: bare it is what happens anyway, in quotes it quotes once more for an inner shell (<c>ssh host "rm {{ f | sh }}"</c>).
/// What another program makes of its argument (<c>python -c</c>, <c>eval</c>) no quoting here can know: hand such values over in variables.</item>
/// <item>NUL, and halves of surrogate pairs, are always a mistake.</item>
/// </list>
/// </remarks>
public sealed class ShellTemplate
{
    private readonly ShellSlot[] _slots;

    private ShellTemplate(Template template, ShellSlot[] slots)
    {
        Template = template;
        _slots = slots;
    }

    public Template Template { get; }

    public static TemplateResult<ShellTemplate> Parse(string text)
    {
        var template = Template.Parse(text);
        return template.Succeeded ? From(template.Value) : TemplateResult<ShellTemplate>.Failed(template.Errors);
    }

    /// <summary>Finds the place of every value; a value right behind a backslash or a <c>$</c> is a mistake.</summary>
    public static TemplateResult<ShellTemplate> From(Template template)
    {
        var slots = Quoting.Slots(template, new ShellLexer());
        var parts = template.Parts;
        List<TemplateError>? errors = null;
        for (var index = 0; index < parts.Length; index++)
        {
            if (slots[index].Mistake is { } mistake)
            {
                (errors ??= []).Add(TemplateError.At(template.Text, parts[index].Start, parts[index].End, mistake));
            }
        }

        return errors is null
            ? TemplateResult<ShellTemplate>.Of(new ShellTemplate(template, slots))
            : TemplateResult<ShellTemplate>.Failed([.. errors]);
    }

    /// <summary>The command of a template that is rendered only once.</summary>
    public static TemplateResult<string> Render(Template template, IScope scope)
    {
        var shell = From(template);
        return shell.Succeeded ? shell.Value.Render(scope) : TemplateResult<string>.Failed(shell.Errors);
    }

    /// <summary>The command, to be given to <c>sh -c</c>.</summary>
    public TemplateResult<string> Render(IScope scope) => Quoting.Render(Template, _slots, scope, Piece);

    private static string? Piece(Evaluator evaluator, Node node, ShellSlot slot)
    {
        if (evaluator.Evaluate(node) is not { } value)
        {
            return null;
        }

        if (slot.Place == ShellPlace.Bare && value is Value.List list)
        {
            return Words(evaluator, node, list, slot);
        }

        if (evaluator.TextOf(node, value) is not { } text)
        {
            return null;
        }

        if (ShellText.Impossible(text) is { } impossible)
        {
            evaluator.Fail(node, $"`{evaluator.Source(node)}` {impossible}");
            return null;
        }

        if (!evaluator.Charge(node, text.Length * 4L))
        {
            return null;
        }

        switch (slot.Place)
        {
            case ShellPlace.Bare when node is CallNode { Function.Name: "sh" }:
                return slot.AfterVariable ? "''" + text : text;
            case ShellPlace.Bare:
                return Word(text, slot);
            case ShellPlace.SingleQuotes:
                return ShellText.InSingleQuotes(text);
            case ShellPlace.DoubleQuotes:
                // The quotes closed and opened again end the name of the variable before.
                return (slot.AfterVariable ? "\"\"" : "") + ShellText.InDoubleQuotes(text);
            default:
                return Unquotable(evaluator, node, text, slot);
        }
    }

    private static string Word(string text, ShellSlot slot)
    {
        var mustQuote =
            slot.AfterVariable
            || slot.WordIsName && text.Contains('=')
            || slot.WordHasPattern && !IsPlain(text)
            || slot.BeforeRedirection && IsPlain(text)
            || slot.AtWordStart && IsReserved(text);
        return mustQuote ? ShellText.Quoted(text) : ShellText.Word(text);
    }

    private static bool IsPlain(string text)
    {
        foreach (var c in text)
        {
            if (c != '_' && !char.IsAsciiLetterOrDigit(c))
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsReserved(string text) =>
        text
            is "if"
                or "then"
                or "else"
                or "elif"
                or "fi"
                or "do"
                or "done"
                or "case"
                or "esac"
                or "while"
                or "until"
                or "for"
                or "in"
                or "function"
                or "select"
                or "time"
                or "coproc";

    private static string? Words(Evaluator evaluator, Node node, Value.List list, ShellSlot slot)
    {
        if (!slot.AtWordStart || !slot.AtWordEnd)
        {
            evaluator.Fail(
                node,
                $"`{evaluator.Source(node)}` is a list beside other text of the same word; put spaces around it, or make one text of it with `| join(',')`"
            );
            return null;
        }

        var words = new string[list.Items.Length];
        for (var index = 0; index < words.Length; index++)
        {
            if (evaluator.TextOf(node, list.Items[index]) is not { } text || !evaluator.Charge(node, text.Length * 4L))
            {
                return null;
            }

            if (ShellText.Impossible(text) is { } impossible)
            {
                evaluator.Fail(node, $"an item of `{evaluator.Source(node)}` {impossible}");
                return null;
            }

            words[index] = Word(text, slot with { BeforeRedirection = slot.BeforeRedirection && index == words.Length - 1 });
        }

        return string.Join(' ', words);
    }

    private static string? Unquotable(Evaluator evaluator, Node node, string text, ShellSlot slot)
    {
        var emptyIsHarmless = slot.Place is ShellPlace.HereDocument or ShellPlace.Comment;
        var endsDocument = text.Length > 0 && (slot.Delimiter?.Contains(text, StringComparison.Ordinal) ?? false);
        var lengthensName = slot.AfterVariable && text.Length > 0 && IsPlain(text[..1]);
        if ((ShellText.IsSafe(text) || text.Length == 0 && emptyIsHarmless) && !endsDocument && !lengthensName)
        {
            return text;
        }

        var place = slot.Place switch
        {
            ShellPlace.HereDocument => "in a here-document",
            ShellPlace.Comment => "in a comment",
            ShellPlace.Backticks => "between backticks",
            ShellPlace.DollarQuotes => "in $'...'",
            ShellPlace.ParameterExpansion => "in ${...}",
            ShellPlace.Arithmetic => "in $((...))",
            _ => "in a part of the command whose quoting cannot be told",
        };
        var variable = ReferenceFinder.PathOf(node) is { } path ? TemplateNames.EnvironmentVariable(path) : null;
        var mending = variable is null
            ? $"pass it through `env: {{ NAME: \"{{{{ {evaluator.Source(node)} }}}}\" }}` and write \"$NAME\" instead"
            : $"write \"${variable}\" instead";
        evaluator.Fail(
            node,
            $"the value of `{evaluator.Source(node)}` {(text.Length == 0 ? "is empty" : "is not safe")} {place}; {mending}"
        );
        return null;
    }
}
