namespace Signalbox.App.Serve;

/// <summary>The addresses of a server, each written once.</summary>
internal static class Routes
{
    /// <summary>Answers <c>ok</c> while the server runs.</summary>
    public const string Health = "/healthz";
}
