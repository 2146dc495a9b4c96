using System.Diagnostics;
using System.Net;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

namespace Signalbox.Acceptance.Tests;

/// <summary>docs/specs/048-custody.md</summary>
[Trait("Requirement", "S94")]
public sealed class Spec048Custody
{
    private const string Pipeline = """
        tasks:
          long: { run: "echo $$ >> pid.txt; n=0; until test -e go; do n=$((n+1)); echo $n; sleep 0.05; done; echo last" }
          after: { needs: [long], run: "echo after >> after.txt" }
        """;

    [Fact]
    public async Task Another_version_of_the_program_takes_over_what_runs_as_it_is()
    {
        using var project = new TestProject().Pipeline("long", Pipeline);
        using var other = new OtherVersion();
        RunSeen run;
        await using (var old = await TestServer.StartOtherAsync(other.Program, project))
        {
            run = await BeginAsync(project);
            var (code, took) = await old.TerminateAsync();
            Assert.Equal(0, code);
            Assert.InRange(took, TimeSpan.Zero, TimeSpan.FromSeconds(10));
        }

        var before = Written(project, run);
        await using var server = await TestServer.StartAsync(project);
        await Eventually.TrueAsync(() => Written(project, run) > before, TimeSpan.FromSeconds(20));
        project.Write("go", "");
        var ended = await project.EndedAsync(run.Number);
        Assert.Equal("success", ended.State);
        Assert.Single(project.Lines("pid.txt"));
        Assert.Single(project.Lines("after.txt"));
        var lines = (await project.CallAsync("logs", $"{run.Number}", "long")).Expect(0).Output.TrimEnd().Split('\n');
        Assert.Equal([.. Enumerable.Range(1, lines.Length - 1).Select(n => $"{n}"), "last"], lines);
        var attempt = Assert.Single(ended.Attempts("long"));
        Assert.Equal((1, 0), (attempt.GetProperty("number").GetInt32(), attempt.GetProperty("exit_code").GetInt32()));
        Assert.InRange(attempt.GetProperty("cpu_seconds").GetDouble(), 0.001, 60);
    }

    [Fact]
    public async Task A_server_that_drains_begins_nothing_more_and_ends_with_what_runs_or_at_a_second_signal()
    {
        using var project = new TestProject().Pipeline("long", Pipeline);
        await using (var first = await TestServer.StartAsync(project, "--drain"))
        {
            var run = await BeginAsync(project);
            using var http = new HttpClient { BaseAddress = first.Address };
            first.Signal("TERM");
            await first.SaysAsync(line => line.Contains("draining", StringComparison.Ordinal));
            using var ready = await http.GetAsync("/readyz", TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
            project.Write("go", "");
            Assert.Equal(0, await first.EndAsync());
            var seen = new RunSeen((await project.CallAsync("runs", "show", $"{run.Number}", "--json")).Expect(0).Json.GetProperty("run"));
            Assert.Equal(("success", "scheduled"), (seen.States["long"], seen.States["after"]));
            Assert.Empty(project.Lines("after.txt"));
        }

        await using var second = await TestServer.StartAsync(project, "--drain");
        Assert.Equal("success", (await project.EndedAsync(1)).State);
        Assert.Single(project.Lines("after.txt"));

        File.Delete(project.PathOf("go"));
        await BeginAsync(project);
        second.Signal("TERM");
        await second.SaysAsync(line => line.Contains("draining", StringComparison.Ordinal));
        var watch = Stopwatch.StartNew();
        second.Signal("TERM");
        Assert.Equal(0, await second.EndAsync());
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(10));
        var command = $"/proc/{project.Lines("pid.txt")[^1]}";
        Assert.True(Directory.Exists(command));
        project.Write("go", "");
        await Eventually.TrueAsync(() => !Directory.Exists(command), TimeSpan.FromSeconds(10));
    }

    private static async Task<RunSeen> BeginAsync(TestProject project)
    {
        var before = project.Lines("pid.txt").Length;
        var run = new RunSeen((await project.CallAsync("run", "long", "--detach", "--json")).Expect(0).Json);
        await Eventually.TrueAsync(() => project.Lines("pid.txt").Length > before && Written(project, run) > 0, TimeSpan.FromSeconds(20));
        return run;
    }

    private static long Written(TestProject project, RunSeen run)
    {
        var logs = Path.Combine(project.Folder, ".signalbox");
        return Directory
            .EnumerateFiles(logs, "stdout.log", SearchOption.AllDirectories)
            .Select(log => new FileInfo(log).Length)
            .Append(0)
            .Max();
    }

    /// <summary>The built program under another version number, in a folder of its own.</summary>
    private sealed class OtherVersion : IDisposable
    {
        private readonly string _folder = Directory.CreateTempSubdirectory("signalbox-version-").FullName;

        public OtherVersion()
        {
            var app = Path.GetDirectoryName(BuiltProgram.Path)!;
            Copy($"cp -al '{app}/.' '{_folder}' 2>/dev/null || cp -a '{app}/.' '{_folder}'");
            var assembly = Path.Combine(_folder, "signalbox.dll");
            var bytes = File.ReadAllBytes(assembly);
            int version;
            using (var file = new PEReader([.. bytes]))
            {
                // The row of the assembly begins with the algorithm of its hash, 4 bytes; then comes the major number.
                version = file.PEHeaders.MetadataStartOffset + file.GetMetadataReader().GetTableMetadataOffset(TableIndex.Assembly) + 4;
            }

            bytes[version] += 1;
            File.Delete(assembly); // a hard link: what is written to it would be in the other folder too
            File.WriteAllBytes(assembly, bytes);
            Assert.NotEqual(VersionOf(BuiltProgram.Path), VersionOf(Program));
        }

        public string Program => Path.Combine(_folder, "signalbox");

        public void Dispose() => Directory.Delete(_folder, recursive: true);

        private static void Copy(string command)
        {
            using var copy = Process.Start("/bin/sh", ["-c", command]);
            copy.WaitForExit();
            Assert.Equal(0, copy.ExitCode);
        }

        private static string VersionOf(string program)
        {
            using var called = BuiltProgram.StartOther(program, Path.GetTempPath(), environment: null, "--version");
            var text = called.StandardOutput.ReadToEnd();
            called.WaitForExit();
            Assert.Equal(0, called.ExitCode);
            return text;
        }
    }
}
