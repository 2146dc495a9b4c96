using System.Runtime.InteropServices;
using System.Text;
using Signalbox.Engine.Tests.Driving;

namespace Signalbox.Engine.Tests.Triggers;

/// <summary>The mock cluster of librdkafka: brokers of this process on free ports of this machine, and a producer.</summary>
internal sealed partial class KafkaCluster : IDisposable
{
    private const string Library = "librdkafka.so.1";

    private readonly nint _producer;
    private readonly nint _cluster;
    private readonly nint _topic;

    public KafkaCluster(string topic, int partitions)
    {
        Require();
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

    /// <summary>The only broker is gone, or there again.</summary>
    public void SetDown(bool isDown) => Assert.Equal(0, isDown ? Down(_cluster, 1) : Up(_cluster, 1));

    public void Dispose()
    {
        DestroyTopic(_topic);
        Destroy(_producer);
    }

    private static void Require()
    {
        if (!NativeLibrary.TryLoad(Library, out _) && Environment.IsPrivilegedProcess && File.Exists("/usr/bin/apt-get"))
        {
            using var install = System.Diagnostics.Process.Start("/usr/bin/apt-get", ["install", "-y", "-q", "librdkafka1"]);
            install.WaitForExit();
        }

        Assert.SkipUnless(NativeLibrary.TryLoad(Library, out _), "this test needs librdkafka: apt-get install librdkafka1");
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

    [LibraryImport(Library, EntryPoint = "rd_kafka_mock_broker_set_down")]
    private static partial int Down(nint cluster, int broker);

    [LibraryImport(Library, EntryPoint = "rd_kafka_mock_broker_set_up")]
    private static partial int Up(nint cluster, int broker);

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
