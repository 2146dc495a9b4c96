using System.Runtime.InteropServices;
using System.Text;
using Signalbox.Engine.Tests.Driving;

namespace Signalbox.Engine.Tests.Triggers;

/// <summary>The mock cluster of librdkafka in this process: one broker on a free port of this machine, and a producer.</summary>
internal sealed partial class KafkaBroker : IDisposable
{
    public const string Library = "librdkafka.so.1";

    // ApiVersions, the first thing that a new connection asks.
    private const short LastRequest = 18;

    // RD_KAFKA_RESP_ERR__TRANSPORT: the mock closes the connection.
    private static readonly int[] Broken = [.. Enumerable.Repeat(-195, 10_000)];

    private readonly nint _producer;
    private readonly nint _cluster;
    private readonly nint _topic;

    public KafkaBroker(string topic, int partitions)
    {
        var error = new byte[512];
        var config = NewConfig();
        Assert.Equal(0, Set(config, "test.mock.num.brokers", "1", error, 512));
        Assert.Equal(0, Set(config, "log_level", "0", error, 512));
        _producer = New(0, config, error, 512);
        Assert.True(_producer != 0, Encoding.UTF8.GetString(error));
        _cluster = MockOf(_producer);
        Assert.Equal(0, CreateTopic(_cluster, topic, partitions, 1));
        _topic = NewTopic(_producer, topic, 0);
    }

    /// <summary><c>host:port</c>.</summary>
    public string Brokers => Marshal.PtrToStringUTF8(Bootstraps(_cluster))!;

    public void Produce(string value, int partition = 0)
    {
        var bytes = Encoding.UTF8.GetBytes(value);
        Assert.Equal(0, Produce(_topic, partition, 2, bytes, (nuint)bytes.Length, 0, 0, 0));
        Assert.Equal(0, Flush(_producer, (int)House.Deadline.TotalMilliseconds));
    }

    /// <summary>The only broker breaks every connection at its next request, or is there again.</summary>
    /// <remarks>
    /// It keeps its port: librdkafka's own way to take a broker down gives the port back, and ends the process when somebody else has it
    /// by the time the broker comes up.
    /// </remarks>
    public void SetDown(bool isDown)
    {
        for (short request = 0; request <= LastRequest; request++)
        {
            if (isDown)
            {
                PushErrors(_cluster, request, (nuint)Broken.Length, Broken);
            }
            else
            {
                ClearErrors(_cluster, request);
            }
        }
    }

    public void Dispose()
    {
        DestroyTopic(_topic);
        Destroy(_producer);
    }

    [LibraryImport(Library, EntryPoint = "rd_kafka_conf_new")]
    private static partial nint NewConfig();

    [LibraryImport(Library, EntryPoint = "rd_kafka_conf_set", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Set(nint config, string name, string value, [Out] byte[] error, nuint size);

    [LibraryImport(Library, EntryPoint = "rd_kafka_new")]
    private static partial nint New(int type, nint config, [Out] byte[] error, nuint size);

    [LibraryImport(Library, EntryPoint = "rd_kafka_destroy")]
    private static partial void Destroy(nint client);

    [LibraryImport(Library, EntryPoint = "rd_kafka_handle_mock_cluster")]
    private static partial nint MockOf(nint client);

    [LibraryImport(Library, EntryPoint = "rd_kafka_mock_cluster_bootstraps")]
    private static partial nint Bootstraps(nint cluster);

    [LibraryImport(Library, EntryPoint = "rd_kafka_mock_topic_create", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int CreateTopic(nint cluster, string topic, int partitions, int replicas);

    [LibraryImport(Library, EntryPoint = "rd_kafka_mock_push_request_errors_array")]
    private static partial void PushErrors(nint cluster, short request, nuint count, int[] errors);

    [LibraryImport(Library, EntryPoint = "rd_kafka_mock_clear_request_errors")]
    private static partial void ClearErrors(nint cluster, short request);

    [LibraryImport(Library, EntryPoint = "rd_kafka_topic_new", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint NewTopic(nint client, string topic, nint config);

    [LibraryImport(Library, EntryPoint = "rd_kafka_topic_destroy")]
    private static partial void DestroyTopic(nint topic);

    [LibraryImport(Library, EntryPoint = "rd_kafka_produce")]
    private static partial int Produce(
        nint topic,
        int partition,
        int flags,
        byte[] value,
        nuint length,
        nint key,
        nuint keyLength,
        nint mark
    );

    [LibraryImport(Library, EntryPoint = "rd_kafka_flush")]
    private static partial int Flush(nint client, int milliseconds);
}
