namespace Signalbox.Engine.PipelineFiles;

/// <summary>Finds the name a user probably meant, for messages such as "unknown name `retires`; did you mean `retries`?".</summary>
internal static class Suggestion
{
    private const int LongestName = 100;

    /// <summary>
    /// The candidate nearest to <paramref name="name"/>, or null when none is near enough (about one slip in three letters, case counts as nothing).
    /// Of several equally near candidates the first one is taken, so the answer does not depend on anything but the order given.
    /// </summary>
    public static string? Closest(string name, IEnumerable<string> candidates)
    {
        if (name.Length is 0 or > LongestName)
        {
            return null;
        }

        string? best = null;
        var bestDistance = Math.Max(1, name.Length / 3) + 1;
        foreach (var candidate in candidates)
        {
            // The name itself may be listed though it has no value just now; to suggest it again helps nobody.
            if (candidate == name || candidate.Length > LongestName || Math.Abs(candidate.Length - name.Length) >= bestDistance)
            {
                continue;
            }

            var distance = Distance(name, candidate);
            if (distance < bestDistance)
            {
                best = candidate;
                bestDistance = distance;
            }
        }

        return best;
    }

    /// <summary>"; did you mean `x`?" to append to a message, or an empty string when there is no near candidate.</summary>
    public static string DidYouMean(string name, IEnumerable<string> candidates) =>
        Closest(name, candidates) is { } found ? $"; did you mean `{found}`?" : "";

    /// <summary>Optimal string alignment distance: insertions, deletions, substitutions and swaps of neighbours, ignoring case.</summary>
    private static int Distance(string left, string right)
    {
        Span<int> beforePrevious = stackalloc int[right.Length + 1];
        Span<int> previous = stackalloc int[right.Length + 1];
        Span<int> current = stackalloc int[right.Length + 1];
        for (var column = 0; column <= right.Length; column++)
        {
            previous[column] = column;
        }

        for (var row = 1; row <= left.Length; row++)
        {
            current[0] = row;
            var a = char.ToLowerInvariant(left[row - 1]);
            for (var column = 1; column <= right.Length; column++)
            {
                var b = char.ToLowerInvariant(right[column - 1]);
                var cost = Math.Min(Math.Min(previous[column], current[column - 1]) + 1, previous[column - 1] + (a == b ? 0 : 1));
                if (row > 1 && column > 1 && a == char.ToLowerInvariant(right[column - 2]) && b == char.ToLowerInvariant(left[row - 2]))
                {
                    cost = Math.Min(cost, beforePrevious[column - 2] + 1);
                }

                current[column] = cost;
            }

            var spare = beforePrevious;
            beforePrevious = previous;
            previous = current;
            current = spare;
        }

        return previous[right.Length];
    }
}
