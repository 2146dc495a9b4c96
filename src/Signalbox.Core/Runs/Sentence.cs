namespace Signalbox.Core.Runs;

/// <summary>Times and durations as the reasons of a run say them.</summary>
internal static class Sentence
{
    public static string Of(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'");

    /// <summary>E.g. <c>500ms</c>, <c>2.5s</c>, <c>5m</c>, <c>1h 30m</c>, <c>2d</c>.</summary>
    public static string Of(TimeSpan duration)
    {
        if (duration < TimeSpan.FromSeconds(1))
        {
            return $"{(long)duration.TotalMilliseconds}ms";
        }

        if (duration < TimeSpan.FromMinutes(1))
        {
            return $"{duration.TotalSeconds:0.###}s";
        }

        var parts = new List<string>(4);
        Add(parts, duration.Days, 'd');
        Add(parts, duration.Hours, 'h');
        Add(parts, duration.Minutes, 'm');
        Add(parts, duration.Seconds, 's');
        return string.Join(' ', parts);
    }

    public static string Of(Retry.Failure failure) => $"{Names.Of(failure.Class)}: {failure.Message}";

    public static string Count(long number, string one, string many) => number == 1 ? $"1 {one}" : $"{number} {many}";

    private static void Add(List<string> parts, int number, char unit)
    {
        if (number > 0)
        {
            parts.Add($"{number}{unit}");
        }
    }
}
