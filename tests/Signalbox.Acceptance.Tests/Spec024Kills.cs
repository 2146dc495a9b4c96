using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Signalbox.Acceptance.Tests;

/// <summary>docs/specs/024-datasets.md: the program killed at the steps of publishing, attempts that come back, and a full disk.</summary>
public sealed partial class Spec024Kills
{
    private const int Killed = 137;
    private const string Fault = "SIGNALBOX_FAULT";

    private const string Pipeline = """
        params: { v: { type: string, default: "1" } }
        tasks:
          make:
            run: |
              echo {{ params.v }} > {{ outputs.file }}
              for i in 1 2 3; do echo {{ params.v }} > {{ outputs.folder }}/$i; done
            outputs:
              file: { path: data/file.txt, dataset: made, keep: 1 }
              folder: { path: data/folder/, dataset: made, keep: 1 }
        """;

    /// <param name="first">Whether the first publication of a path comes by this step.</param>
    /// <param name="perOutput">Whether each output comes by it: then the folder, the second one, is killed as well.</param>
    [Theory]
    [Trait("Requirement", "S95")]
    [Trait("Requirement", "S108")]
    [InlineData("publish-before-intent", true, false)]
    [InlineData("publish-after-intent", true, false)]
    [InlineData("local-before-swap", true, true)]
    [InlineData("local-after-swap", true, true)]
    [InlineData("local-after-sync", true, true)]
    [InlineData("local-after-retire", false, true)]
    [InlineData("publish-after-placed", true, true)]
    [InlineData("publish-after-current", true, true)]
    public async Task Killed_at_a_step_of_publishing_readers_see_a_whole_version_and_the_next_engine_goes_on(
        string point,
        bool first,
        bool perOutput
    )
    {
        using var project = new TestProject().Pipeline("killed", Pipeline);
        var version = 0;
        if (!first)
        {
            await project.RunAsync("killed", 0, "--param", $"v={++version}");
        }

        for (var output = 1; output <= (perOutput ? 2 : 1); output++)
        {
            await KilledAsync(output, isFirst: first && output == 1);
        }

        await KilledAsync(1, isFirst: false);

        async Task KilledAsync(int output, bool isFirst)
        {
            var (old, now) = (version, ++version);
            project.Environment[Fault] = $"{point}:{output}";
            (await project.CallAsync("run", "killed", "--run-id", $"r{now}", "--param", $"v={now}")).Expect(Killed);
            project.Environment.Remove(Fault);
            foreach (var file in (string[])["data/file.txt", "data/folder/1"])
            {
                Assert.True(
                    File.Exists(project.PathOf(file))
                        ? project.Read(file).Trim() is var seen && (seen == $"{old}" || seen == $"{now}")
                        : isFirst,
                    file
                );
            }

            // The same run again is taken over, and goes on.
            (await project.CallAsync("run", "killed", "--run-id", $"r{now}")).Expect(0);
            await AssertWholeAsync(project, $"{now}");
            var run = (await project.CallAsync("runs", "show", $"killed/r{now}", "--json")).Expect(0).Json.GetProperty("run");
            Assert.Equal(
                ["published", "published"],
                run.GetProperty("published").EnumerateArray().Select(each => each.GetProperty("state").GetString())
            );
        }
    }

    [Theory]
    [Trait("Requirement", "S183")]
    [InlineData("switch-after-intent")]
    [InlineData("local-after-switch")]
    [InlineData("local-after-retire")]
    [InlineData("switch-after-placed")]
    [InlineData("switch-after-recorded")]
    public async Task A_rollback_that_was_killed_is_finished_once(string point)
    {
        using var project = new TestProject().Pipeline("killed", Pipeline);
        await project.RunAsync("killed", 0, "--param", "v=1");
        await project.RunAsync("killed", 0, "--param", "v=2");
        project.Environment[Fault] = point;
        (await project.CallAsync("datasets", "rollback", "made", "--reason", "wrong")).Expect(Killed);
        project.Environment.Remove(Fault);
        foreach (var file in (string[])["data/file.txt", "data/folder/1"])
        {
            Assert.Contains(project.Read(file).Trim(), (string[])["1", "2"]);
        }

        await using (await TestServer.StartAsync(project))
        {
            await Eventually.TrueAsync(
                () => project.Read("data/file.txt") == "1\n" && project.Read("data/folder/1") == "1\n",
                TimeSpan.FromSeconds(30)
            );
        }

        await AssertWholeAsync(project, "1");
        var made = (await project.CallAsync("datasets", "show", "made", "--json")).Expect(0).Json.GetProperty("switches");
        Assert.Equal(2, made.EnumerateArray().Count(each => each.GetProperty("reason").GetString() == "wrong"));
    }

