namespace Signalbox.Core.Definitions;

/// <summary>The hosts that a request may go to when its host comes from a value: names, and <c>*.example.com</c> for all below one.</summary>
public static class AllowedHosts
{
    private const string Below = "*.";

    /// <summary>Whether a host is among them. Case does not count.</summary>
    public static bool Has(IEnumerable<string> hosts, string host)
    {
        host = host.TrimEnd('.');
        foreach (var allowed in hosts)
        {
            if (
                allowed.StartsWith(Below, StringComparison.Ordinal)
                    ? host.Length >= allowed.Length && host.EndsWith(allowed[1..], StringComparison.OrdinalIgnoreCase)
                    : string.Equals(host, allowed, StringComparison.OrdinalIgnoreCase)
            )
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>What is wrong with one of them, a sentence; null when nothing is.</summary>
    public static string? Problem(string host)
    {
        var name = host.StartsWith(Below, StringComparison.Ordinal) ? host[Below.Length..] : host;
        return Uri.CheckHostName(name) == UriHostNameType.Unknown
            ? $"`{host}` is no host; write a name such as api.example.com, or *.example.com for all below it"
            : null;
    }

    /// <summary>
    /// Whether the author wrote the host of an address, and no value can change it: the first <c>{{</c> comes after the host's end.
    /// </summary>
    public static bool IsWritten(string url)
    {
        var template = url.IndexOf("{{", StringComparison.Ordinal);
        var scheme = url.IndexOf("://", StringComparison.Ordinal);
        if (template < 0)
        {
            return true;
        }

        var end = scheme < 0 ? -1 : url.IndexOfAny(['/', '?', '#'], scheme + 3);
        return end > 0 && end < template;
    }
}
