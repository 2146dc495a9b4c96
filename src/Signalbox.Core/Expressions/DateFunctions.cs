namespace Signalbox.Core.Expressions;

/// <summary>Functions on dates, among them Airflow's filters and macros. None of them reads a clock.</summary>
internal static class DateFunctions
{
    private const string DayFormat = "%Y-%m-%d";

    private static readonly ImmutableArray<string> SpanParameters =
    [
        "days",
        "seconds",
        "microseconds",
        "milliseconds",
        "minutes",
        "hours",
        "weeks",
    ];

    public static readonly Callable AddMethod = new("add", ["value", .. SpanParameters], 1, static call => Move(call, sign: 1));
    public static readonly Callable SubtractMethod = new("subtract", ["value", .. SpanParameters], 1, static call => Move(call, sign: -1));

    private static readonly Callable DsAdd = new("ds_add", ["ds", "days"], 2, AddDays);
    private static readonly Callable DsFormat = new("ds_format", ["ds", "input_format", "output_format"], 3, Reformat);
    private static readonly Callable TimeDelta = new(
        "timedelta",
        SpanParameters,
        0,
        static call => Span(call, 0) is { } span ? Value.Of(span) : null
    );

    public static readonly Callable[] All =
    [
        DsAdd,
        DsFormat,
        TimeDelta,
        new("strftime", ["value", "format"], 2, Format),
        new("date", ["value"], 1, static call => Moment(call) is { } moment ? Value.Of(DateOnly.FromDateTime(moment.DateTime)) : null),
        new("datetime", ["value"], 1, static call => Moment(call) is { } moment ? Value.Of(moment) : null),
        new("isoformat", ["value"], 1, static call => call[0] is Value.Date date ? new Value.Text(date.ToString()) : Ts(call)),
        new(
            "timestamp",
            ["value"],
            1,
            static call => Moment(call) is { } moment ? Value.Of((moment - DateTimeOffset.UnixEpoch).TotalSeconds) : null
        ),
        new("total_seconds", ["value"], 1, TotalSeconds),
        new("ds", ["value"], 1, static call => Formatted(call, DayFormat)),
        new("ds_nodash", ["value"], 1, static call => Formatted(call, "%Y%m%d")),
        new("ts", ["value"], 1, Ts),
        new("ts_nodash", ["value"], 1, static call => Formatted(call, "%Y%m%dT%H%M%S")),
        new("ts_nodash_with_tz", ["value"], 1, static call => Formatted(call, "%Y%m%dT%H%M%S%z")),
    ];

    /// <summary>Airflow's <c>macros</c>, without those that need a clock or chance.</summary>
    public static readonly Value Macros = new Value.Map([
        Entry("ds_add", new Value.Function(DsAdd)),
        Entry("ds_format", new Value.Function(DsFormat)),
        Entry("timedelta", new Value.Function(TimeDelta)),
        Entry(
            "datetime",
            new Value.Map([
                Entry("strptime", new Value.Function(new Callable("strptime", ["text", "format"], 2, Parse))),
                Entry(
                    "fromisoformat",
                    new Value.Function(
                        new Callable("fromisoformat", ["text"], 1, static call => Moment(call) is { } moment ? Value.Of(moment) : null)
                    )
                ),
            ])
        ),
    ]);

    private static KeyValuePair<string, Value> Entry(string name, Value value) => new(name, value);

    private static DateTimeOffset? Moment(Call call)
    {
        var moment = DateText.MomentOf(call[0]!);
        if (moment is null)
        {
            call.Fail(
                call[0] is Value.Text
                    ? "this text is not a date; ISO 8601 is read (2024-01-31 or 2024-01-31T06:00:00+00:00), other forms by `macros.datetime.strptime(text, format)`"
                    : $"a date is needed here, not {call[0]!.Kind}"
            );
        }

        return moment;
    }

    private static Value? Format(Call call) => TextFunctions.Text(call, 1) is { } format ? Formatted(call, format) : null;

    private static Value? Formatted(Call call, string format)
    {
        if (Moment(call) is not { } moment)
        {
            return null;
        }

        return Formatted(call, moment, format);
    }

