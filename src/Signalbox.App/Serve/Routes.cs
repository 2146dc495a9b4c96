namespace Signalbox.App.Serve;

/// <summary>The addresses of a server that others than its own code call, each written once.</summary>
internal static class Routes
{
    /// <summary>Answers <c>ok</c> while the server runs.</summary>
    public const string Health = "/healthz";

    /// <summary>Answers 200 while the server can do its work, 503 while its store is away, its scheduler hangs or it drains.</summary>
    public const string Ready = "/readyz";

    /// <summary>The numbers of the engine, for Prometheus.</summary>
    public const string Metrics = "/metrics";

    /// <summary>The OpenAPI document.</summary>
    public const string OpenApi = "/api/openapi.json";

    /// <summary>The only webhook of a pipeline.</summary>
    public const string Hook = "/hooks/{pipeline}";

    /// <summary>A webhook of a pipeline by the name of its trigger.</summary>
    public const string NamedHook = "/hooks/{pipeline}/{name}";
}
