namespace Signalbox.Core.Time;

/// <summary>Reads the five fields; every mistake is kept with its field and place, and reading goes on after it.</summary>
internal sealed class CronParser(string text)
{
    private const int LongestText = 1000;

    private static readonly Dictionary<string, string> Names = new(StringComparer.OrdinalIgnoreCase)
    {
        ["@hourly"] = "0 * * * *",
        ["@daily"] = "0 0 * * *",
        ["@midnight"] = "0 0 * * *",
        ["@weekly"] = "0 0 * * 0",
        ["@monthly"] = "0 0 1 * *",
        ["@yearly"] = "0 0 1 1 *",
        ["@annually"] = "0 0 1 1 *",
    };

    private readonly ImmutableArray<CronError>.Builder _errors = ImmutableArray.CreateBuilder<CronError>();

    public CronParse Parse()
    {
        if (text.Length > LongestText)
            return Whole(0, $"the expression has {text.Length} characters; at most {LongestText} are read");
        var words = Words(text);
        if (words.Count == 0)
            return Whole(0, "the expression is empty; write five fields: minute hour day-of-month month day-of-week, e.g. `15 2 * * *`");
        if (text[words[0].Start] == '@')
            return ParseName(words);
        if (words.Count != 5)
            return WrongCount(words);

        var fields = new CronFieldItems?[5];
        for (var i = 0; i < 5; i++)
            fields[i] = ParseField(CronFieldRule.InOrder[i], words[i].Start, words[i].End);
        if (_errors.Count > 0)
            return new CronParse(_errors.ToImmutable());

        var expression = new CronExpression(fields[0]!, fields[1]!, fields[2]!, fields[3]!, fields[4]!);
        return expression.NeverFires ? NeverFires(expression, words[2].Start) : new CronParse(expression);
    }

    private static List<(int Start, int End)> Words(string text)
    {
        var words = new List<(int, int)>(5);
        for (var i = 0; i < text.Length; )
        {
            if (char.IsWhiteSpace(text[i]))
            {
                i++;
                continue;
            }
            var start = i;
            while (i < text.Length && !char.IsWhiteSpace(text[i]))
                i++;
            words.Add((start, i));
        }
        return words;
    }

    private CronParse ParseName(List<(int Start, int End)> words)
    {
        var name = text[words[0].Start..words[0].End];
        if (words.Count > 1)
            return Whole(words[1].Start, $"`{name}` stands alone; remove what follows it");
        if (Names.TryGetValue(name, out var fields))
            return new CronParser(fields).Parse();
        var advice = name.ToUpperInvariant() switch
        {
            "@REBOOT" => "a pipeline does not start with the server; write five fields",
            "@EVERY" => "write `every: 10m` instead of cron for a fixed interval",
            _ => "write @hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually or five fields",
        };
        return Whole(words[0].Start, $"`{name}` is not known; {advice}");
    }

    private CronParse WrongCount(List<(int Start, int End)> words)
    {
        if (words.Count < 5)
        {
            var missing = CronFieldRule.InOrder[words.Count].Name;
            return Whole(
                text.Length,
                $"{words.Count} of five fields are there, the {missing} is missing; write minute hour day-of-month month day-of-week, e.g. `15 2 * * *`"
            );
        }
        var advice = words.Count == 6 ? "; seconds and years are not supported, remove that field" : "";
        return Whole(
            words[5].Start,
            $"{words.Count} fields are there, five are expected: minute hour day-of-month month day-of-week{advice}"
        );
    }

    private CronParse NeverFires(CronExpression expression, int position) =>
        new([
            new CronError(
                CronField.DayOfMonth,
                position,
                $"day of month: `{expression}` never fires: no date in {CronExpression.SearchYears} years matches it; change the day of month or the month"
            ),
        ]);

    private static CronParse Whole(int position, string message) =>
        new([new CronError(CronField.Expression, position, $"expression: {message}")]);

    private CronFieldItems? ParseField(CronFieldRule rule, int start, int end)
    {
        var items = new List<CronItem>(1);
        var errorsBefore = _errors.Count;
        for (var at = start; at <= end; )
        {
            var comma = text.IndexOf(',', at, end - at);
            var stop = comma < 0 ? end : comma;
            if (stop == at)
                Add(rule, at, "an entry of the list is empty; remove the comma or write a value");
            else if (new CronItemReader(this, rule, text, at, stop).Read() is { } item)
                items.Add(item);
            at = stop + 1;
        }
        return _errors.Count > errorsBefore ? null : CronFieldItems.Create(rule, items);
    }

    internal void Add(CronFieldRule rule, int position, string message) =>
        _errors.Add(new CronError(rule.Field, position, $"{rule.Name}: {message}"));
}
