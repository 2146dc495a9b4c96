using System.Globalization;
using System.Text.Json;

namespace Signalbox.Core.Models;

/// <summary>One number of two versions of a model; null where a version has none of that name.</summary>
public sealed record MetricDifference(string Name, double? Candidate, double? Champion)
{
    /// <summary>Candidate less champion; null when one of them is missing.</summary>
    public double? Difference => Candidate - Champion;

    /// <summary>E.g. <c>auc 0.81 (now 0.79, +0.02)</c>.</summary>
    public override string ToString()
    {
        var candidate = Candidate is { } value ? Print(value) : "none";
        return Champion is not { } now ? $"{Name} {candidate}"
            : Difference is { } difference ? $"{Name} {candidate} (now {Print(now)}, {(difference < 0 ? "" : "+")}{Print(difference)})"
            : $"{Name} {candidate} (now {Print(now)})";
    }

    /// <summary>Six significant digits: enough to compare by eye.</summary>
    public static string Print(double number) => number.ToString("0.######", CultureInfo.InvariantCulture);
}

/// <summary>The numbers of two versions side by side.</summary>
public static class MetricComparison
{
    /// <param name="candidate">JSON object of numbers.</param>
    /// <param name="champion">The same of the version it is compared with; null when there is none.</param>
    /// <returns>By name.</returns>
    public static ImmutableArray<MetricDifference> Of(string candidate, string? champion)
    {
        var (left, right) = (Read(candidate), Read(champion ?? "{}"));
        var names = new SortedSet<string>(left.Keys, StringComparer.Ordinal);
        names.UnionWith(right.Keys);
        return
        [
            .. names.Select(name => new MetricDifference(
                name,
                left.TryGetValue(name, out var one) ? one : null,
                right.TryGetValue(name, out var other) ? other : null
            )),
        ];
    }

    private static Dictionary<string, double> Read(string json)
    {
        using var document = JsonDocument.Parse(json);
        var numbers = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (var entry in document.RootElement.EnumerateObject())
        {
            numbers[entry.Name] = entry.Value.GetDouble();
        }

        return numbers;
    }
}
