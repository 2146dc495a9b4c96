using System.Text;
using System.Text.Json.Nodes;
using Signalbox.Engine.PipelineFiles;

namespace Signalbox.Engine.Tests.PipelineFiles;

/// <summary>The schema files are what the code says, and they accept what the reader accepts.</summary>
public sealed class SchemaTests
{
    [Fact]
    public void The_schema_of_pipelines_in_the_repository_is_the_one_the_code_makes() =>
        Compare("pipeline.schema.json", JsonSchemas.Pipeline);

    [Fact]
    public void The_schema_of_projects_in_the_repository_is_the_one_the_code_makes() => Compare("project.schema.json", JsonSchemas.Project);

    [Theory]
    [InlineData("pipeline: p\nrun: a")]
    [InlineData("pipeline: p\nschedule: { cron: '@daily', timezone: UTC }\nend: null\nrun: [a, 1]")]
    [InlineData("pipeline: p\nparams: { a: 1, b: { type: integer, enum: [1, 2], default: 1 }, c: [1], d: no }\npython: x")]
    [InlineData("pipeline: p\ntriggers: [{ datasets: a }]\nrun: x")]
    [InlineData("pipeline: p\ntriggers: [{ datasets: { any: [a, { all: [b, c] }], consume: batch, partitions: any } }]\nrun: x")]
    [InlineData("pipeline: p\ntags: x\ndefaults: { jitter: true, retry_on: lost, env: { A: 1 } }\nsql: { file: a.sql }")]
    [InlineData("pipeline: p\ntasks: { a: { noop: }, b: { noop: {}, needs: a }, c: { wait_for: { time: '06:00' }, every: 5m } }")]
    [InlineData("pipeline: p\ntasks: { a: { wait_for: { file: x, min_size: 10KB } }, b: { wait_for: { task: { pipeline: q } } } }")]
    [InlineData(
        "pipeline: p\ntasks: { a: { run: x, outputs: { o: 'y{{ map_index }}', p: { path: 'z{{ map_index }}/', optional: true } }, for_each: '{{ [1] }}', label: b } }"
    )]
    [InlineData(
        "pipeline: p\ntasks: { a: { run: x, outputs: { p: { path: z, checks: [{ row_count: { min: 1 } }, { unique: a, severity: warn }] } } } }"
    )]
    [InlineData(
        "pipeline: p\ntasks: { a: { run: x, outputs: { o: { path: y, model: m } } }, b: { needs: a, promote: { model: m, alias: champion } } }"
    )]
    public void What_the_reader_takes_the_schema_takes(string text)
    {
        Yaml.Good(text);
        Assert.Null(Refusal(text));
    }

    [Theory]
    [InlineData("run: a")]
    [InlineData("pipeline: p")]
    [InlineData("pipeline: a b\nrun: x")]
    [InlineData("pipeline: p\nrun: a\nsql: b")]
    [InlineData("pipeline: p\nrun: a\nretries: 2")]
    [InlineData("pipeline: p\nrun: a\nmax_active_runs: 0")]
    [InlineData("pipeline: p\nrun: a\nstart: yesterday")]
    [InlineData("pipeline: p\nrun: a\ntriggers: [{ datasets: { all: [] } }]")]
    [InlineData("pipeline: p\nrun: a\ntriggers: [{ datasets: { any: [b], all: [a] } }]")]
    [InlineData("pipeline: p\nrun: a\ndefaults: { timeout: 5 minutes }")]
    [InlineData("pipeline: p\nrun: a\ndefaults: { backoff: linear }")]
    [InlineData("pipeline: p\ntasks: {}")]
    [InlineData("pipeline: p\ntasks: { a: {} }")]
    [InlineData("pipeline: p\ntasks: { a: { run: x, sql: y } }")]
    [InlineData("pipeline: p\ntasks: { a: { run: x, every: 5m } }")]
    [InlineData("pipeline: p\ntasks: { a: { wait_for: { time: '06:00', min_size: 4 } } }")]
    [InlineData("pipeline: p\ntasks: { a: { run: x, outputs: { o: { dataset: d } } } }")]
    [InlineData("pipeline: p\ntasks: { a: { run: x, outputs: { o: { path: d, checks: [{ unique: a, not_null: b }] } } } }")]
    public void What_the_reader_refuses_the_schema_refuses(string text)
    {
        Assert.NotEmpty(Yaml.Problems(text));
        Assert.NotNull(Refusal(text));
    }

