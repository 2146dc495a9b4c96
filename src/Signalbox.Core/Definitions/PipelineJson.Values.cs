using System.Globalization;
using System.Text.Json;

namespace Signalbox.Core.Definitions;

public static partial class PipelineJson
{
    private const string InstantFormat = "yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'";

    private static void Put(Utf8JsonWriter json, string name, string? value, string? normal = null)
    {
        if (value is not null && value != normal)
        {
            json.WriteString(name, value);
        }
    }

    private static void Put(Utf8JsonWriter json, string name, int? value, int? normal = null)
    {
        if (value is { } known && value != normal)
        {
            json.WriteNumber(name, known);
        }
    }

    private static void Put(Utf8JsonWriter json, string name, double? value, double? normal = null)
    {
        if (value is { } known && value != normal)
        {
            json.WriteNumber(name, known);
        }
    }

    private static void Put(Utf8JsonWriter json, string name, bool value, bool normal)
    {
        if (value != normal)
        {
            json.WriteBoolean(name, value);
        }
    }

    private static void Put(Utf8JsonWriter json, string name, TimeSpan? value, TimeSpan? normal = null)
    {
        if (value is { } known && value != normal)
        {
            json.WriteString(name, known.ToString("c", CultureInfo.InvariantCulture));
        }
    }

    private static void Put(Utf8JsonWriter json, string name, DateTimeOffset? value)
    {
        if (value is { } known)
        {
            json.WriteString(name, known.UtcDateTime.ToString(InstantFormat, CultureInfo.InvariantCulture));
        }
    }

    private static void Put(Utf8JsonWriter json, string name, ImmutableArray<string> values)
    {
        if (values.IsDefaultOrEmpty)
        {
            return;
        }

        json.WriteStartArray(name);
        foreach (var value in values)
        {
            json.WriteStringValue(value);
        }

        json.WriteEndArray();
    }

    private static void Put(Utf8JsonWriter json, string name, ImmutableSortedDictionary<string, string> values)
    {
        if (values.IsEmpty)
        {
            return;
        }

        json.WriteStartObject(name);
        foreach (var (key, value) in values.WithComparers(StringComparer.Ordinal))
        {
            json.WriteString(key, value);
        }

        json.WriteEndObject();
    }

    private static ImmutableArray<string> Plain(ImmutableArray<TaskName> names) =>
        names.IsDefaultOrEmpty ? [] : ImmutableArray.CreateRange(names, name => name.Value);

    private static string? Text(JsonElement json, string name) => json.TryGetProperty(name, out var value) ? value.GetString() : null;

    private static string Required(JsonElement json, string name) => Text(json, name) ?? throw new FormatException($"`{name}` is missing");

    private static int Number(JsonElement json, string name, int normal) =>
        json.TryGetProperty(name, out var value) ? value.GetInt32() : normal;

    private static double? Real(JsonElement json, string name) => json.TryGetProperty(name, out var value) ? value.GetDouble() : null;

    private static bool Truth(JsonElement json, string name, bool normal) =>
        json.TryGetProperty(name, out var value) ? value.GetBoolean() : normal;

    private static TimeSpan? Span(JsonElement json, string name) =>
        Text(json, name) is { } text ? TimeSpan.ParseExact(text, "c", CultureInfo.InvariantCulture) : null;

    private static TimeSpan RequiredSpan(JsonElement json, string name) =>
        Span(json, name) ?? throw new FormatException($"`{name}` is missing");

    private static DateTimeOffset? Instant(JsonElement json, string name) =>
        Text(json, name) is { } text
            ? DateTimeOffset.ParseExact(text, InstantFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal)
            : null;

    private static T Word<T>(JsonElement json, string name, Func<string, T?> read, T normal)
        where T : struct => json.TryGetProperty(name, out var value) ? Word(value, read) : normal;

    private static T Word<T>(JsonElement json, Func<string, T?> read)
        where T : struct => read(json.GetString() ?? "") ?? throw new FormatException($"`{json}` is no {typeof(T).Name}");

    private static ImmutableArray<string> Texts(JsonElement json, string name) => All(json, name, value => value.GetString() ?? "");

    private static ImmutableArray<TaskName> TaskNames(JsonElement json, string name) =>
        All(json, name, value => new TaskName(value.GetString() ?? ""));

    private static ImmutableArray<T> All<T>(JsonElement json, string name, Func<JsonElement, T> read)
    {
        if (!json.TryGetProperty(name, out var list))
        {
            return [];
        }

        var values = ImmutableArray.CreateBuilder<T>(list.GetArrayLength());
        foreach (var value in list.EnumerateArray())
        {
            values.Add(read(value));
        }

        return values.MoveToImmutable();
    }

    private static ImmutableSortedDictionary<string, string> Map(JsonElement json, string name)
    {
        var values = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        if (json.TryGetProperty(name, out var map))
        {
            foreach (var entry in map.EnumerateObject())
            {
                values[entry.Name] = entry.Value.GetString() ?? "";
            }
        }

        return values.ToImmutable();
    }
}
