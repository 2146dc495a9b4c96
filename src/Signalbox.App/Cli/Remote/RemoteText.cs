using System.Text.Json;

namespace Signalbox.App.Cli;

/// <summary>Prints the documents of a server for people: lists as tables, the rest as names and values, and a message as it is.</summary>
internal static class RemoteText
{
    /// <param name="columns">Of a list; empty: every field that is neither list nor object.</param>
    public static void Print(TextWriter output, JsonElement document, string[] columns)
    {
        if (document.ValueKind == JsonValueKind.Array)
        {
            PrintList(output, document, columns, indent: "");
        }
        else if (document.ValueKind != JsonValueKind.Object)
        {
            output.WriteLine(Cell(document));
        }
        else if (document.TryGetProperty("message", out var message) && document.TryGetProperty("done", out _))
        {
            output.WriteLine(message.GetString());
        }
        else
        {
            PrintObject(output, document, indent: "");
        }
    }

    private static void PrintObject(TextWriter output, JsonElement document, string indent)
    {
        var plain = document.EnumerateObject().Where(field => IsPlain(field.Value) && Cell(field.Value).Length > 0).ToList();
        var width = plain.Count == 0 ? 0 : plain.Max(field => field.Name.Length);
        foreach (var field in plain)
        {
            output.WriteLine($"{indent}{Words(field.Name).PadRight(width)}  {Cell(field.Value)}");
        }

        foreach (var field in document.EnumerateObject().Where(field => !IsPlain(field.Value) && !IsEmpty(field.Value)))
        {
            output.WriteLine();
            output.WriteLine($"{indent}{Words(field.Name)}");
            if (field.Value.ValueKind == JsonValueKind.Array)
            {
                PrintList(output, field.Value, [], indent + "  ");
            }
            else
            {
                PrintObject(output, field.Value, indent + "  ");
            }
        }
    }

    private static void PrintList(TextWriter output, JsonElement list, string[] columns, string indent)
    {
        var items = list.EnumerateArray().ToList();
        if (items.Count == 0)
        {
            output.WriteLine($"{indent}none");
        }
        else if (items.TrueForAll(item => item.ValueKind != JsonValueKind.Object))
        {
            items.ForEach(item => output.WriteLine(indent + Cell(item)));
        }
        else
        {
            var head =
                columns.Length > 0
                    ? columns
                    :
                    [
                        .. items
                            .SelectMany(item => item.EnumerateObject())
                            .Where(field => IsPlain(field.Value) && Cell(field.Value).Length > 0)
                            .Select(field => field.Name)
                            .Distinct(),
                    ];
            using var table = new StringWriter();
            TextTable.Write(
                table,
                [.. head.Select(Words)],
                [.. items.Select(item => head.Select(name => item.TryGetProperty(name, out var value) ? Cell(value) : "").ToArray())]
            );
            foreach (var line in table.ToString().TrimEnd('\n').Split('\n'))
            {
                output.WriteLine(indent + line);
            }
        }
    }

    private static bool IsPlain(JsonElement value) =>
        value.ValueKind == JsonValueKind.Array ? value.EnumerateArray().All(IsScalar) : value.ValueKind != JsonValueKind.Object;

    private static bool IsScalar(JsonElement value) => value.ValueKind is not (JsonValueKind.Array or JsonValueKind.Object);

    private static bool IsEmpty(JsonElement value) =>
        value.ValueKind == JsonValueKind.Array ? value.GetArrayLength() == 0 : !value.EnumerateObject().Any();

    private static string Words(string name) => name.Replace('_', ' ');

    private static string Cell(JsonElement value) =>
        value.ValueKind switch
        {
            JsonValueKind.Null or JsonValueKind.Undefined => "",
            JsonValueKind.String => value.GetString()!,
            JsonValueKind.True => "yes",
            JsonValueKind.False => "no",
            JsonValueKind.Array when IsPlain(value) => string.Join(", ", value.EnumerateArray().Select(Cell)),
            _ => value.GetRawText(),
        };
}
