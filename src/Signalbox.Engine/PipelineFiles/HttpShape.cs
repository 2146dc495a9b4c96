using System.Text.Json.Nodes;
using Signalbox.Core.Definitions;
using Signalbox.Engine.PipelineFiles.Shapes;
using Signalbox.Engine.PipelineFiles.Yaml;

namespace Signalbox.Engine.PipelineFiles;

/// <summary>What may stand under <c>http:</c>.</summary>
internal static class HttpShape
{
    public const string Example =
        "{\"method\": \"POST\", \"url\": \"https://api.example.com/reports\", \"json\": {\"day\": \"{{ ds }}\"}, \"headers\": {\"Authorization\": \"secret:api_token\"}, \"expect\": [200, 201]}";

    /// <summary>Names of headers to texts.</summary>
    public static readonly Shape<Named<string>[]> Headers = new NamesShape<string>(
        Scalars.Text,
        "a mapping from names of headers to texts",
        pattern: "^[A-Za-z0-9-]+$",
        nameProblem: name =>
            name.Length > 0 && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '-')
                ? null
                : "a header's name has letters, digits and '-'"
    );

    public static readonly Shape<TaskKind> Http = new EitherShape<TaskKind>(
        single: Scalars.Text.To(url => (TaskKind)new TaskKind.Http(TaskKind.Http.Get, url)),
        mapping: new MappingShape<Draft>(
            "http",
            "`http`",
            () => new Draft(),
            new Field<Draft, string>("url", Scalars.Text, (d, v) => d.Url = v, "The address; a text that may have {{ }} in it.")
            {
                Required = true,
                Examples = ["\"https://api.example.com/days/{{ ds }}\""],
            },
            new Field<Draft, string>(
                "method",
                Scalars.Form(
                    $"one of {string.Join(", ", TaskKind.Http.Methods)}",
                    $"^({string.Join('|', TaskKind.Http.Methods)})$",
                    text => TaskKind.Http.Methods.Contains(text)
                ),
                (d, v) => d.Method = v,
                "The method. Unstated: POST where there is something to send, else GET."
            )
            {
                Examples = ["\"POST\""],
            },
            new Field<Draft, Named<string>[]>(
                "headers",
                Headers,
                (d, v) => d.Headers = v,
                "Headers of the request: a text, which may have {{ }} in it, or `secret:NAME`. Another host that is redirected to gets none of them."
            )
            {
                Examples = ["{\"Authorization\": \"secret:api_token\"}"],
            },
            new Field<Draft, YamlNode>(
                "json",
                new AnythingShape(),
                (d, v) => d.Json = JsonValues.Of(v)?.ToJsonString() ?? "null",
                "What is sent, as JSON; a text in it that is one {{ }} becomes the value itself."
            )
            {
                Examples = ["{\"day\": \"{{ ds }}\", \"rows\": \"{{ tasks.extract.result.rows }}\"}"],
            },
            new Field<Draft, string>("body", Scalars.Text, (d, v) => d.Body = v, "What is sent, as text that may have {{ }} in it."),
            new Field<Draft, int[]>(
                "expect",
                new ListShape<int>(Scalars.Whole(100, 599), "a status of HTTP or a list of them", orSingle: true, minItems: 1),
                (d, v) => d.Expect = v,
                "The statuses that are a success. Unstated: 200 to 299."
            )
            {
                Examples = ["[200, 201]"],
            },
            new Field<Draft, TimeSpan>(
                "timeout",
                Durations.Positive,
                (d, v) => d.Timeout = v,
                "Within which the whole answer must be there, redirects included."
            )
            {
                Default = "\"1m\"",
            },
            new Field<Draft, string[]>(
                "allow_hosts",
                new ListShape<string>(Scalars.Text, "a host or a list of hosts", orSingle: true, minItems: 1),
                (d, v) => d.AllowHosts = v,
                "The only hosts that may be asked; needed where the host comes from a value. *.example.com stands for all below it."
            )
            {
                Examples = ["[\"api.example.com\", \"*.example.org\"]"],
            }
        )
        {
            Rules = schema => schema["not"] = new JsonObject { ["required"] = new JsonArray("json", "body") },
        }.To(
            (draft, node, reading) =>
            {
                var mapping = (YamlMapping)node;
                if (mapping.Find("json") is not null && mapping.Find("body") is { } second)
                {
                    reading.Error(second.Key, "two-kinds", "a request sends `json` or `body`, not both");
                    return null;
                }

                return (TaskKind)
                    new TaskKind.Http(
                        draft.Method ?? (draft.Json is null && draft.Body is null ? TaskKind.Http.Get : TaskKind.Http.Post),
                        draft.Url
                    )
                    {
                        Headers = NameMaps.Sorted(draft.Headers),
                        Json = draft.Json,
                        Body = draft.Body,
                        Expect = [.. draft.Expect],
                        Timeout = draft.Timeout ?? TaskKind.Http.DefaultTimeout,
                        AllowHosts = [.. draft.AllowHosts],
                    };
            }
        )
    );

    private sealed class Draft
    {
        public string Url { get; set; } = "https://unreadable/";

        public string? Method { get; set; }

        public Named<string>[] Headers { get; set; } = [];

        public string? Json { get; set; }

        public string? Body { get; set; }

        public int[] Expect { get; set; } = [];

        public TimeSpan? Timeout { get; set; }

        public string[] AllowHosts { get; set; } = [];
    }
}
