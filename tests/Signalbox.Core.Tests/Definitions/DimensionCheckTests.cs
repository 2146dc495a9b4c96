using System.Collections.Immutable;
using Signalbox.Core.Definitions;
using Signalbox.Core.Time;
using static Signalbox.Core.Tests.Runs.Lab;

namespace Signalbox.Core.Tests.Definitions;

/// <summary>The mistakes of static lists and of the outputs that are their cells.</summary>
public sealed class DimensionCheckTests
{
    [Fact]
    public void A_key_is_a_text_that_is_no_time_and_stands_in_its_list_once()
    {
        var found = Check([new("region", ["eu", "eu", "a/b", "2001-01-05", "a b", ""])], ("region", "{{ item.region }}"));
        Assert.Equal(
            [
                ("key-twice", "partition.keys.region[1]"),
                ("bad-key", "partition.keys.region[2]"),
                ("bad-key", "partition.keys.region[3]"),
                ("bad-key", "partition.keys.region[4]"),
                ("bad-key", "partition.keys.region[5]"),
            ],
            found.Select(one => (one.Code, one.Path))
        );
        var many = Enumerable.Range(0, 101).Select(i => $"k{i}").ToArray();
        Assert.Equal("too-many-cells", Assert.Single(Check([new("a", [.. many]), new("b", [.. many])], ("a", "k1"), ("b", "k1"))).Code);
    }

    [Fact]
    public void An_output_says_a_key_of_every_list_and_no_other()
    {
        PartitionDimension[] two = [new("region", ["eu", "us"]), new("tier", ["free"])];
        Assert.Empty(Check(two, ("region", "{{ item.region }}"), ("tier", "free")));
        Assert.Empty(Check(two));
        Assert.Equal(("missing-key", "tasks.t.outputs.o.keys"), Only(Check(two, ("region", "eu"))));
        Assert.Equal(("unknown-key", "tasks.t.outputs.o.keys.region"), Only(Check(two, ("region", "es"), ("tier", "free"))));
        var unknown = Check(two, ("regoin", "eu"), ("region", "eu"), ("tier", "free"));
        Assert.Equal(("unknown-dimension", "tasks.t.outputs.o.keys.regoin"), Only(unknown));
        Assert.Contains("did you mean `region`?", unknown[0].Message, StringComparison.Ordinal);
        // Cells are known where there are lists.
        Assert.Contains(Check([]), one => one is { Code: "unknown-name", Path: "tasks.t.for_each" });
    }

    private static (string, string) Only(List<Diagnostic> found)
    {
        var one = Assert.Single(found);
        return (one.Code, one.Path);
    }

    private static List<Diagnostic> Check(PartitionDimension[] dimensions, params (string Name, string Text)[] keys) =>
        [
            .. PipelineChecker
                .Check(
                    Pipeline(
                        Task("t") with
                        {
                            ForEach = "{{ cells }}",
                            Outputs =
                            [
                                new OutputSpec
                                {
                                    Name = "o",
                                    Path = "{{ ds }}-{{ map_index }}",
                                    Dataset = "a",
                                    Keys = keys.ToImmutableSortedDictionary(key => key.Name, key => key.Text, StringComparer.Ordinal),
                                },
                            ],
                        }
                    ) with
                    {
                        Dimensions = [.. dimensions],
                    }
                )
                .Where(one => one.Severity == Severity.Error),
        ];
}
