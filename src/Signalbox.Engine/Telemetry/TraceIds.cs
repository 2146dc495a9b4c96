using System.Security.Cryptography;
using System.Text;
using Signalbox.Core;

namespace Signalbox.Engine.Telemetry;

/// <summary>
/// The identifiers of traces (W3C Trace Context): one trace a run, one span for the run and one for each attempt. They are made from what they are
/// about, so that an attempt that outlives its server still belongs to the same trace.
/// </summary>
internal static class TraceIds
{
    /// <summary>32 hex digits.</summary>
    public static string Trace(string instance, RunNumber run) => Hash($"{instance}/{run}", 16);

    /// <summary>16 hex digits: the span of the run, the parent of those of its attempts.</summary>
    public static string RunSpan(string instance, RunNumber run) => Hash($"{instance}/{run}/run", 8);

    /// <summary>16 hex digits: the span of an attempt, the parent of what the command traces itself.</summary>
    public static string AttemptSpan(string instance, RunNumber run, TaskKey task, int attempt) =>
        Hash($"{instance}/{run}/{task}/{attempt}", 8);

    /// <summary>What a command finds in <c>TRACEPARENT</c>.</summary>
    public static string Parent(string instance, RunNumber run, TaskKey task, int attempt) =>
        $"00-{Trace(instance, run)}-{AttemptSpan(instance, run, task, attempt)}-01";

    private static string Hash(string text, int bytes)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(text), hash);
        return Convert.ToHexStringLower(hash[..bytes]);
    }
}
