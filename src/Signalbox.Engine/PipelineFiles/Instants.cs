using System.Globalization;
using Signalbox.Core.Time;

namespace Signalbox.Engine.PipelineFiles;

/// <summary>Dates and instants as users write them.</summary>
internal static class Instants
{
    private static readonly string[] Local =
    [
        "yyyy-MM-dd",
        "yyyy-MM-ddTHH:mm",
        "yyyy-MM-ddTHH:mm:ss",
        "yyyy-MM-dd HH:mm",
        "yyyy-MM-dd HH:mm:ss",
    ];
    private static readonly string[] Zoned = ["yyyy-MM-ddTHH:mmzzz", "yyyy-MM-ddTHH:mm:sszzz", "yyyy-MM-ddTHH:mmZ", "yyyy-MM-ddTHH:mm:ssZ"];

    public const string Pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2})?(Z|[+-][0-9]{2}:[0-9]{2})?)?$";

    /// <summary>Whether the text is an instant that names its zone.</summary>
    public static bool HasZone(string text) => Exact(text) is not null;

    /// <summary>The instant; a date, or a time without a zone, is meant in <paramref name="zone"/>. Null when it is neither.</summary>
    public static DateTimeOffset? Parse(string text, Zone zone) =>
        Exact(text)
        ?? (
            DateTime.TryParseExact(text, Local, CultureInfo.InvariantCulture, DateTimeStyles.None, out var label)
                ? zone.FirstInstantOf(label)
                : null
        );

    private static DateTimeOffset? Exact(string text) =>
        DateTimeOffset.TryParseExact(text, Zoned, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var instant)
            ? instant.ToUniversalTime()
            : null;
}
