namespace Signalbox.Core.Foresight;

/// <summary>Quantiles as PostgreSQL's <c>PERCENTILE_CONT</c> computes them: between two neighbours, interpolated along a straight line.</summary>
public static class Quantile
{
    /// <summary>The half of the values that is longer begins here: what is expected.</summary>
    public const double Median = 0.5;

    /// <summary>Nineteen of twenty values are not higher: what is called late.</summary>
    public const double Late = 0.95;

    /// <summary>The continuous quantile of values in rising order; null of none.</summary>
    /// <param name="rising">The values, the lowest first.</param>
    /// <param name="fraction">From 0 (the lowest) to 1 (the highest).</param>
    public static double? Continuous(ReadOnlySpan<double> rising, double fraction)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(fraction, 0);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(fraction, 1);
        if (rising.IsEmpty)
        {
            return null;
        }

        // The same steps in the same order as PostgreSQL's, so that the last digit is the same too.
        var row = fraction * (rising.Length - 1);
        var first = (int)Math.Floor(row);
        var second = (int)Math.Ceiling(row);
        var (low, high) = (rising[first], rising[second]);
        return first == second ? low : low + ((row - first) * (high - low));
    }
}
