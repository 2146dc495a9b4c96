using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Signalbox.Engine.Tests.Models;

/// <summary>An MLflow server as far as its registry goes; refuses what a real one would not take.</summary>
internal sealed class FakeMlFlow : IDisposable
{
    private readonly HttpListener _listener = new();
    private readonly Task _serving;
    private readonly Lock _lock = new();
    private readonly List<string> _asked = [];
    private readonly Dictionary<string, List<JsonObject>> _models = [];
    private readonly Dictionary<string, string> _aliases = [];

    public FakeMlFlow()
    {
        Port = FreePort();
        _listener.Prefixes.Add($"http://127.0.0.1:{Port}/");
        _listener.Start();
        _serving = Task.Run(ServeAsync);
    }

    public int Port { get; }

    public string Address => $"http://ann:pass%20word@127.0.0.1:{Port}";

    /// <summary>So many requests are answered with an error of the server first.</summary>
    public int Refuses { get; set; }

    /// <summary>Creates a version and then says nothing of it: as if the answer was lost.</summary>
    public bool LosesAnswer { get; set; }

    public string[] Asked
    {
        get
        {
            lock (_lock)
            {
                return [.. _asked];
            }
        }
    }

    public string? Alias(string model, string alias)
    {
        lock (_lock)
        {
            return _aliases.GetValueOrDefault($"{model}@{alias}");
        }
    }

    public JsonObject[] Versions(string model)
    {
        lock (_lock)
        {
            return [.. _models.GetValueOrDefault(model) ?? []];
        }
    }

    public static Dictionary<string, string> Tags(JsonObject version) =>
        version["tags"]!.AsArray().ToDictionary(tag => (string)tag!["key"]!, tag => (string)tag!["value"]!, StringComparer.Ordinal);

    public void Dispose()
    {
        _listener.Stop();
        _serving.Wait(TimeSpan.FromSeconds(5));
        _listener.Close();
    }

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    private async Task ServeAsync()
    {
        while (_listener.IsListening)
        {
            HttpListenerContext context;
            try
            {
                context = await _listener.GetContextAsync();
            }
            catch (Exception over) when (over is HttpListenerException or ObjectDisposedException)
            {
                return;
            }

            using var reader = new StreamReader(context.Request.InputStream);
            var body = await reader.ReadToEndAsync();
            var (status, answer) = Answer(context.Request, body);
            context.Response.StatusCode = status;
            context.Response.ContentType = "application/json";
            await context.Response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes(answer));
            context.Response.Close();
        }
    }

    private (int Status, string Answer) Answer(HttpListenerRequest request, string body)
    {
        lock (_lock)
        {
            var path = request.Url!.AbsolutePath.Replace("/api/2.0/mlflow/", "", StringComparison.Ordinal);
            _asked.Add($"{request.HttpMethod} {path}");
            if (request.Headers["Authorization"] != $"Basic {Convert.ToBase64String("ann:pass word"u8)}")
            {
                return (401, "who are you?");
            }

            if (Refuses > 0)
            {
                Refuses--;
                return (503, "<html>busy</html>");
            }

            var json = body.Length == 0 ? [] : JsonNode.Parse(body)!.AsObject();
            return (request.HttpMethod, path) switch
            {
                ("POST", "registered-models/create") => CreateModel((string)json["name"]!),
                ("GET", "model-versions/search") => Search(request.QueryString["filter"]!, request.QueryString["page_token"]),
                ("POST", "model-versions/create") => CreateVersion(json),
                ("POST", "registered-models/alias") => SetAlias(json),
                _ => Error(404, "ENDPOINT_NOT_FOUND"),
            };
        }
    }

    private (int, string) CreateModel(string name)
    {
        if (name.AsSpan().ContainsAny('/', ':'))
        {
            return Error(400, "INVALID_PARAMETER_VALUE");
        }

        return _models.TryAdd(name, [])
            ? (200, new JsonObject { ["registered_model"] = new JsonObject { ["name"] = name } }.ToJsonString())
            : Error(400, "RESOURCE_ALREADY_EXISTS");
    }

    /// <summary>One version a page, so that who reads only the first page finds too little.</summary>
    private (int, string) Search(string filter, string? page)
    {
        var versions = _models[filter["name='".Length..^1]];
        var at = page is null ? 0 : int.Parse(page);
        var answer = new JsonObject
        {
            ["model_versions"] = new JsonArray([.. versions.Skip(at).Take(1).Select(version => version.DeepClone())]),
        };
        if (at + 1 < versions.Count)
        {
            answer["next_page_token"] = $"{at + 1}";
        }

        return (200, answer.ToJsonString());
    }

    private (int, string) CreateVersion(JsonObject json)
    {
        var source = (string)json["source"]!;
        if (
            source.StartsWith('/')
            || source.StartsWith("file:", StringComparison.Ordinal)
            || !_models.TryGetValue((string)json["name"]!, out var versions)
        )
        {
            return Error(400, "INVALID_PARAMETER_VALUE");
        }

        var made = (JsonObject)json.DeepClone();
        made["version"] = $"{versions.Count + 1}";
        versions.Add(made);
        if (LosesAnswer)
        {
            LosesAnswer = false;
            return (502, "the answer was lost");
        }

        return (200, new JsonObject { ["model_version"] = made.DeepClone() }.ToJsonString());
    }

    private (int, string) SetAlias(JsonObject json)
    {
        var (name, version) = ((string)json["name"]!, (string)json["version"]!);
        if (!_models.TryGetValue(name, out var versions) || versions.TrueForAll(known => (string)known["version"]! != version))
        {
            return Error(404, "RESOURCE_DOES_NOT_EXIST");
        }

        _aliases[$"{name}@{(string)json["alias"]!}"] = version;
        return (200, "{}");
    }

    private static (int, string) Error(int status, string code) =>
        (status, JsonSerializer.Serialize(new Dictionary<string, string> { ["error_code"] = code, ["message"] = code }));
}
