using System.Numerics;
using Signalbox.DuckDb.Interop;

namespace Signalbox.DuckDb;

/// <summary>Turns DuckDB's stored forms into .NET's and back.</summary>
internal static class DuckValues
{
    private static readonly int EpochDay = new DateOnly(1970, 1, 1).DayNumber;
    private const int DecimalDigits = 28;

    /// <summary>Days since 1970-01-01; DuckDB's dates go further than .NET's years 1 to 9999, and have infinities.</summary>
    internal static DateOnly Date(int days)
    {
        long number = (long)EpochDay + days;
        return number >= DateOnly.MinValue.DayNumber && number <= DateOnly.MaxValue.DayNumber
            ? DateOnly.FromDayNumber((int)number)
            : throw OutOfRange("date", "years 1 to 9999");
    }

    internal static DateTime Timestamp(Int128 nanoseconds, DateTimeKind kind)
    {
        Int128 ticks = nanoseconds / 100;
        if (nanoseconds % 100 < 0)
        {
            ticks--;
        }
        ticks += DateTime.UnixEpoch.Ticks;
        return ticks >= 0 && ticks <= DateTime.MaxValue.Ticks
            ? new DateTime((long)ticks, kind)
            : throw OutOfRange("timestamp", "years 1 to 9999");
    }

    internal static decimal Decimal(Int128 unscaled, int scale)
    {
        // Digits behind the point that .NET's 28 cannot hold are only given up where they are zeros.
        while (scale > 0 && (scale > DecimalDigits || !Fits(unscaled)) && unscaled % 10 == 0)
        {
            unscaled /= 10;
            scale--;
        }
        if (scale > DecimalDigits || !Fits(unscaled))
        {
            throw OutOfRange("decimal", "28 digits");
        }
        bool negative = unscaled < 0;
        UInt128 magnitude = (UInt128)(negative ? -unscaled : unscaled);
        return new decimal((int)(uint)magnitude, (int)(uint)(magnitude >> 32), (int)(uint)(magnitude >> 64), negative, (byte)scale);

        static bool Fits(Int128 value) => Int128.Abs(value) < Int128.One << 96;
    }

    /// <summary>All digits, as DuckDB itself writes them, e.g. <c>-0.050</c>.</summary>
    internal static string DecimalText(Int128 unscaled, int scale)
    {
        if (scale == 0)
        {
            return unscaled.ToString();
        }
        string digits = Int128.Abs(unscaled).ToString().PadLeft(scale + 1, '0');
        return $"{(unscaled < 0 ? "-" : "")}{digits[..^scale]}.{digits[^scale..]}";
    }

    internal static int ToDays(DateOnly value) => value.DayNumber - EpochDay;

    internal static long ToMicroseconds(DateTime value) => (value.Ticks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;

    internal static NativeDecimal ToNative(decimal value)
    {
        Span<int> parts = stackalloc int[4];
        decimal.GetBits(value, parts);
        Int128 unscaled = (Int128)(uint)parts[0] | ((Int128)(uint)parts[1] << 32) | ((Int128)(uint)parts[2] << 64);
        if (value < 0)
        {
            unscaled = -unscaled;
        }
        return new NativeDecimal
        {
            Width = 38,
            Scale = value.Scale,
            Lower = (ulong)(UInt128)unscaled,
            Upper = (long)(unscaled >> 64),
        };
    }

    internal static T Checked<T>(Int128 value)
        where T : INumberBase<T>
    {
        try
        {
            return T.CreateChecked(value);
        }
        catch (OverflowException)
        {
            throw OutOfRange($"value {value}", $"a {typeof(T).Name}");
        }
    }

    private static DuckException OutOfRange(string what, string range) =>
        new($"Out of Range Error: a {what} in the result does not fit {range}; cast it to varchar to read it as text");
}