    private static Value? Formatted(Call call, DateTimeOffset moment, string format)
    {
        if (!call.Charge(format.Length * 16L))
        {
            return null;
        }

        var output = new BoundedText(Template.MaxOutput);
        if (DateText.Format(moment, format, output) is { } unknown)
        {
            return call.Fail(
                $"unknown date code `{unknown}`; known are %Y %y %m %d %e %H %I %M %S %f %p %a %A %b %B %j %G %V %u %w %z %Z %s %F %T %R %%"
            );
        }

        return output.Overflowed ? call.Fail(Evaluator.TooLong) : new Value.Text(output.ToString());
    }

    private static Value? Ts(Call call) => Moment(call) is { } moment ? new Value.Text(ValueText.Instant(moment)) : null;

    private static Value? AddDays(Call call)
    {
        if (Moment(call) is not { } moment || NumberFunctions.Whole(call, 1, 0) is not { } days)
        {
            return null;
        }

        var number = (Int128)DateOnly.FromDateTime(moment.DateTime).DayNumber + days;
        return number < 0 || number > DateOnly.MaxValue.DayNumber
            ? call.Fail("the result is outside the years 1 to 9999")
            : Value.Of(DateOnly.FromDayNumber((int)number).ToString("yyyy-MM-dd"));
    }

    private static Value? Reformat(Call call)
    {
        if (
            TextFunctions.Text(call, 0) is not { } text
            || TextFunctions.Text(call, 1) is not { } input
            || TextFunctions.Text(call, 2) is not { } output
        )
        {
            return null;
        }

        return DateText.Parse(text, input, out var moment) is { } problem ? call.Fail(problem) : Formatted(call, moment, output);
    }

    private static Value? Parse(Call call)
    {
        if (TextFunctions.Text(call, 0) is not { } text || TextFunctions.Text(call, 1) is not { } format)
        {
            return null;
        }

        return DateText.Parse(text, format, out var moment) is { } problem ? call.Fail(problem) : Value.Of(moment);
    }

    private static Value? TotalSeconds(Call call) =>
        call[0] is Value.Duration duration
            ? Value.Of(duration.Span.TotalSeconds)
            : call.Fail($"a duration is needed here, not {call[0]!.Kind}");

    private static Value? Move(Call call, int sign)
    {
        if (Moment(call) is not { } moment || Span(call, 1) is not { } span)
        {
            return null;
        }

        var ticks = (Int128)moment.UtcTicks + ((Int128)sign * span.Ticks);
        if (ticks < TimeSpan.TicksPerDay || ticks > DateTime.MaxValue.Ticks - TimeSpan.TicksPerDay)
        {
            return call.Fail("the result is outside the years 1 to 9999");
        }

        var moved = moment + (sign * span);
        return call[0] is Value.Date ? Value.Of(DateOnly.FromDateTime(moved.DateTime)) : Value.Of(moved);
    }

    private static TimeSpan? Span(Call call, int first)
    {
        ReadOnlySpan<long> ticks =
        [
            TimeSpan.TicksPerDay,
            TimeSpan.TicksPerSecond,
            TimeSpan.TicksPerMicrosecond,
            TimeSpan.TicksPerMillisecond,
            TimeSpan.TicksPerMinute,
            TimeSpan.TicksPerHour,
            7 * TimeSpan.TicksPerDay,
        ];
        Int128 total = 0;
        for (var index = 0; index < ticks.Length; index++)
        {
            if (call[first + index] is Value.Number { Amount: var amount } && Math.Abs(amount) < 1e12)
            {
                total += (Int128)Math.Round(amount * ticks[index]);
            }
            else if (NumberFunctions.Whole(call, first + index, 0) is { } whole)
            {
                total += (Int128)whole * ticks[index];
            }
            else
            {
                return null;
            }
        }

        // Ten thousand years: more cannot be added to any date.
        if (total > 3_652_500 * TimeSpan.TicksPerDay || total < -3_652_500 * TimeSpan.TicksPerDay)
        {
            call.Fail("the duration is longer than ten thousand years");
            return null;
        }

        return new TimeSpan((long)total);
    }
}
