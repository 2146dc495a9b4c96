using System.Text.Json;
using System.Xml.Linq;

namespace Signalbox.Acceptance.Tests;

/// <summary>docs/specs/020-verify-idempotency.md</summary>
public sealed class Spec020VerifyIdempotency
{
    private const string Good = """
        tasks:
          make:
            run: "echo id,day > {{ outputs.x }}; for i in 1 2 3; do echo $i,{{ ds }} >> {{ outputs.x }}; done"
            outputs: { x: "out/{{ ds }}.csv" }
            timeout: 1m
          total:
            needs: [make]
            sql: "select sum(id) as total from x"
            inputs: { x: "{{ tasks.make.outputs.x }}" }
            outputs: { y: "out/{{ ds }}.parquet" }
            timeout: 1m

        """;

    [Fact]
    [Trait("Requirement", "S57")]
    [Trait("Requirement", "S100")]
    [Trait("Requirement", "S11")]
    public async Task A_job_that_can_be_run_again_is_proven_and_leaves_nothing_behind()
    {
        using var project = new TestProject().Pipeline("good", Good);
        Assert.Equal("unverified", (await Badges(project))["good"]);
        var call = (await project.CallAsync("verify", "idempotency", "good", "--date", "2001-01-05", "--json")).Expect(0);
        Assert.Equal("verified", call.Json.GetProperty("verdict").GetString());
        Assert.Equal(["make.x", "total.y"], Outputs(call).Keys);
        Assert.All(Outputs(call).Values, output => Assert.True(output.GetProperty("same").GetBoolean()));
        Assert.False(Directory.Exists(project.PathOf("out")), "a proof publishes nothing where live readers look");
        Assert.Empty(Directory.EnumerateFileSystemEntries(project.PathOf(".signalbox/namespaces")));

        Assert.Equal("verified", (await Badges(project))["good"]);
        Assert.Contains(
            "idempotency: verified (2001-01-05)",
            (await project.CallAsync("graph", "good")).Expect(0).Output,
            StringComparison.Ordinal
        );
        project.Pipeline("good", Good + "description: another version\n");
        Assert.Equal("unverified", (await Badges(project))["good"]);
    }

    [Fact]
    [Trait("Requirement", "S101")]
    [Trait("Requirement", "S107")]
    public async Task An_append_shows_as_doubling_and_the_live_file_is_not_touched()
    {
        using var project = new TestProject().Pipeline(
            "doubles",
            "tasks:\n  load:\n    run: \"mkdir -p out; for i in $(seq 1000); do echo $i,{{ ds }}; done >> out/all.csv\"\n    timeout: 1m\n"
        );
        var call = (await project.CallAsync("verify", "idempotency", "doubles", "--date", "2001-01-05", "--json")).Expect(1);
        Assert.Equal("not_idempotent", call.Json.GetProperty("verdict").GetString());
        Assert.Equal("Task is not idempotent: 1000 rows after first run, 2000 after second", call.Json.GetProperty("message").GetString());
        var output = Outputs(call)["out/all.csv"];
        Assert.Equal("append", output.GetProperty("cause").GetString());
        Assert.Equal("the rows doubled, and `tasks.load.run` appends", output.GetProperty("evidence").GetString());
        Assert.False(File.Exists(project.PathOf("out/all.csv")));
        Assert.Equal("not_idempotent", (await Badges(project))["doubles"]);
    }

