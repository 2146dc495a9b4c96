using System.Text.Json;

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

    private static long[] Runs(JsonElement plan) =>
        [.. plan.GetProperty("runs").EnumerateArray().Select(run => run.GetProperty("run").GetInt64())];
}