    [Fact]
    [Trait("Requirement", "S90")]
    public async Task An_attempt_that_was_declared_lost_and_wakes_up_publishes_nothing()
    {
        using var project = new TestProject().Pipeline(
            "late",
            """
            tasks:
              make:
                run: |
                  if [ $SIGNALBOX_ATTEMPT = 1 ]; then echo $$ > pid; until test -e go; do sleep 0.05; done; fi
                  mkdir -p "$(dirname {{ outputs.out }})"
                  echo $SIGNALBOX_ATTEMPT > {{ outputs.out }}
                outputs: { out: { path: data/out, dataset: made } }
            """
        );
        using var first = BuiltProgram.Start(project.Folder, project.Environment, "run", "late", "--run-id", "r", "--json");
        await Eventually.TrueAsync(() => File.Exists(project.PathOf("pid")) && project.Read("pid").Length > 1, TimeSpan.FromSeconds(30));
        var session = Session(int.Parse(project.Read("pid")));
        SignalAll(session, "-STOP");
        first.Kill();
        await first.WaitForExitAsync(TestContext.Current.CancellationToken);

        // What says how the attempt goes is out of sight for a while, as a file system is that is not mounted.
        var folder = Assert.Single(Directory.GetDirectories(project.PathOf(".signalbox/runs/1"), "make~1"));
        var record = Path.Combine(folder, "exit");
        File.Move(record, record + ".away");
        (await project.CallAsync("run", "late", "--run-id", "r")).Expect(0);
        Assert.Equal("2\n", project.Read("data/out"));

        File.Move(record + ".away", record);
        project.Write("go", "");
        SignalAll(session, "-CONT");
        await Eventually.TrueAsync(() => File.ReadAllText(record).Contains(" end\n", StringComparison.Ordinal), TimeSpan.FromSeconds(30));
        Assert.Contains("1 exit 0 end", File.ReadAllText(record), StringComparison.Ordinal);
        await using (var server = await TestServer.StartAsync(project))
        {
            await server.SaysAsync(line => line.Contains("declared lost", StringComparison.Ordinal));
        }

        Assert.Equal("2\n", project.Read("data/out"));
        var show = (await project.CallAsync("datasets", "show", "made", "--json")).Expect(0).Json;
        Assert.Equal(2, Assert.Single(show.GetProperty("versions").EnumerateArray()).GetProperty("attempt").GetInt32());
        Assert.Equal(1, Assert.Single(show.GetProperty("refusals").EnumerateArray()).GetProperty("attempt").GetInt32());
        var why = (await project.CallAsync("why", "1", "make", "--json")).Expect(0).Json.GetProperty("reasons").EnumerateArray();
        Assert.Contains(why, reason => reason.GetProperty("kind").GetString() == "refused");
        Assert.Contains(
            "refused: make, attempt 1",
            (await project.CallAsync("runs", "show", "1")).Expect(0).Output,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_full_disk_in_staging_is_a_full_disk_with_no_retry_and_the_version_that_readers_see_is_untouched()
    {
        if (GetEffectiveUserId() != 0)
        {
            TestContext.Current.TestOutputHelper?.WriteLine("not tested: only root can mount a small file system");
            return;
        }

        using var project = new TestProject().Pipeline(
            "full",
            """
            params: { bytes: { type: integer } }
            tasks:
              make:
                run: head -c {{ params.bytes }} /dev/zero > {{ outputs.out }}
                retries: 3
                outputs: { out: { path: data/out.bin } }
            """
        );
        Directory.CreateDirectory(project.PathOf("data"));
        Run("/bin/mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", project.PathOf("data"));
        try
        {
            await project.RunAsync("full", 0, "--param", "bytes=1000");
            var run = await project.RunAsync("full", 1, "--param", "bytes=5000000");
            var attempt = Assert.Single(run.Attempts("make"));
            Assert.Equal("disk_full", attempt.GetProperty("failure").GetProperty("class").GetString());
            Assert.Equal(1000, new FileInfo(project.PathOf("data/out.bin")).Length);
            Assert.Empty(run.Json.GetProperty("published").EnumerateArray());
            // Nothing of it is left, so the next one has room.
            await project.RunAsync("full", 0, "--param", "bytes=300000");
            Assert.Equal(300_000, new FileInfo(project.PathOf("data/out.bin")).Length);
        }
        finally
        {
            Run("/bin/umount", project.PathOf("data"));
        }
    }

    private static async Task AssertWholeAsync(TestProject project, string value)
    {
        Assert.Equal($"{value}\n", project.Read("data/file.txt"));
        Assert.Equal(
            ["1", "2", "3"],
            Directory.GetFiles(project.PathOf("data/folder")).Select(Path.GetFileName).Order(StringComparer.Ordinal)
        );
        Assert.All(Directory.GetFiles(project.PathOf("data/folder")), file => Assert.Equal($"{value}\n", File.ReadAllText(file)));
        Assert.Empty(Directory.GetDirectories(project.PathOf(".signalbox/staging")));
        var versions = (await project.CallAsync("datasets", "show", "made", "--json")).Expect(0).Json.GetProperty("versions");
        var kept = versions.EnumerateArray().Count(each => each.GetProperty("kept_at").GetString() is not null);
        Assert.Equal(
            kept,
            Directory.Exists(project.PathOf(".signalbox/versions"))
                ? Directory.GetDirectories(project.PathOf(".signalbox/versions")).Length
                : 0
        );
        Assert.InRange(kept, 0, 2);
    }

    /// <summary>The processes of an attempt: all that are in the session of its command.</summary>
    private static List<int> Session(int pid)
    {
        var session = SessionOf(pid);
        return
        [
            .. Directory
                .GetDirectories("/proc")
                .Select(Path.GetFileName)
                .Where(name => int.TryParse(name, out _))
                .Select(name => int.Parse(name!))
                .Where(each => SessionOf(each) == session),
        ];
    }

    private static void SignalAll(List<int> session, string signal)
    {
        foreach (var pid in session)
        {
            using var kill = Process.Start("/bin/kill", [signal, $"{pid}"]);
            kill.WaitForExit();
        }
    }

    private static int SessionOf(int pid)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            return int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[3]);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return -1;
        }
    }

    private static void Run(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint GetEffectiveUserId();
}
