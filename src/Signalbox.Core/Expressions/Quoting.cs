namespace Signalbox.Core.Expressions;

/// <summary>Reads the text around values, to tell where each of them stands.</summary>
/// <typeparam name="TSlot">What is known of a place.</typeparam>
internal interface ISlotLexer<TSlot>
{
    /// <summary>Reads text that stands in the template.</summary>
    void Read(string literal);

    /// <summary>The place of the value that comes next.</summary>
    /// <param name="following">The text right behind the value, empty at the end; null when another value follows.</param>
    TSlot SlotBefore(string? following);

    /// <summary>Goes on behind the value.</summary>
    void SkipValue();
}

/// <summary>What templates of all languages that quote their values have in common.</summary>
internal static class Quoting
{
    /// <summary>The place of every value, by the number of its part; those of plain text stay empty.</summary>
    public static TSlot[] Slots<TSlot>(Template template, ISlotLexer<TSlot> lexer)
        where TSlot : struct
    {
        var parts = template.Parts;
        var slots = new TSlot[parts.Length];
        for (var index = 0; index < parts.Length; index++)
        {
            if (parts[index].Expression is null)
            {
                lexer.Read(parts[index].Literal);
                continue;
            }

            var following =
                index + 1 >= parts.Length ? ""
                : parts[index + 1].Expression is null ? parts[index + 1].Literal
                : null;
            slots[index] = lexer.SlotBefore(following);
            lexer.SkipValue();
        }

        return slots;
    }

    /// <summary>The text with every value written for its place.</summary>
    /// <param name="piece">Writes a value; null when it cannot, and the evaluator then has the mistake.</param>
    public static TemplateResult<string> Render<TSlot>(
        Template template,
        TSlot[] slots,
        IScope scope,
        Func<Evaluator, Node, TSlot, string?> piece
    )
        where TSlot : struct
    {
        var parts = template.Parts;
        var evaluator = new Evaluator(template.Text, scope);
        var pieces = new string[parts.Length];
        var length = 0L;
        for (var index = 0; index < parts.Length; index++)
        {
            pieces[index] = parts[index].Expression is { } node ? piece(evaluator, node, slots[index]) ?? "" : parts[index].Literal;
            length += pieces[index].Length;
            if (length > Template.MaxOutput)
            {
                return TemplateResult<string>.Failed(
                    TemplateError.At(template.Text, parts[index].Start, parts[index].End, Evaluator.TooLong)
                );
            }
        }

        return evaluator.Errors is { } errors
            ? TemplateResult<string>.Failed([.. errors])
            : TemplateResult<string>.Of(string.Concat(pieces));
    }
}