    [Fact]
    [Trait("Requirement", "S101")]
    [Trait("Requirement", "S184")]
    public async Task A_load_that_appends_to_a_table_shows_as_doubling_and_its_scratch_tables_are_gone_afterwards()
    {
        using var project = new TestProject()
            .Write("signalbox.yaml", "connections:\n  local: { sqlite: w.db }\n")
            .Pipeline(
                "loads",
                """
                defaults: { timeout: 1m }
                tasks:
                  make:
                    run: "echo day,a > {{ outputs.x }}; for i in $(seq 1000); do echo {{ ds }},$i >> {{ outputs.x }}; done"
                    outputs: { x: "out/{{ ds }}.csv" }
                  replaced:
                    needs: [make]
                    load: { from: "{{ tasks.make.outputs.x }}", into: local.f, mode: replace_partition, partition: "day = {{ ds }}" }
                  appended:
                    needs: [make]
                    load: { from: "{{ tasks.make.outputs.x }}", into: local.g, mode: append, allow_duplicates: true }

                """
            );
        Run(
            "import sqlite3; c = sqlite3.connect('w.db'); c.execute('create table f (day text, a int)'); c.execute('create table g (day text, a int)')"
        );
        var call = (await project.CallAsync("verify", "idempotency", "loads", "--date", "2001-01-05", "--json")).Expect(1);
        Assert.Equal("Task is not idempotent: 1000 rows after first run, 2000 after second", call.Json.GetProperty("message").GetString());
        Assert.Equal(
            ["make.x ", "replaced.table ", "appended.table append"],
            Outputs(call).Select(output => $"{output.Key} {output.Value.GetProperty("cause").GetString()}")
        );
        Run(
            "import sqlite3; n = [row[0] for row in sqlite3.connect('w.db').execute('select name from sqlite_master')]; assert not [x for x in n if 'verify' in x], n"
        );
        Run("import sqlite3; assert sqlite3.connect('w.db').execute('select count(*) from g').fetchone() == (0,)");

        void Run(string code)
        {
            using var python = System.Diagnostics.Process.Start(
                new System.Diagnostics.ProcessStartInfo("python3", ["-c", code]) { WorkingDirectory = project.Folder }
            )!;
            python.WaitForExit();
            Assert.Equal(0, python.ExitCode);
        }
    }

    [Fact]
    [Trait("Requirement", "S101")]
    public async Task Doubling_shows_in_a_table_that_is_too_large_to_be_read()
    {
        using var project = new TestProject()
            .Write("signalbox.yaml", "connections:\n  local: { sqlite: w.db }\n")
            .Pipeline(
                "large",
                """
                tasks:
                  appended:
                    timeout: 1m
                    load: { query: "select i from range(600000) t(i)", into: local.g, mode: append, allow_duplicates: true }

                """
            );
        var call = (await project.CallAsync("verify", "idempotency", "large", "--date", "2001-01-05", "--json")).Expect(1);

        Assert.Equal(
            "Task is not idempotent: 600000 rows after first run, 1200000 after second",
            call.Json.GetProperty("message").GetString()
        );
        Assert.Equal("append", call.Json.GetProperty("cause").GetString());
    }

    [Fact]
    [Trait("Requirement", "S186")]
    public async Task The_likely_cause_is_named_by_what_differs()
    {
        using var project = new TestProject()
            .Pipeline(
                "mixed",
                """
                defaults: { timeout: 1m }
                tasks:
                  clock: { run: [python3, job.py, clock, "{{ outputs.x }}"], outputs: { x: "out/clock-{{ ds }}.csv" } }
                  ignored: { run: [python3, job.py, clock, "{{ outputs.x }}"], outputs: { x: { path: "out/ignored-{{ ds }}.csv", idempotency: { ignore: at } } } }
                  chance: { run: [python3, job.py, chance, "{{ outputs.x }}"], outputs: { x: "out/chance-{{ ds }}.csv" } }
                  near: { run: [python3, job.py, chance, "{{ outputs.x }}"], outputs: { x: { path: "out/near-{{ ds }}.csv", idempotency: { tolerance: { value: 1 } } } } }
                  order: { run: [python3, job.py, order, "{{ outputs.x }}"], outputs: { x: "out/order-{{ ds }}.csv" } }
                  any_order: { run: [python3, job.py, order, "{{ outputs.x }}"], outputs: { x: { path: "out/any-{{ ds }}.csv", idempotency: { order: any } } } }

                """
            )
            .Write(
                "job.py",
                """
                import datetime, random, sys
                kind, target = sys.argv[1:]
                rows = {
                    "clock": lambda: ["id,at"] + [f"{i},{datetime.datetime.now().isoformat()}" for i in range(3)],
                    "chance": lambda: ["id,value"] + [f"{i},{random.random()}" for i in range(3)],
                    "order": lambda: ["name"] + list({"alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta"}),
                }[kind]()
                open(target, "w").write("\n".join(rows) + "\n")

                """
            );
        var call = (
            await project.CallAsync("verify", "idempotency", "mixed", "--date", "2001-01-05", "--json", "--junit", "proof/junit.xml")
        ).Expect(1);
        var outputs = Outputs(call);
        Assert.Equal(
            ["clock.x wall_clock", "ignored.x ", "chance.x randomness", "near.x ", "order.x order", "any_order.x "],
            outputs.Select(output => $"{output.Key} {output.Value.GetProperty("cause").GetString()}")
        );
        Assert.Contains("`at`", outputs["clock.x"].GetProperty("evidence").GetString(), StringComparison.Ordinal);
        Assert.Contains("job.py:", outputs["chance.x"].GetProperty("evidence").GetString(), StringComparison.Ordinal);
        Assert.Equal(6, outputs["chance.x"].GetProperty("samples").GetArrayLength());
        Assert.Equal(
            ["id", "value"],
            outputs["chance.x"].GetProperty("columns").EnumerateArray().Select(column => column.GetProperty("name").GetString())
        );

        // Where there is no libfaketime, it is said.
        var shifted = call.Json.GetProperty("conditions")[0].GetString() == "a clock 1 day and 3 hours ahead";
        Assert.Equal(shifted ? 0 : 1, call.Json.GetProperty("notes").GetArrayLength());
    }

