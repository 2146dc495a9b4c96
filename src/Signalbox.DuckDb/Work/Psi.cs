namespace Signalbox.DuckDb.Work;

/// <summary>
/// The population stability index of counts in the same bins: the sum over all bins of (q - p) ln(q / p), where p is a bin's share before
/// and q its share now (N. Siddiqi, Credit Risk Scorecards, Wiley 2006). A bin that is empty on one side counts as half a row there.
/// </summary>
/// <param name="Value">0 for equal distributions; below 0.1 is usually called stable, above 0.2 or 0.25 shifted.</param>
/// <param name="ByChance">
/// What unchanged data exceeds in one of a hundred cases: for N rows before and M now in B bins the index is (1/N + 1/M) times a chi-squared
/// variable of B - 1 degrees of freedom (B. Yurdakul, Statistical Properties of Population Stability Index, Western Michigan University 2018).
/// </param>
public readonly record struct Psi(double Value, double ByChance)
{
    private const double NinetyNinePercent = 2.3263478740408408;

    /// <summary>The index of two lists of counts, bin by bin.</summary>
    /// <param name="before">Rows in each bin before; one at least is above zero.</param>
    /// <param name="now">Rows in each bin now; one at least is above zero.</param>
    public static Psi Of(IReadOnlyList<long> before, IReadOnlyList<long> now)
    {
        double n = before.Sum();
        double m = now.Sum();
        double sum = 0;
        int bins = 0;
        for (int i = 0; i < before.Count; i++)
        {
            if (before[i] == 0 && now[i] == 0)
            {
                continue;
            }
            bins++;
            sum += Part(before[i], now[i], n, m);
        }
        return new Psi(sum, ((1 / n) + (1 / m)) * ChiSquared(bins - 1));
    }

    /// <summary>What one bin adds.</summary>
    public static double Part(long before, long now, double n, double m)
    {
        double p = Math.Max(before, 0.5) / n;
        double q = Math.Max(now, 0.5) / m;
        return before == 0 && now == 0 ? 0 : (q - p) * Math.Log(q / p);
    }

    /// <summary>The 99th percentile of the chi-squared distribution (Wilson and Hilferty's approximation, 1931; within 1% from one degree on).</summary>
    public static double ChiSquared(int freedom)
    {
        if (freedom < 1)
        {
            return 0;
        }
        double part = 2.0 / (9 * freedom);
        return freedom * Math.Pow(1 - part + (NinetyNinePercent * Math.Sqrt(part)), 3);
    }
}
