using System.Collections.Immutable;
using Signalbox.Core.Definitions;

namespace Signalbox.Storage.Tests;

/// <summary>What a task waits for is kept as it was written.</summary>
public sealed class WaitJsonTests
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(9);

    public static TheoryData<TaskKind> Kinds =>
        [
            new TaskKind.WaitForS3("s3://lake/{{ ds }}/", TimeSpan.FromSeconds(5), 10, Every),
            new TaskKind.WaitForS3("s3://lake/a", TimeSpan.Zero, 0, Every),
            new TaskKind.WaitForSql("select 1", null, Every),
            new TaskKind.WaitForSql("select 1", "warehouse", Every),
            new TaskKind.WaitForHttp("http://127.0.0.1/", [], Sorted(), Sorted(), Every),
            new TaskKind.WaitForHttp("http://127.0.0.1/", [200, 204], Sorted(("state", "ready")), Sorted(("X-Key", "secret:k")), Every),
            new TaskKind.WaitForMessage("labels_ready", Every),
        ];

    [Theory]
    [MemberData(nameof(Kinds), DisableDiscoveryEnumeration = true)]
    public void A_wait_survives_being_kept(TaskKind kind)
    {
        var pipeline = new Pipeline { Name = new("p"), Tasks = [new TaskNode { Name = new("w"), Kind = kind }] };
        var text = PipelineJson.Write(pipeline);
        var again = PipelineJson.Read(text);
        Assert.Equal(text, PipelineJson.Write(again));
        var read = Assert.Single(again.Tasks).Kind;
        Assert.Equal(kind.GetType(), read.GetType());
        Assert.Equal(Every, read.Interval);
        if (kind is TaskKind.WaitForHttp asked && read is TaskKind.WaitForHttp http)
        {
            Assert.Equal(asked.Status, http.Status);
            Assert.Equal(asked.Values, http.Values);
            Assert.Equal(asked.Headers, http.Headers);
        }
        else
        {
            Assert.Equal(kind, read);
        }
    }

    private static ImmutableSortedDictionary<string, string> Sorted(params (string Name, string Value)[] entries) =>
        entries.ToImmutableSortedDictionary(entry => entry.Name, entry => entry.Value, StringComparer.Ordinal);
}
