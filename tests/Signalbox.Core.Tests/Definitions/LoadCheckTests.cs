using Signalbox.Core.Definitions;
using static Signalbox.Core.Tests.Definitions.Made;

namespace Signalbox.Core.Tests.Definitions;

/// <summary>What a load may not say, each with its place and how to mend it.</summary>
public sealed class LoadCheckTests
{
    private static readonly TaskKind.Load Good = new(
        "data/{{ ds }}.parquet",
        null,
        "warehouse.features",
        LoadMode.ReplacePartition,
        "day = {{ ds }}",
        [],
        AllowDuplicates: false,
        Keep: 0
    );

    [Fact]
    public void Right_loads_have_no_problem() =>
        Assert.Empty(
            Found(
                Load("a", Good),
                Load("b", Good with { Into = "warehouse.ml.features", Keep = 3 }),
                Load("c", Upsert),
                Load("d", Upsert with { Keys = ["id"] }),
                Load("e", Good with { Into = "w.t", Mode = LoadMode.ReplaceTable, Partition = null, From = null, Query = "select 1 as n" }),
                Load("f", Good with { Into = "w.u", Mode = LoadMode.Append, Partition = null, AllowDuplicates = true }),
                Load("g", Good with { Into = "w.v", Partition = "day = {{ ds }} and part = {{ item }}" }) with
                {
                    ForEach = "{{ [1, 2] }}",
                }
            )
        );

    [Fact]
    [Trait("Requirement", "S184")]
    public void A_plain_append_is_refused_unless_it_says_that_duplicates_are_wanted() =>
        Assert.Equal(
            [
                "tasks.a.load.mode append-duplicates: `append` adds the rows again at every rerun: use `replace_partition` or `upsert`, or say that this is wanted with `allow_duplicates: true`",
            ],
            Found(Load("a", Good with { Mode = LoadMode.Append, Partition = null }))
        );

    [Fact]
    public void What_does_not_go_together() =>
        Assert.Equal(
            [
                "tasks.a.load no-command: `load` has either `from`, a file or a folder, or `query`, a select",
                "tasks.b.load.partition missing-key: `mode: replace_partition` needs `partition`, the condition of the rows that are replaced, such as \"feature_date = {{ ds }}\"",
                "tasks.c.load.keys missing-key: `mode: upsert` needs `keys`, the columns that name a row, such as [user_id, feature_date]",
                "tasks.d.load.partition wrong-key: `partition` goes with `mode: replace_partition`, not with `upsert`",
                "tasks.e.load.keys wrong-key: `keys` goes with `mode: upsert`, not with `replace_partition`",
                "tasks.f.load.keys[1] bad-name: `ID` is in the list already",
                "tasks.g.load.allow_duplicates wrong-key: `allow_duplicates` goes with `mode: append`; `replace_partition` makes no duplicates",
                "tasks.h.load.keep wrong-key: `keep` goes with replace_partition and replace_table: `upsert` replaces no version as a whole",
            ],
            Found(
                Load("a", Good with { From = null, Into = "w.a" }),
                Load("b", Good with { Partition = null, Into = "w.b" }),
                Load("c", Upsert with { Keys = [] }),
                Load("d", Upsert with { Partition = "day = {{ ds }}" }),
                Load("e", Good with { Keys = ["id"], Into = "w.e" }),
                Load("f", Upsert with { Keys = ["id", "ID"] }),
                Load("g", Good with { AllowDuplicates = true, Into = "w.g" }),
                Load("h", Upsert with { Keep = 1 })
            )
        );

    [Fact]
    public void Partitions_that_runs_or_instances_would_take_from_each_other() =>
        Assert.Equal(
            [
                "warning tasks.a.load.partition unpartitioned-output: every run replaces these rows, those of the one before; put {{ ds }} or {{ partition }} into it, or say `partition: none`",
                "tasks.b.load.partition shared-path: every instance of a mapped task would replace this partition; put {{ item }} or {{ map_index }} into it",
                "tasks.c.load.into shared-path: every instance of a mapped task would replace this table; use replace_partition or upsert",
                "tasks.e.load.into same-path: the output `table` of `d` is published to this path already; each output has a place of its own",
            ],
            Found(
                Load("a", Good with { Partition = "day = '2001-01-05'", Into = "w.a" }),
                Load("b", Good with { Into = "w.b" }) with
                {
                    ForEach = "{{ [1, 2] }}",
                },
                Load("c", Good with { Into = "w.c", Mode = LoadMode.ReplaceTable, Partition = null }) with
                {
                    ForEach = "{{ [1, 2] }}",
                },
                Load("d", Good with { Into = "w.d" }),
                Load("e", Good with { Into = "w.d" })
            )
        );

    [Theory]
    [InlineData(
        "features",
        "`features` names no table of a connection; write `connection.table` or `connection.schema.table`, such as `warehouse.user_features`"
    )]
    [InlineData("a.b.c.d", "`a.b.c.d` names no table")]
    [InlineData("w.user-features", "the name `user-features` has only letters, digits and _ here; found '-'")]
    [InlineData("w.1st", "the name `1st` begins with a digit")]
    [InlineData("w.", "a name is empty")]
    public void Names_of_tables(string into, string problem)
    {
        var found = Assert.Single(Found(Load("a", Good with { Into = into })));
        Assert.StartsWith($"tasks.a.load.into bad-name: {problem}", found);
    }

    [Fact]
    public void What_a_load_publishes_is_its_table()
    {
        var task = Load("a", Good with { Into = "warehouse.ml.features", Keep = 2 });
        var output = Assert.Single(task.Outputs);
        Assert.Equal(("table", "table://warehouse/ml.features where day = {{ ds }}", 2), (output.Name, output.Path, output.Keep));
    }

    private static TaskKind.Load Upsert => Good with { Mode = LoadMode.Upsert, Partition = null, Keys = ["id", "day"] };

    private static TaskNode Load(string name, TaskKind.Load load) => Task(name) with { Kind = load };
}
