namespace Signalbox.Core.Time;

/// <summary>A field of a five-field cron expression, in the order in which they are written.</summary>
public enum CronField
{
    /// <summary>The expression as a whole: a wrong number of fields, an unknown <c>@name</c>.</summary>
    Expression,

    /// <summary>0 to 59.</summary>
    Minute,

    /// <summary>0 to 23.</summary>
    Hour,

    /// <summary>1 to 31, <c>L</c>, <c>LW</c>, <c>15W</c>, <c>?</c>.</summary>
    DayOfMonth,

    /// <summary>1 to 12 or JAN to DEC.</summary>
    Month,

    /// <summary>0 to 7 (0 and 7 are Sunday) or SUN to SAT, <c>5L</c>, <c>5#2</c>, <c>?</c>.</summary>
    DayOfWeek,
}

/// <summary>What the parser, the printer and the explainer know about one field.</summary>
internal sealed record CronFieldRule(CronField Field, string Name, int Min, int Max, string Allowed, ImmutableArray<string> Names)
{
    public static readonly CronFieldRule Minute = new(CronField.Minute, "minute", 0, 59, "0 to 59", []);

    public static readonly CronFieldRule Hour = new(CronField.Hour, "hour", 0, 23, "0 to 23", []);

    public static readonly CronFieldRule DayOfMonth = new(
        CronField.DayOfMonth,
        "day of month",
        1,
        31,
        "1 to 31, L, LW or a number with W",
        []
    );

    public static readonly CronFieldRule Month = new(
        CronField.Month,
        "month",
        1,
        12,
        "1 to 12 or JAN to DEC",
        ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
    );

    // 7 is Sunday too; the parser folds it into 0, so the largest value that is kept is 6.
    public static readonly CronFieldRule DayOfWeek = new(
        CronField.DayOfWeek,
        "day of week",
        0,
        6,
        "0 to 7 (0 and 7 are Sunday) or SUN to SAT",
        ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
    );

    public static readonly ImmutableArray<CronFieldRule> InOrder = [Minute, Hour, DayOfMonth, Month, DayOfWeek];

    /// <summary>How many different values the field has.</summary>
    public int Size => Max - Min + 1;

    /// <summary>The largest number that may be written; differs from <see cref="Max"/> for the second Sunday only.</summary>
    public int LargestWritten => Field == CronField.DayOfWeek ? 7 : Max;
}
