namespace Signalbox.Acceptance.Tests;

/// <summary>docs/specs/051-backup.md</summary>
public sealed class Spec051Backup
{
    [Fact]
    [Trait("Requirement", "S94")]
    public async Task What_was_backed_up_under_a_server_is_put_back_and_the_check_tells_what_no_longer_fits()
    {
        using var project = new TestProject().Pipeline(
            "daily",
            "tasks:\n  a: { run: \"echo $(date +%s%N) > {{ outputs.out }}\", outputs: { out: \"data/{{ ds }}.txt\" } }\n"
        );
        var first = await project.RunAsync("daily", 0, "--date", "2024-03-01");
        var backup = project.PathOf("yesterday.backup");
        await using (var server = await TestServer.StartAsync(project))
        {
            (await project.CallAsync("db", "backup", backup)).Expect(0);
            Assert.Contains("another", (await project.CallAsync("db", "restore", backup)).Expect(2).Error, StringComparison.Ordinal);
        }

        Assert.Contains("there already", (await project.CallAsync("db", "backup", backup)).Expect(2).Error, StringComparison.Ordinal);
        var second = await project.RunAsync("daily", 0, "--date", "2024-03-02");
        Assert.Equal(first.Number + 1, second.Number);
        Assert.Empty(Problems((await project.CallAsync("db", "check", "--contents", "--json")).Expect(0)));

        var restored = (await project.CallAsync("db", "restore", backup, "--json")).Expect(0).Json;
        Assert.Equal(2, restored.GetProperty("incarnation").GetInt32());
        Assert.True(File.Exists(restored.GetProperty("file").GetString()));

        // The run from after the backup is on the disk alone; no run is given its number again.
        var orphan = Assert.Single(Problems((await project.CallAsync("db", "check", "--json")).Expect(1)));
        Assert.Contains($"there is no run {second.Number}", orphan, StringComparison.Ordinal);
        Assert.Equal(1001, (await project.RunAsync("daily", 0, "--date", "2024-03-02")).Number);

        File.WriteAllText(project.PathOf("data/2024-03-01.txt"), "changed");
        Directory.Delete(project.PathOf($".signalbox/runs/{first.Number}"), recursive: true);
        var problems = Problems((await project.CallAsync("db", "check", "--json")).Expect(1));
        Assert.Contains(problems, problem => problem.Contains("is not what was published", StringComparison.Ordinal));
        Assert.Contains(problems, problem => problem.Contains("its folder with the logs is gone", StringComparison.Ordinal));
        (await project.CallAsync("db", "restore")).Expect(2);
        (await project.CallAsync("db", "restore", "--in-place")).Expect(0);
    }

    private static string[] Problems(Called called) =>
        [.. called.Json.GetProperty("problems").EnumerateArray().Select(problem => problem.GetString()!)];
}
