using System.Net;
using System.Net.Http;
using System.Net.Sockets;
using Signalbox.Core.Retry;

namespace Signalbox.Engine.Http;

/// <summary>
/// Which addresses a request may go to. Names are resolved here and the connection is made to the very address that was looked at, so that a name
/// that is answered differently the second time gains nothing.
/// </summary>
internal sealed class HttpGuard(IReadOnlyCollection<int> ownPorts)
{
    // fd00:ec2::254 is Amazon's, 100.100.100.200 Alibaba's; the others lie at 169.254.169.254, which is link-local.
    private static readonly IPAddress[] Metadata = [IPAddress.Parse("fd00:ec2::254"), IPAddress.Parse("100.100.100.200")];

    /// <summary>Why an address may not be connected to, a sentence; null when it may.</summary>
    public string? Problem(IPAddress address, int port)
    {
        if (address.IsIPv4MappedToIPv6)
        {
            address = address.MapToIPv4();
        }

        if (address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any))
        {
            return $"{address} is no address of a machine";
        }

        if (address.IsIPv6LinkLocal || IsLinkLocal(address) || Array.IndexOf(Metadata, address) >= 0)
        {
            return $"{address} is link-local, where machines in a cloud keep their own credentials";
        }

        if (IPAddress.IsLoopback(address) && ownPorts.Contains(port))
        {
            return $"{address}:{port} is this server itself";
        }

        return null;
    }

    /// <summary>Opens the connection of a request.</summary>
    /// <exception cref="HttpFailure">No address of the name may be connected to.</exception>
    public async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var (host, port) = (context.DnsEndPoint.Host, context.DnsEndPoint.Port);
        var addresses = IPAddress.TryParse(host.Trim('[', ']'), out var literal)
            ? [literal]
            : await Dns.GetHostAddressesAsync(host, cancellationToken);
        string? refused = null;
        SocketException? failed = null;
        foreach (var address in addresses)
        {
            if (Problem(address, port) is { } problem)
            {
                refused ??= problem;
                continue;
            }

            var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(new IPEndPoint(address, port), cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch (SocketException refusal)
            {
                socket.Dispose();
                failed = refusal;
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }

        throw failed is not null ? failed
        : refused is not null ? new HttpFailure(FailureClass.Permanent, $"{host} may not be asked: {refused}", "guarded address")
        : new SocketException((int)SocketError.HostNotFound);
    }

    private static bool IsLinkLocal(IPAddress address) =>
        address.AddressFamily == AddressFamily.InterNetwork && address.GetAddressBytes() is [169, 254, ..];
}
