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
        var wanted = id.Trim().Replace(' ', '_').Replace('\\', '/');
        var names = TimeZoneInfo.GetSystemTimeZones().Select(zone => zone.Id).Where(IsPlausible).ToList();
        return names.Find(name => string.Equals(name, wanted, StringComparison.OrdinalIgnoreCase))
            ?? Suggestion.Closest(wanted, names)
            ?? ByCity(wanted, names);
    }

    /// <summary>A city alone is a name that people write: `new york` means America/New_York.</summary>
    private static string? ByCity(string wanted, List<string> names)
    {
        var cities = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var name in names)
            cities.TryAdd(name[(name.LastIndexOf('/') + 1)..], name);
        return cities.TryGetValue(wanted, out var found) ? found
            : Suggestion.Closest(wanted, cities.Keys) is { } city ? cities[city]
            : null;
    }
}
