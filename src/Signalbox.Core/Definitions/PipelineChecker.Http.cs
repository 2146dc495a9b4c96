using System.Text.Json;

namespace Signalbox.Core.Definitions;

public sealed partial class PipelineChecker
{
    private void CheckHttp(int node, TaskNode task, TaskKind.Http http, string path)
    {
        path += ".http";
        CheckAddress(node, http.Url, $"{path}.url", ["http://", "https://"], "https://host/path", Place.Command);
        if (!TaskKind.Http.Methods.Contains(http.Method))
        {
            Error("bad-method", $"{path}.method", $"`{http.Method}` is none of {string.Join(", ", TaskKind.Http.Methods)}");
        }

        CheckHeaders(node, http.Headers, $"{path}.headers", Place.Command);
        CheckClock(http.Url, $"{path}.url");
        if (http.Body is { } body)
        {
            CheckTemplate(node, body, $"{path}.body", Place.Command);
        }

        if (http.Json is { } json)
        {
            using var document = JsonDocument.Parse(json);
            CheckJson(node, document.RootElement, $"{path}.json");
        }

        if ((http.Json ?? http.Body) is not null && http.IsSafe)
        {
            Error("wrong-key", $"{path}.method", $"a {http.Method} sends nothing: take `json` and `body` away, or use POST or PUT");
        }

        CheckStatuses(http.Expect, $"{path}.expect");
        Positive(http.Timeout, $"{path}.timeout");
        foreach (var host in http.AllowHosts)
        {
            if (AllowedHosts.Problem(host) is { } problem)
            {
                Error("bad-host", $"{path}.allow_hosts", problem);
            }
        }

        if (http.AllowHosts.IsDefaultOrEmpty && !AllowedHosts.IsWritten(http.Url))
        {
            Error(
                "open-host",
                $"{path}.url",
                "the host comes from a value, so whoever gives the value says what this server asks; name the hosts that may be asked in `allow_hosts`"
            );
        }

        if (task.Outputs.Length > 1 || (task.Outputs is [var output] && output.IsFolder))
        {
            Error("wrong-output", $"{PathOf(task)}.outputs", "an `http` task has one output at most, a file: the body of the answer");
        }
    }

    private void CheckJson(int node, JsonElement value, string path)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var entry in value.EnumerateObject())
                {
                    CheckJson(node, entry.Value, $"{path}.{entry.Name}");
                }

                break;
            case JsonValueKind.Array:
                for (var i = 0; i < value.GetArrayLength(); i++)
                {
                    CheckJson(node, value[i], $"{path}[{i}]");
                }

                break;
            case JsonValueKind.String:
                CheckTemplate(node, value.GetString()!, path, Place.Command);
                break;
        }
    }

    private void CheckStatuses(ImmutableArray<int> statuses, string path)
    {
        foreach (var status in statuses)
        {
            if (status is < 100 or > 599)
            {
                Error("out-of-range", path, $"{status} is no status of HTTP; write one from 100 to 599");
            }
        }
    }

    private void CheckHeaders(int node, ImmutableSortedDictionary<string, string> headers, string path, Place where)
    {
        foreach (var (name, text) in headers)
        {
            if (!text.StartsWith(SecretPrefix, StringComparison.Ordinal))
            {
                CheckTemplate(node, text, $"{path}.{name}", where);
            }
            else if (Slug.Problem(text[SecretPrefix.Length..]) is { } secret)
            {
                Error("bad-name", $"{path}.{name}", $"`{SecretPrefix}` is followed by the name of a secret: {secret}");
            }
        }
    }
}
