namespace Signalbox.Core.Tests.Time;

/// <summary>Whether a wall-clock minute matches five fields, by reading the text anew each time: the second opinion of the tests.</summary>
internal static class SlowCron
{
    private static readonly string[] Months = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
    private static readonly string[] Days = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

    public static bool Matches(string[] fields, DateTime at)
    {
        if (!In(fields[0], at.Minute, 0, 59, []) || !In(fields[1], at.Hour, 0, 23, []) || !In(fields[3], at.Month, 1, 12, Months))
            return false;
        var date = fields[2].Split(',').Any(item => IsDate(item, at));
        var weekday = fields[4].Split(',').Any(item => IsWeekday(item, at));
        var isOpen = fields[2][0] is '*' or '?' || fields[4][0] is '*' or '?';
        return isOpen ? date && weekday : date || weekday;
    }

    private static bool IsDate(string item, DateTime at)
    {
        var last = DateTime.DaysInMonth(at.Year, at.Month);
        if (item == "L")
            return at.Day == last;
        if (item == "LW")
            return at.Day == Enumerable.Range(1, last).Last(day => IsWorkday(at, day));
        if (!item.EndsWith('W'))
            return In(item, at.Day, 1, 31, []);
        var wanted = int.Parse(item[..^1]);
        if (wanted > last)
            return false;
        // The nearest workday of the month; of two that are equally near there is no case, as a weekend has two days.
        return at.Day == Enumerable.Range(1, last).Where(day => IsWorkday(at, day)).MinBy(day => Math.Abs(day - wanted));
    }

    private static bool IsWorkday(DateTime month, int day) =>
        new DateTime(month.Year, month.Month, day).DayOfWeek is not (DayOfWeek.Saturday or DayOfWeek.Sunday);

    private static bool IsWeekday(string item, DateTime at)
    {
        if (item.EndsWith('L'))
            return Number(item[..^1], Days, 0) % 7 == (int)at.DayOfWeek && at.AddDays(7).Month != at.Month;
        if (item.Contains('#'))
            return Number(item.Split('#')[0], Days, 0) % 7 == (int)at.DayOfWeek && (at.Day - 1) / 7 + 1 == int.Parse(item.Split('#')[1]);
        return In(item, (int)at.DayOfWeek, 0, 6, Days)
            || (at.DayOfWeek == DayOfWeek.Sunday && item[0] is not ('*' or '?') && In(item, 7, 0, 6, Days));
    }

    private static bool In(string field, int value, int min, int max, string[] names) =>
        field
            .Split(',')
            .Any(item =>
            {
                var parts = item.Split('/');
                var step = parts.Length == 2 ? int.Parse(parts[1]) : 1;
                int first;
                int last;
                if (parts[0] is "*" or "?")
                    (first, last) = (min, max);
                else if (parts[0].Split('-') is [var from, var to])
                    (first, last) = (Number(from, names, min), Number(to, names, min));
                else
                    (first, last) = (Number(parts[0], names, min), parts.Length == 2 ? max : Number(parts[0], names, min));
                return value >= first && value <= last && (value - first) % step == 0;
            });

    private static int Number(string text, string[] names, int min)
    {
        var index = Array.FindIndex(names, name => string.Equals(name, text, StringComparison.OrdinalIgnoreCase));
        return index >= 0 ? index + min : int.Parse(text);
    }
}

/// <summary>Random expressions of all shapes, biased to the hours in which clocks change.</summary>
internal static class RandomCron
{
    public static string Next(Random random)
    {
        while (true)
        {
            var text = $"{Minute(random)} {Hour(random)} {DayOfMonth(random)} {Month(random)} {DayOfWeek(random)}";
            if (Signalbox.Core.Time.CronExpression.Parse(text).Expression is not null)
                return text;
        }
    }

    private static string Minute(Random r) =>
        r.Next(7) switch
        {
            0 => "*",
            1 => $"*/{r.Next(1, 60)}",
            2 => $"{r.Next(30)}-{r.Next(30, 60)}/{r.Next(1, 20)}",
            3 => $"{r.Next(60)}/{r.Next(1, 30)}",
            4 => $"{r.Next(60)},{r.Next(60)}",
            _ => $"{r.Next(60)}",
        };

    private static string Hour(Random r) =>
        r.Next(8) switch
        {
            0 => "*",
            1 => $"*/{r.Next(1, 24)}",
            2 => $"{r.Next(3)}-{r.Next(3, 24)}",
            3 => $"{r.Next(4)},{r.Next(24)}",
            4 => $"{r.Next(24)}",
            5 => "23",
            _ => $"{r.Next(4)}",
        };

    private static string DayOfMonth(Random r) =>
        r.Next(14) switch
        {
            0 => $"{r.Next(1, 32)}",
            1 => $"*/{r.Next(1, 31)}",
            2 => $"{r.Next(1, 16)}-{r.Next(16, 32)}",
            3 => "L",
            4 => "LW",
            5 => $"{r.Next(1, 32)}W,{r.Next(1, 32)}",
            6 => "?",
            _ => "*",
        };

    private static string Month(Random r) => r.Next(8) == 0 ? $"{r.Next(1, 7)}-{r.Next(7, 13)}" : "*";

    private static string DayOfWeek(Random r) =>
        r.Next(14) switch
        {
            0 => $"{r.Next(0, 8)}",
            1 => "MON-FRI",
            2 => $"{r.Next(0, 7)}#{r.Next(1, 6)}",
            3 => $"{r.Next(0, 8)}L,3",
            4 => "5-7",
            5 => $"*/{r.Next(1, 7)}",
            6 => "?",
            _ => "*",
        };
}
