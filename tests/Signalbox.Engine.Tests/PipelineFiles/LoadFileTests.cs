using System.Text;
using Signalbox.Core.Definitions;
using Signalbox.Engine.PipelineFiles;
using Signalbox.Engine.Projects;

namespace Signalbox.Engine.Tests.PipelineFiles;

/// <summary><c>load:</c> as it is written.</summary>
public sealed class LoadFileTests
{
    [Fact]
    public void A_load_has_all_its_keys()
    {
        var kind = Assert.IsType<TaskKind.Load>(
            Yaml.Task(
                "load: { from: a.parquet, into: warehouse.ml.t, mode: replace_partition, partition: \"day = {{ ds }}\", keep: 3 }"
            ).Kind
        );
        Assert.Equal(
            ("a.parquet", null, "warehouse.ml.t", LoadMode.ReplacePartition, "day = {{ ds }}", false, 3),
            (kind.From, kind.Query, kind.Into, kind.Mode, kind.Partition, kind.AllowDuplicates, kind.Keep)
        );
        var upsert = Assert.IsType<TaskKind.Load>(Yaml.Task("load: { query: select 1 as id, into: w.t, mode: upsert, keys: id }").Kind);
        Assert.Equal(["id"], upsert.Keys);
        Assert.Equal("select 1 as id", upsert.Query);
    }

    [Theory]
    [InlineData("wharehouse.t", "unknown connection `wharehouse`; did you mean `warehouse`?")]
    [InlineData("lake.t", "the connection `lake` is no database with tables; a load goes into postgres, sqlite or duckdb")]
    [InlineData("local.main.t", "`local` is SQLite, which has no schemas: write `local.t`")]
    [InlineData("elsewhere.t", "unknown connection `elsewhere`; write in signalbox.yaml: connections: { elsewhere: { postgres:")]
    public void A_connection_that_is_none_is_told_at_its_place(string into, string problem)
    {
        using var folder = new TemporaryFolder();
        folder.Write(
            "signalbox.yaml",
            "connections: { lake: { s3: {} }, warehouse: { postgres: \"postgresql://a@b/c\" }, local: { sqlite: a.db } }\n"
        );
        var project = Project.Open(folder.Path).Project!;
        var parsed = PipelineFile.Parse(
            "p.yaml",
            Encoding.UTF8.GetBytes(
                $"pipeline: p\ntimeout: 1h\ntasks:\n  t:\n    load:\n      from: a.csv\n      into: {into}\n      mode: replace_table\n"
            ),
            projectDefaults: null,
            project.Connections
        );
        var found = Assert.Single(parsed.Problems);
        Assert.Equal((7, 13), (found.Line, found.Column));
        Assert.StartsWith(problem, found.Message);
    }

    [Fact]
    [Trait("Requirement", "S184")]
    public void Mistakes_have_their_places()
    {
        var parsed = PipelineFile.Parse(
            "p.yaml",
            "pipeline: p\ntimeout: 1h\ntasks:\n  a:\n    load: { from: a.csv, into: w.t, mode: append }\n  b:\n    load: { from: a.csv, into: w.t, mode: upsrt }\n  c:\n    load: { from: a.csv, into: w.u, mode: replace_table }\n    outputs: { x: x.csv }\n"u8
        );
        Assert.Equal(
            ["5:43 append-duplicates", "7:43 wrong-value", "10:5 wrong-key"],
            parsed.Problems.OrderBy(problem => problem.Line).Select(problem => $"{problem.Line}:{problem.Column} {problem.Code}")
        );
    }
}
