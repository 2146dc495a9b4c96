namespace Signalbox.Core.Time;

/// <summary>Which names may be asked of the zone database, and which one was meant by a name that is not there.</summary>
internal static class ZoneNames
{
    // Names that people write and that are not in the list of zones which the platform gives.
    private static readonly ImmutableArray<(string Written, string Meant)> Habits =
    [
        ("BST", "Europe/London"),
        ("CEST", "Europe/Berlin"),
        ("CST", "America/Chicago"),
        ("EDT", "America/New_York"),
        ("IST", "Asia/Kolkata"),
        ("JST", "Asia/Tokyo"),
        ("London", "Europe/London"),
        ("PDT", "America/Los_Angeles"),
        ("PST", "America/Los_Angeles"),
    ];

    /// <summary>
    /// Whether the name has the shape of an IANA name. The database is a folder of files on some systems, and a few of its
    /// files are not zones but the server's own zone (<c>localtime</c>) or variants that count leap seconds (<c>right/...</c>).
    /// </summary>
    public static bool IsPlausible(string id)
    {
        if (id.Length is 0 or > 64 || !char.IsAsciiLetterUpper(id[0]) || id is "Local" or "Factory")
            return false;
        var previous = '/';
        foreach (var c in id)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('_' or '-' or '+' or '/'))
                return false;
            if (c == '/' && previous == '/')
                return false;
            previous = c;
        }
        return previous != '/';
    }

    public static string Refusal(string id)
    {
        if (string.IsNullOrWhiteSpace(id))
            return "the time zone is empty; write an IANA name such as `Europe/London`, or `UTC`";
        if (id is "localtime" or "Local" or "local")
            return $"`{id}` would be the server's own time zone, which never counts; write an IANA name such as `Europe/London`, or `UTC`";
        var shown = id.Length > 64 ? string.Concat(id.AsSpan(0, 64), "...") : id;
        return Nearest(id) is { } meant
            ? $"`{shown}` is not an IANA time zone; did you mean `{meant}`?"
            : $"`{shown}` is not an IANA time zone; write a name such as `Europe/London`, or `UTC`";
    }

    private static string? Nearest(string id)
    {
        if (id.Length > 64)
            return null;
        foreach (var (written, meant) in Habits)
        {
            if (string.Equals(written, id, StringComparison.OrdinalIgnoreCase))
                return meant;
        }
        var wanted = Folded(id);
        string? best = null;
        var bestDistance = Math.Max(2, id.Length / 3) + 1;
        foreach (var zone in TimeZoneInfo.GetSystemTimeZones())
        {
            var name = Folded(zone.Id);
            // A city alone is a name that people write: `new york` means America/New_York.
            var city = name[(name.LastIndexOf('/') + 1)..];
            var distance = Math.Min(Distance(wanted, name), wanted.Contains('/') ? int.MaxValue : Distance(wanted, city));
            if (distance < bestDistance && IsPlausible(zone.Id))
                (best, bestDistance) = (zone.Id, distance);
        }
        return best;
    }

    private static string Folded(string id) => id.Trim().Replace(' ', '_').Replace('\\', '/').ToUpperInvariant();

    /// <summary>The number of letters to change, add or remove.</summary>
    private static int Distance(string a, string b)
    {
        Span<int> row = stackalloc int[b.Length + 1];
        for (var j = 0; j <= b.Length; j++)
            row[j] = j;
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var change = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(change, Math.Min(row[j], row[j - 1]) + 1);
            }
        }
        return row[b.Length];
    }
}
