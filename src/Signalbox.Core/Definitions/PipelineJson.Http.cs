using System.Text.Json;

namespace Signalbox.Core.Definitions;

public static partial class PipelineJson
{
    private static void WriteHttp(Utf8JsonWriter json, TaskKind.Http http)
    {
        json.WriteString("kind", "http");
        json.WriteString("method", http.Method);
        json.WriteString("url", http.Url);
        Put(json, "headers", http.Headers);
        Put(json, "json", http.Json);
        Put(json, "body", http.Body);
        PutNumbers(json, "expect", http.Expect);
        Put(json, "answer_within", http.Timeout, TaskKind.Http.DefaultTimeout);
        Put(json, "allow_hosts", http.AllowHosts);
    }

    private static TaskKind.Http ReadHttp(JsonElement json) =>
        new(Required(json, "method"), Required(json, "url"))
        {
            Headers = Map(json, "headers"),
            Json = Text(json, "json"),
            Body = Text(json, "body"),
            Expect = All(json, "expect", status => status.GetInt32()),
            Timeout = Span(json, "answer_within") ?? TaskKind.Http.DefaultTimeout,
            AllowHosts = Texts(json, "allow_hosts"),
        };

    private static void PutNumbers(Utf8JsonWriter json, string name, ImmutableArray<int> values)
    {
        if (values.IsDefaultOrEmpty)
        {
            return;
        }

        json.WriteStartArray(name);
        foreach (var value in values)
        {
            json.WriteNumberValue(value);
        }

        json.WriteEndArray();
    }
}
