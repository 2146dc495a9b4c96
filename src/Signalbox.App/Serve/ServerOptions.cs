using System.Net;
using System.Security.Cryptography.X509Certificates;

namespace Signalbox.App.Serve;

/// <summary>Where and how a server listens.</summary>
/// <param name="Certificate">With its private key: the server speaks TLS. Null: plain HTTP.</param>
/// <param name="InsecureHttp">Whether plain HTTP beyond this machine is what is wanted.</param>
internal sealed record ServerOptions(IPEndPoint Address, X509Certificate2? Certificate = null, bool InsecureHttp = false)
{
    /// <summary>Names by which it is called, beside <c>localhost</c> and addresses.</summary>
    public IReadOnlyList<string> Hosts { get; init; } = [];

    /// <summary>Told to end, it begins nothing more and waits for what runs; told again, it ends at once.</summary>
    public bool Drain { get; init; }

    public bool IsBeyondLoopback => !IPAddress.IsLoopback(Address.Address);
}