    [Fact]
    [Trait("Requirement", "S178")]
    public async Task The_exit_code_and_a_JUnit_file_are_for_build_servers()
    {
        using var project = new TestProject()
            .Pipeline("good", Good)
            .Pipeline("leaves", "tasks:\n  once: { run: mkdir made, timeout: 1m }\n");
        (await project.CallAsync("verify", "idempotency", "good", "--task", "make", "--date", "2001-01-05", "--junit", "good.xml")).Expect(
            0
        );
        var good = XDocument.Load(project.PathOf("good.xml")).Descendants("testcase").Single();
        Assert.Equal("make.x", good.Attribute("name")!.Value);
        Assert.Empty(good.Elements());

        var failed = (await project.CallAsync("verify", "idempotency", "leaves", "--date", "2001-01-05", "--junit", "bad.xml")).Expect(1);
        Assert.Contains("Task is not idempotent: the first run succeeded, the second failed", failed.Output, StringComparison.Ordinal);
        var suite = XDocument.Load(project.PathOf("bad.xml")).Descendants("testsuite").Single();
        Assert.Equal("1", suite.Attribute("failures")!.Value);
        Assert.Contains("the second failed", suite.Descendants("failure").Single().Attribute("message")!.Value, StringComparison.Ordinal);
        (await project.CallAsync("verify", "idempotency", "good", "--task", "mak", "--date", "2001-01-05")).Expect(2);
    }

    [Fact]
    [Trait("Requirement", "S187")]
    public async Task A_pipeline_without_a_proof_has_the_badge_unverified()
    {
        using var project = new TestProject().Pipeline("good", Good);
        var line = (await project.CallAsync("verify", "list")).Expect(0).Output.Split('\n')[1];
        Assert.Equal(["good", "unverified"], line.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        var graph = (await project.CallAsync("graph", "good", "--json")).Expect(0).Json;
        Assert.Equal("unverified", graph.GetProperty("idempotency").GetString());
    }

    private static Dictionary<string, JsonElement> Outputs(Called call) =>
        call
            .Json.GetProperty("outputs")
            .EnumerateArray()
            .ToDictionary(output =>
                output.GetProperty("task").GetString() is { } task
                    ? $"{task}.{output.GetProperty("output").GetString()}"
                    : output.GetProperty("output").GetString()!
            );

    private static async Task<Dictionary<string, string>> Badges(TestProject project) =>
        (await project.CallAsync("verify", "list", "--json"))
            .Expect(0)
            .Json.EnumerateArray()
            .ToDictionary(badge => badge.GetProperty("pipeline").GetString()!, badge => badge.GetProperty("idempotency").GetString()!);
}
