using System.Runtime.InteropServices;

namespace Signalbox.Engine.Triggers.Kafka;

/// <summary>
/// The functions of librdkafka (its C API, rdkafka.h of version 2.0) that a consumer of a group needs. The library is the system's and is loaded
/// when the first of them is called.
/// </summary>
internal static partial class LibRdKafka
{
    public const string Library = "librdkafka.so.1";

    public const int Consumer = 1;

    /// <summary>A member of the group is to find out for itself which partitions it has.</summary>
    public const int AnyPartition = -1;

    public const int NoError = 0;
    public const int Fatal = -150;

    /// <summary>Whether the library is there.</summary>
    public static bool IsThere => NativeLibrary.TryLoad(Library, out _);

    [LibraryImport(Library, EntryPoint = "rd_kafka_conf_new")]
    public static partial nint NewConfig();

    [LibraryImport(Library, EntryPoint = "rd_kafka_conf_set", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Set(nint config, string name, string value, [Out] byte[] error, nuint size);

    /// <summary>Has errors told to a function that is called by <see cref="Poll"/>, on its thread.</summary>
    [LibraryImport(Library, EntryPoint = "rd_kafka_conf_set_error_cb")]
    public static unsafe partial void SetErrorCallback(nint config, delegate* unmanaged[Cdecl]<nint, int, nint, nint, void> callback);

    [LibraryImport(Library, EntryPoint = "rd_kafka_conf_destroy")]
    public static partial void DestroyConfig(nint config);

    [LibraryImport(Library, EntryPoint = "rd_kafka_new")]
    public static partial nint New(int type, nint config, [Out] byte[] error, nuint size);

    [LibraryImport(Library, EntryPoint = "rd_kafka_destroy")]
    public static partial void Destroy(nint client);

    [LibraryImport(Library, EntryPoint = "rd_kafka_poll_set_consumer")]
    public static partial int PollSetConsumer(nint client);

    [LibraryImport(Library, EntryPoint = "rd_kafka_topic_partition_list_new")]
    public static partial nint NewList(int size);

    [LibraryImport(Library, EntryPoint = "rd_kafka_topic_partition_list_add", StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint Add(nint list, string topic, int partition);

    [LibraryImport(Library, EntryPoint = "rd_kafka_topic_partition_list_set_offset", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int SetOffset(nint list, string topic, int partition, long offset);

    [LibraryImport(Library, EntryPoint = "rd_kafka_topic_partition_list_destroy")]
    public static partial void DestroyList(nint list);

    [LibraryImport(Library, EntryPoint = "rd_kafka_subscribe")]
    public static partial int Subscribe(nint client, nint topics);

    [LibraryImport(Library, EntryPoint = "rd_kafka_consumer_poll")]
    public static partial nint Poll(nint client, int milliseconds);

    [LibraryImport(Library, EntryPoint = "rd_kafka_commit")]
    public static partial int Commit(nint client, nint offsets, int isAsync);

    [LibraryImport(Library, EntryPoint = "rd_kafka_consumer_close")]
    public static partial int Close(nint client);

    [LibraryImport(Library, EntryPoint = "rd_kafka_message_destroy")]
    public static partial void DestroyMessage(nint message);

    [LibraryImport(Library, EntryPoint = "rd_kafka_message_timestamp")]
    public static partial long TimestampOf(nint message, out int kind);

    [LibraryImport(Library, EntryPoint = "rd_kafka_message_headers")]
    public static partial int HeadersOf(nint message, out nint headers);

    [LibraryImport(Library, EntryPoint = "rd_kafka_header_get_all")]
    public static partial int Header(nint headers, nuint index, out nint name, out nint value, out nuint size);

    [LibraryImport(Library, EntryPoint = "rd_kafka_err2str")]
    public static partial nint ErrorText(int error);

    /// <summary>rd_kafka_message_t.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public readonly struct Message
    {
        public readonly int Error;
        public readonly nint Topic;
        public readonly int Partition;
        public readonly nint Payload;
        public readonly nuint Length;
        public readonly nint Key;
        public readonly nuint KeyLength;
        public readonly long Offset;
        public readonly nint Private;
    }
}
