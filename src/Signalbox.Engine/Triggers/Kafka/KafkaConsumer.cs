using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace Signalbox.Engine.Triggers.Kafka;

/// <summary>A message of a topic.</summary>
/// <param name="Timestamp">Null when the broker keeps none.</param>
internal sealed record KafkaMessage(
    int Partition,
    long Offset,
    DateTimeOffset? Timestamp,
    byte[]? Key,
    byte[]? Value,
    IReadOnlyList<KeyValuePair<string, string>> Headers
);

/// <summary>
/// A member of a consumer group that reads one topic and commits only what it is told to. All calls block and none may run beside another; the
/// library itself connects, and connects again.
/// </summary>
internal sealed class KafkaConsumer : IDisposable
{
    // Errors are told on the thread that polls, while it polls.
    [ThreadStatic]
    private static string? trouble;

    private readonly string _topic;
    private nint _client;

    /// <param name="settings">The library's own settings, by their names.</param>
    /// <exception cref="ListenerException">The library is not there, or refuses a setting.</exception>
    public KafkaConsumer(string topic, IEnumerable<KeyValuePair<string, string>> settings)
    {
        if (!LibRdKafka.IsThere)
        {
            throw new ListenerException(
                $"Kafka is spoken by {LibRdKafka.Library}, which is not installed; install librdkafka (Debian: apt-get install librdkafka1)"
            );
        }

        _topic = topic;
        var error = new byte[512];
        var config = LibRdKafka.NewConfig();
        foreach (var (name, value) in settings)
        {
            if (LibRdKafka.Set(config, name, value, error, (nuint)error.Length) != 0)
            {
                LibRdKafka.DestroyConfig(config);
                // The library's words may hold the value, which may be a password.
                throw new ListenerException(
                    $"librdkafka refuses the setting `{name}`; see its CONFIGURATION.md for the names and values that it takes"
                );
            }
        }

        unsafe
        {
            LibRdKafka.SetErrorCallback(config, &OnError);
        }

        _client = LibRdKafka.New(LibRdKafka.Consumer, config, error, (nuint)error.Length);
        if (_client == 0)
        {
            LibRdKafka.DestroyConfig(config);
            throw new ListenerException($"librdkafka: {Text(error)}");
        }

        _ = LibRdKafka.PollSetConsumer(_client);
        var topics = LibRdKafka.NewList(1);
        LibRdKafka.Add(topics, topic, LibRdKafka.AnyPartition);
        var answer = LibRdKafka.Subscribe(_client, topics);
        LibRdKafka.DestroyList(topics);
        if (answer != LibRdKafka.NoError)
        {
            Dispose();
            throw new ListenerException($"librdkafka: {Words(answer)}");
        }
    }

    /// <summary>The next message; null when none came in time, or something is amiss that the library mends by itself.</summary>
    /// <param name="amiss">What is amiss; null when nothing is.</param>
    /// <exception cref="ListenerException">The library cannot go on.</exception>
    public KafkaMessage? Poll(TimeSpan limit, out string? amiss)
    {
        trouble = null;
        var at = LibRdKafka.Poll(_client, (int)limit.TotalMilliseconds);
        amiss = trouble;
        if (at == 0)
        {
            return null;
        }

        try
        {
            var message = Marshal.PtrToStructure<LibRdKafka.Message>(at);
            switch (message.Error)
            {
                case LibRdKafka.NoError:
                    return Read(at, message);
                case LibRdKafka.Fatal:
                    throw new ListenerException($"librdkafka: {Words(message.Error)}");
                default:
                    amiss = Words(message.Error);
                    return null;
            }
        }
        finally
        {
            LibRdKafka.DestroyMessage(at);
        }
    }

    /// <summary>Tells the group how far the topic has been read. Nobody waits for it: what is not noted is delivered again.</summary>
    /// <param name="next">By partition, the offset of the next message to read.</param>
    public void Commit(IReadOnlyDictionary<int, long> next)
    {
        var offsets = LibRdKafka.NewList(next.Count);
        foreach (var (partition, offset) in next)
        {
            LibRdKafka.Add(offsets, _topic, partition);
            _ = LibRdKafka.SetOffset(offsets, _topic, partition, offset);
        }

        _ = LibRdKafka.Commit(_client, offsets, isAsync: 1);
        LibRdKafka.DestroyList(offsets);
    }

    public void Dispose()
    {
        if (_client != 0)
        {
            _ = LibRdKafka.Close(_client);
            LibRdKafka.Destroy(_client);
            _client = 0;
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnError(nint client, int error, nint reason, nint opaque) =>
        trouble = Marshal.PtrToStringUTF8(reason) is { Length: > 0 } words ? words : Words(error);

    private static KafkaMessage Read(nint at, LibRdKafka.Message message)
    {
        var timestamp = LibRdKafka.TimestampOf(at, out var kind);
        return new KafkaMessage(
            message.Partition,
            message.Offset,
            kind == 0 || timestamp < 0 ? null : DateTimeOffset.FromUnixTimeMilliseconds(timestamp),
            Bytes(message.Key, message.KeyLength),
            Bytes(message.Payload, message.Length),
            Headers(at)
        );
    }

    private static List<KeyValuePair<string, string>> Headers(nint message)
    {
        var found = new List<KeyValuePair<string, string>>();
        if (LibRdKafka.HeadersOf(message, out var headers) != LibRdKafka.NoError)
        {
            return found;
        }

        for (nuint i = 0; LibRdKafka.Header(headers, i, out var name, out var value, out var size) == LibRdKafka.NoError; i++)
        {
            found.Add(new(Marshal.PtrToStringUTF8(name) ?? "", Encoding.UTF8.GetString(Bytes(value, size) ?? [])));
        }

        return found;
    }

    private static byte[]? Bytes(nint at, nuint length)
    {
        if (at == 0)
        {
            return null;
        }

        var bytes = new byte[length];
        Marshal.Copy(at, bytes, 0, bytes.Length);
        return bytes;
    }

    private static string Words(int error) => Marshal.PtrToStringUTF8(LibRdKafka.ErrorText(error)) ?? $"error {error}";

    private static string Text(byte[] error) => Encoding.UTF8.GetString(error).TrimEnd('\0');
}
