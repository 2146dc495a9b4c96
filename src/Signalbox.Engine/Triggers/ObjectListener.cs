using Signalbox.Core.Triggers;
using Signalbox.Engine.Outputs.S3;

namespace Signalbox.Engine.Triggers;

/// <summary><c>file:</c> at <c>s3://</c>: lists the objects below a prefix; each is a message once, by path and ETag.</summary>
/// <remarks>An object appears whole or not at all, so nothing is waited for.</remarks>
internal sealed class ObjectListener(ListenerSeat seat, MessageTrigger.File trigger) : Listener(seat)
{
    private readonly HashSet<string> _taken = new(StringComparer.Ordinal);

    public override async Task ListenAsync(CancellationToken cancellationToken)
    {
        var pattern = ArrivalPattern.Parse(trigger.Path, out var problem) ?? throw new ListenerException(problem!);
        var prefix = trigger.Path[
            ..Math.Max(trigger.Path.AsSpan().IndexOfAny('*', '?') is var first and >= 0 ? first : trigger.Path.Length, 0)
        ];
        var address = S3Address.Parse(prefix, out problem) ?? throw new ListenerException(problem!);
        var clients = new S3Clients(Parts.Project);
        while (true)
        {
            var objects = await clients.Of(address.Bucket).ListAsync(address, cancellationToken);
            Seat.Heard();
            var arrivals = objects
                .Where(found => found.Bytes >= trigger.MinSize && pattern.Matches(PathOf(address.Bucket, found)))
                .Select(found => ArrivalOf(address.Bucket, found))
                .Where(arrival => !_taken.Contains(arrival.Key))
                .ToList();
            foreach (var some in arrivals.Chunk(MostAtOnce))
            {
                await ReceiveAsync(some, cancellationToken);
                _taken.UnionWith(some.Select(arrival => arrival.Key));
            }

            await PauseAsync(trigger.Pause, cancellationToken);
        }
    }

    private static string PathOf(string bucket, S3Listed found) => $"{S3Address.Scheme}{bucket}/{found.Key}";

    private static Arrival ArrivalOf(string bucket, S3Listed found)
    {
        var path = PathOf(bucket, found);
        var arrival = FileListener.ArrivalOf(path, path, found.Bytes, found.ETag, found.ModifiedAt ?? default);
        return arrival with { Key = $"{path}|{found.ETag}" };
    }
}