    public static TheoryData<string> Schemas => [JsonSchemas.Pipeline, JsonSchemas.Project];

    [Theory]
    [MemberData(nameof(Schemas), DisableDiscoveryEnumeration = true)]
    public void Every_key_is_described_and_every_example_and_default_fits_its_key(string text)
    {
        var root = JsonNode.Parse(text)!.AsObject();
        var schema = new MiniSchema(root);
        var keys = 0;
        foreach (var (definition, shape) in root["$defs"]!.AsObject())
        {
            foreach (var (key, field) in shape!["properties"]!.AsObject())
            {
                keys++;
                Assert.True(field!["description"]!.GetValue<string>().Length > 5, $"{definition}.{key}");
                foreach (var value in (field["examples"]?.AsArray() ?? []).Append(field["default"]).Where(value => value is not null))
                {
                    Assert.True(schema.Refusal(field, value) is null, $"{definition}.{key}: {value} {schema.Refusal(field, value)}");
                }
            }
        }

        Assert.True(keys >= 20, keys.ToString());
    }

    [Fact]
    public void Writing_out_every_default_changes_nothing()
    {
        var root = JsonNode.Parse(JsonSchemas.Pipeline)!.AsObject();
        string Defaults(string definition, string indent) =>
            string.Concat(
                root["$defs"]![definition]!["properties"]!
                    .AsObject()
                    .Where(field => field.Value!["default"] is not null && field.Key != "every")
                    .Select(field => $"{indent}{field.Key}: {field.Value!["default"]!.ToJsonString()}\n")
            );

        var written = Yaml.Good($"pipeline: p\n{Defaults("pipeline", "")}tasks:\n  t:\n    run: echo\n{Defaults("task", "    ")}");
        var plain = Yaml.Good("pipeline: p\ntasks:\n  t: { run: echo }\n");
        Assert.Equal(plain with { Tasks = [], Params = written.Params, Tags = written.Tags }, written with { Tasks = [] });
        var (left, right) = (plain.Tasks[0], written.Tasks[0]);
        Assert.Equal(Signalbox.Core.Definitions.TaskNode.DefaultTimeout, right.Timeout);
        Assert.Equal(
            left with
            {
                Needs = right.Needs,
                Outputs = right.Outputs,
                Env = right.Env,
                Inputs = right.Inputs,
                InputChecks = right.InputChecks,
                Timeout = right.Timeout,
                Retry = left.Retry with { RetryOn = right.Retry.RetryOn },
            },
            right
        );
    }

    private static string? Refusal(string text)
    {
        var root = JsonNode.Parse(JsonSchemas.Pipeline)!.AsObject();
        return new MiniSchema(root).Refusal(root, YamlAsJson.Of(Encoding.UTF8.GetBytes(text)));
    }

    internal static void Compare(string name, string text)
    {
        var path = Path.Combine(Root(), "schemas", name);
        if (Environment.GetEnvironmentVariable("SIGNALBOX_WRITE") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, text);
        }

        Assert.True(
            File.Exists(path) && File.ReadAllText(path) == text,
            $"{path} is not what the code makes; run this test with SIGNALBOX_WRITE=1 to write it anew"
        );
    }

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Signalbox.slnx")))
        {
            folder = folder.Parent!;
        }

        return folder.FullName;
    }
}
