namespace Signalbox.Core.Expressions;

/// <summary>Functions on text, and those that turn values into text.</summary>
internal static class TextFunctions
{
    public static readonly Callable JoinMethod = new(
        "join",
        ["separator", "items"],
        2,
        static call => ListFunctions.Join(call, call[1]!, call[0])
    );

    public static readonly Callable[] All =
    [
        new("string", ["value"], 1, static call => call.TextOf(call[0]!)),
        new("upper", ["value"], 1, static call => Map(call, static text => text.ToUpperInvariant())),
        new("lower", ["value"], 1, static call => Map(call, static text => text.ToLowerInvariant())),
        new("trim", ["value", "chars"], 1, Trim),
        new("replace", ["value", "old", "new"], 3, Replace),
        new("split", ["value", "separator"], 1, Split),
        new(
            "startswith",
            ["value", "prefix"],
            2,
            static call => Test(call, static (text, part) => text.StartsWith(part, StringComparison.Ordinal))
        ),
        new(
            "endswith",
            ["value", "suffix"],
            2,
            static call => Test(call, static (text, part) => text.EndsWith(part, StringComparison.Ordinal))
        ),
        new("zfill", ["value", "width"], 2, ZeroFill),
        new("tojson", ["value"], 1, ToJson),
        new("fromjson", ["value"], 1, FromJson),
        new("urlencode", ["value"], 1, UrlEncode),
        new("sh", ["value"], 1, ShellQuote),
        new("literal", ["value"], 1, SqlLiteral),
        new("identifier", ["value"], 1, SqlIdentifier),
    ];

    /// <summary>The text of an argument that must be text or a scalar; null after a mistake.</summary>
    public static string? Text(Call call, int parameter)
    {
        var value = call[parameter]!;
        return call.Charge(value is Value.Text text ? text.Content.Length : 16) ? call.PlainText(value) : null;
    }

    private static Value? Map(Call call, Func<string, string> change) => Text(call, 0) is { } text ? new Value.Text(change(text)) : null;

    private static Value? Test(Call call, Func<string, string, bool> test) =>
        Text(call, 0) is { } text && Text(call, 1) is { } part ? Value.Of(test(text, part)) : null;

    private static Value? Trim(Call call)
    {
        if (Text(call, 0) is not { } text)
        {
            return null;
        }

        if (call[1] is null)
        {
            return new Value.Text(text.Trim());
        }

        return Text(call, 1) is { } chars && call.Charge(text.Length + ((long)chars.Length * 16))
            ? new Value.Text(text.Trim(chars.ToCharArray()))
            : null;
    }

    private static Value? Replace(Call call)
    {
        if (Text(call, 0) is not { } text || Text(call, 1) is not { } old || Text(call, 2) is not { } fresh)
        {
            return null;
        }

        if (old.Length == 0)
        {
            return call.Fail("`replace` needs a text to look for; it is empty");
        }

        var count = 0L;
        for (
            var at = text.IndexOf(old, StringComparison.Ordinal);
            at >= 0;
            at = text.IndexOf(old, at + old.Length, StringComparison.Ordinal)
        )
        {
            count++;
        }

        var length = text.Length + (count * (fresh.Length - old.Length));
        if (length > Template.MaxOutput)
        {
            return call.Fail(Evaluator.TooLong);
        }

        return call.Charge(length) ? new Value.Text(text.Replace(old, fresh, StringComparison.Ordinal)) : null;
    }

    private static Value? Split(Call call)
    {
        if (Text(call, 0) is not { } text)
        {
            return null;
        }

        string[] pieces;
        if (call[1] is null or Value.Null)
        {
            pieces = text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        }
        else if (Text(call, 1) is { } separator)
        {
            if (separator.Length == 0)
            {
                return call.Fail("`split` needs a separator; it is empty");
            }

            pieces = text.Split(separator);
        }
        else
        {
            return null;
        }

        return call.Charge(pieces.Length * 8L) ? Value.Of([.. pieces.Select(static piece => (Value)new Value.Text(piece))]) : null;
    }

    private static Value? ZeroFill(Call call)
    {
        if (Text(call, 0) is not { } text || NumberFunctions.Whole(call, 1, 0) is not { } width)
        {
            return null;
        }

        if (width > 1000)
        {
            return call.Fail("`zfill` fills up to 1000 characters");
        }

        var sign = text.Length > 0 && text[0] is '-' or '+' ? text[..1] : "";
        return new Value.Text(sign + text[sign.Length..].PadLeft(Math.Max(0, (int)width - sign.Length), '0'));
    }

    private static Value? ToJson(Call call)
    {
        var output = new BoundedText(Template.MaxOutput);
        ValueText.AppendJson(call[0]!, output);
        if (output.Overflowed)
        {
            return call.Fail(Evaluator.TooLong);
        }

        return call.Charge(output.Length) ? new Value.Text(output.ToString()) : null;
    }

    private static Value? FromJson(Call call)
    {
        if (Text(call, 0) is not { } text || !call.Charge(text.Length * 4L))
        {
            return null;
        }

        var read = Value.FromJson(text);
        return read.Succeeded
            ? read.Value
            : call.Fail($"{read.Errors[0].Message} (line {read.Errors[0].Line}, column {read.Errors[0].Column} of the value)");
    }

    private static Value? UrlEncode(Call call)
    {
        if (call[0] is Value.Map map)
        {
            var pairs = new List<string>();
            foreach (var (key, value) in map.Entries)
            {
                if (call.PlainText(value) is not { } text || !call.Charge((key.Length + text.Length) * 9L))
                {
                    return null;
                }

                pairs.Add(Escape(key) + "=" + Escape(text));
            }

            return Limited(call, string.Join('&', pairs));
        }

        return Text(call, 0) is { } plain && call.Charge(plain.Length * 9L) ? Limited(call, Escape(plain).Replace("%2F", "/")) : null;
    }

    private static string Escape(string text) => Uri.EscapeDataString(text);

    private static Value? ShellQuote(Call call)
    {
        var words = new List<string>();
        foreach (var item in call[0] is Value.List list ? list.Items : [call[0]!])
        {
            if (call.PlainText(item) is not { } text || !call.Charge(text.Length * 4L))
            {
                return null;
            }

            words.Add(ShellText.Word(text));
        }

        return Limited(call, string.Join(' ', words));
    }

    private static Value? SqlLiteral(Call call) =>
        SqlText.Literal(call[0]!, out var sql) is { } problem ? call.Fail(problem)
        : call.Charge(sql.Length) ? Limited(call, sql)
        : null;

    private static Value? SqlIdentifier(Call call)
    {
        if (Text(call, 0) is not { } name)
        {
            return null;
        }

        return SqlText.Identifier(name, out var sql) is { } problem ? call.Fail(problem) : Limited(call, sql);
    }

    private static Value? Limited(Call call, string text) =>
        text.Length > Template.MaxOutput ? call.Fail(Evaluator.TooLong) : new Value.Text(text);
}
