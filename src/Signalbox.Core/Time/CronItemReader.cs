namespace Signalbox.Core.Time;

/// <summary>Reads one entry of a field's list: <c>*/5</c>, <c>10-30/5</c>, <c>MON-FRI</c>, <c>15W</c>, <c>5#2</c>.</summary>
internal readonly ref struct CronItemReader(CronParser parser, CronFieldRule rule, string text, int start, int end)
{
    private string Written => text[start..end];

    public CronItem? Read()
    {
        var special = ReadSpecial(out var isSpecial);
        if (isSpecial)
            return special;

        var slash = text.IndexOf('/', start, end - start);
        var bodyEnd = slash < 0 ? end : slash;
        if (bodyEnd == start)
            return Fail(start, $"`{Written}` has nothing before `/`; write `*{Written}`");
        var step = 1;
        if (slash >= 0 && !ReadStep(slash + 1, out step))
            return null;

        if (bodyEnd - start == 1 && text[start] is '*' or '?')
            return ReadStar(slash, step);

        var dash = text.IndexOf('-', start, bodyEnd - start);
        if (dash < 0)
        {
            if (!ReadValue(start, bodyEnd, out var single))
                return null;
            single = Folded(single);
            return slash < 0 ? new CronItem(CronItemKind.Value, single) : Range(single, rule.Max, step);
        }
        if (dash == start)
            return Fail(start, $"`{Written}` is a negative number or lacks the start of a range; write {rule.Allowed}");
        if (dash == bodyEnd - 1)
            return Fail(dash, $"the range `{Written}` has no end; write e.g. `{text[start..dash]}-{rule.Max}`");
        if (!ReadValue(start, dash, out var first) | !ReadValue(dash + 1, bodyEnd, out var last))
            return null;
        return ReadRange(first, last, step);
    }

    private CronItem? ReadStar(int slash, int step)
    {
        if (text[start] == '*')
            return new CronItem(CronItemKind.Every, Step: step);
        if (rule.Field is not (CronField.DayOfMonth or CronField.DayOfWeek))
            return Fail(start, "`?` is for the day fields only; write `*`");
        return slash < 0 ? new CronItem(CronItemKind.Every) : Fail(start, $"`?` takes no step; write `*{text[slash..end]}`");
    }

    private CronItem? ReadRange(int first, int last, int step)
    {
        // Sunday at the start of a range is 0, at its end it may stay 7: `5-7` is Friday to Sunday, `7-2` is Sunday to Tuesday; FRI-SUN
        // ends on the second Sunday too.
        if (rule.Field == CronField.DayOfWeek && first == 7)
            first = last == 7 ? 7 : 0;
        if (rule.Field == CronField.DayOfWeek && last == 0 && first > 0)
            last = 7;
        if (first == last)
            return new CronItem(CronItemKind.Value, Folded(first));
        if (first < last)
            return Range(first, last, step);
        var mended =
            step == 1
                ? $"write `{Part(first, rule.Max)},{Part(rule.Min, last)}`"
                : $"list the values, or split it in two ranges, one up to {rule.Max} and one from {rule.Min}";
        return Fail(start, $"the range `{Written}` runs backwards; {mended}");
    }

    private static string Part(int first, int last) => first == last ? $"{first}" : $"{first}-{last}";

    private static CronItem Range(int first, int last, int step) =>
        first == last ? new CronItem(CronItemKind.Value, first) : new CronItem(CronItemKind.Range, first, last, step);

    private int Folded(int value) => rule.Field == CronField.DayOfWeek && value == 7 ? 0 : value;

    private CronItem? ReadSpecial(out bool isSpecial)
    {
        isSpecial = true;
        var body = text.AsSpan(start, end - start);
        if (rule.Field == CronField.DayOfMonth)
        {
            if (body.Equals("L", StringComparison.OrdinalIgnoreCase))
                return new CronItem(CronItemKind.LastDay);
            if (body.Equals("LW", StringComparison.OrdinalIgnoreCase) || body.Equals("WL", StringComparison.OrdinalIgnoreCase))
                return new CronItem(CronItemKind.LastWorkday);
            if (body is ['L' or 'l', '-', ..])
                return Fail(start, $"`{Written}` is not supported; `L` takes no offset, write `L`, `LW` or a number");
            if (body is [.. var day, 'W' or 'w'] && day.Length > 0)
                return ReadValue(start, end - 1, out var value) ? new CronItem(CronItemKind.NearestWorkday, value) : null;
        }
        if (rule.Field == CronField.DayOfWeek)
        {
            if (body.Equals("L", StringComparison.OrdinalIgnoreCase))
                return Fail(start, "`L` needs a day; write e.g. `5L` or `FRIL` for the last Friday of the month");
            if (body.Contains('#'))
                return ReadNth(start + body.IndexOf('#'));
            if (body is [.., 'L' or 'l'])
                return ReadValue(start, end - 1, out var value) ? new CronItem(CronItemKind.LastOfWeekday, Folded(value)) : null;
        }
        isSpecial = false;
        return null;
    }

    private CronItem? ReadNth(int hash)
    {
        if (hash == start)
            return Fail(start, $"`{Written}` has no day before `#`; write e.g. `5#2` for the second Friday");
        if (!ReadValue(start, hash, out var day))
            return null;
        if (end - hash == 2 && text[hash + 1] is >= '1' and <= '5')
            return new CronItem(CronItemKind.NthWeekday, Folded(day), Step: text[hash + 1] - '0');
        return Fail(hash, $"`{Written}` asks for a week that no month has; write `#1` to `#5`, or `{text[start..hash]}L` for the last one");
    }

    private bool ReadStep(int from, out int step)
    {
        step = 1;
        if (!ReadNumber(from, end, out var number))
        {
            parser.Add(rule, from, $"`{text[from..end]}` is not a step; write a whole number, e.g. `{text[start..from]}2`");
            return false;
        }
        if (number == 0)
        {
            parser.Add(rule, from, "a step of 0 never moves; write 1 or more");
            return false;
        }
        if (number >= rule.Size)
        {
            parser.Add(
                rule,
                from,
                $"a step of {text[from..end]} is as large as the field ({rule.Size} values); write 1 to {rule.Size - 1}, or a single value"
            );
            return false;
        }
        step = number;
        return true;
    }

    private bool ReadValue(int from, int to, out int value)
    {
        value = 0;
        var word = text.AsSpan(from, to - from);
        for (var i = 0; i < rule.Names.Length; i++)
        {
            if (word.Equals(rule.Names[i], StringComparison.OrdinalIgnoreCase))
            {
                value = i + rule.Min;
                return true;
            }
        }
        if (!ReadNumber(from, to, out value))
        {
            parser.Add(rule, from, $"`{word}` is not a value of this field; write {rule.Allowed}{Advice(word)}");
            return false;
        }
        if (value < rule.Min || value > rule.LargestWritten)
        {
            parser.Add(rule, from, $"{word} is out of range; write {rule.Allowed}");
            return false;
        }
        return true;
    }

    private string Advice(ReadOnlySpan<char> word)
    {
        foreach (var name in rule.Names)
        {
            if (word.StartsWith(name, StringComparison.OrdinalIgnoreCase))
                return $" (did you mean `{name}`?)";
        }
        return "";
    }

    /// <summary>Digits only; a number of more than six digits reads as the largest number, which no field allows.</summary>
    private bool ReadNumber(int from, int to, out int number)
    {
        number = 0;
        if (from >= to)
            return false;
        for (var i = from; i < to; i++)
        {
            if (!char.IsAsciiDigit(text[i]))
                return false;
            number = number > 99_999 ? int.MaxValue / 10 : number * 10 + (text[i] - '0');
        }
        return true;
    }

    private CronItem? Fail(int position, string message)
    {
        parser.Add(rule, position, message);
        return null;
    }
}
