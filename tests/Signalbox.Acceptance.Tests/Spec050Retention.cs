using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Signalbox.S3Server;

namespace Signalbox.Acceptance.Tests;

/// <summary>docs/specs/050-retention.md</summary>
public sealed class Spec050Retention
{
    [Fact]
    public async Task The_dry_run_prints_what_then_goes_and_what_is_pinned_or_current_stays()
    {
        using var project = new TestProject().Pipeline(
            "daily",
            "retention: { age: 1ms, runs: 0 }\ntasks:\n  a: { run: \"date +%N > {{ outputs.out }}\", outputs: { out: { path: data/out.txt, keep: 3 } } }\n"
        );
        var runs = new List<long>();
        for (var i = 0; i < 4; i++)
        {
            runs.Add((await project.RunAsync("daily", 0, "--date", "2024-03-01")).Number);
        }

        (await project.CallAsync("pin", $"{runs[1]}", "--reason", "the audit rests on it")).Expect(0);
        var plan = (await project.CallAsync("db", "retention", "--dry-run", "--json")).Expect(0).Json;
        Assert.Equal([runs[0], runs[2]], Runs(plan));
        Assert.Equal(2, plan.GetProperty("versions").GetArrayLength());
        Assert.Contains(plan.GetProperty("stays").EnumerateArray(), stays => stays.GetProperty("reason").GetString() == "it is pinned");

        await using (await TestServer.StartAsync(project))
        {
            var done = (await project.CallAsync("db", "retention", "--json")).Expect(0).Json;
            foreach (var part in new[] { "runs", "versions", "records", "stays" })
            {
                Assert.Equal(plan.GetProperty(part).GetRawText(), done.GetProperty(part).GetRawText());
            }

            Assert.Equal([false, true, false, true], runs.Select(run => Directory.Exists(project.PathOf($".signalbox/runs/{run}"))));
        }

        Assert.All(
            plan.GetProperty("versions").EnumerateArray(),
            version => Assert.False(File.Exists(version.GetProperty("path").GetString()))
        );
        (await project.CallAsync("runs", "show", $"{runs[0]}")).Expect(2);
        (await project.CallAsync("unpin", $"{runs[1]}")).Expect(0);
        Assert.Contains($"removed: {runs[1]}", (await project.CallAsync("db", "retention")).Expect(0).Output, StringComparison.Ordinal);
        Assert.Empty(
            (await project.CallAsync("db", "check", "--contents", "--json")).Expect(0).Json.GetProperty("problems").EnumerateArray()
        );
    }

    [Fact]
    public async Task Contents_in_a_bucket_and_in_a_database_go_with_their_runs_and_the_pinned_and_the_last_stay()
    {
        await using var server = await LocalS3.StartAsync("lake");
        using var project = new TestProject()
            .Write(
                "signalbox.yaml",
                $$"""
                connections:
                  store: { s3: { endpoint: "{{server.Endpoint}}", access_key: secret:access, secret_key: secret:key } }
                  base: { sqlite: data/base.db }

                """
            )
            .Pipeline(
                "daily",
                """
                retention: { age: 1ms, runs: 0 }
                params: { v: { type: integer } }
                tasks:
                  make:
                    run: echo {{ params.v }} > {{ outputs.one }}; echo {{ params.v }} > {{ outputs.many }}/a.txt
                    outputs: { one: { path: "s3://lake/one.txt", keep: 9 }, many: { path: "s3://lake/many/", keep: 9 } }
                  load:
                    load: { query: "select {{ params.v }} as v", into: base.numbers, mode: replace_table, keep: 9 }
                """
            );
        project.Environment["SIGNALBOX_SECRET_ACCESS"] = server.AccessKey;
        project.Environment["SIGNALBOX_SECRET_KEY"] = server.SecretKey;
        var runs = new List<long>();
        for (var v = 1; v <= 4; v++)
        {
            runs.Add((await project.RunAsync("daily", 0, "--date", "2024-03-01", "--param", $"v={v}")).Number);
        }

        Assert.Equal(["1", "1", "2", "2", "3", "3", "4", "4"], InBucket());
        Assert.Equal(["1", "2", "3", "4"], await InDatabaseAsync());
        (await project.CallAsync("pin", $"{runs[1]}", "--reason", "the audit rests on it")).Expect(0);

        var done = (await project.CallAsync("db", "retention", "--json")).Expect(0).Json;

        Assert.Equal([runs[0], runs[2]], Runs(done));
        Assert.Equal(["2", "2", "4", "4"], InBucket());
        Assert.Equal(["2", "4"], await InDatabaseAsync());

        string[] InBucket() =>
            [
                .. server
                    .Objects.Keys("lake", "")
                    .Where(key => !key.EndsWith(".json", StringComparison.Ordinal))
                    .Select(key => Encoding.UTF8.GetString(server.Objects.Get("lake", key)!.Content).Trim())
                    .Order(StringComparer.Ordinal),
            ];

        async Task<string[]> InDatabaseAsync()
        {
            const string program =
                "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); "
                + "names = [n for (n,) in c.execute(\"select name from sqlite_master where type = 'table'\")]; "
                + "print(*sorted(v for n in names if n == 'numbers' or n.startswith('signalbox_kept') for (v,) in c.execute(f'select v from \"{n}\"')))";
            using var python = Process.Start(
                new ProcessStartInfo("python3", ["-c", program, project.PathOf("data/base.db")])
                {
                    UseShellExecute = false,
                    RedirectStandardOutput = true,
                }
            )!;
            return (await python.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken)).Trim().Split(' ');
        }
    }

    private static long[] Runs(JsonElement plan) =>
        [.. plan.GetProperty("runs").EnumerateArray().Select(run => run.GetProperty("run").GetInt64())];
}
