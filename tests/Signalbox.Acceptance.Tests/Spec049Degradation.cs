using System.Diagnostics;
using System.Net;
using Signalbox.Storage.Tests;

namespace Signalbox.Acceptance.Tests;

/// <summary>docs/specs/049-degradation.md</summary>
public sealed class Spec049Degradation
{
    private static readonly TimeSpan Back = TimeSpan.FromSeconds(10);

    private const string Pipeline = """
        tasks:
          long: { run: "echo long >> ran.txt; until test -e go; do sleep 0.05; done; echo end >> ran.txt" }
          after: { needs: [long], run: "echo after >> ran.txt" }
        """;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    [Trait("Requirement", "S94")]
    public async Task While_PostgreSQL_is_away_commands_go_on_and_within_ten_seconds_of_its_return_so_does_all_else()
    {
        using var database = new PostgresServer();
        using var project = new TestProject()
            .Write("signalbox.yaml", $"database: {database.Address("public")}\n")
            .Pipeline("long", Pipeline);
        await using var server = await TestServer.StartAsync(project);
        var run = new RunSeen((await project.CallAsync("run", "long", "--detach", "--json")).Expect(0).Json);
        await Eventually.TrueAsync(() => project.Lines("ran.txt").Length == 1, TimeSpan.FromSeconds(20));
        using var client = await ApiClient.WithRoleAsync(project, server, "admin");
        Assert.Equal(HttpStatusCode.OK, await ReadyAsync(server));

        database.Stop();
        await Eventually.TrueAsync(async () => await ReadyAsync(server) == HttpStatusCode.ServiceUnavailable, TimeSpan.FromSeconds(10));
        project.Write("go", "");
        await Eventually.TrueAsync(() => project.Lines("ran.txt").Length == 2, TimeSpan.FromSeconds(10));
        using (var refused = await client.SendAsync(HttpMethod.Get, "/api/runs"))
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        }

        Assert.Equal(69, (await project.CallAsync("runs")).ExitCode);
        await Task.Delay(TimeSpan.FromSeconds(3), Ct); // long enough for all that tries again to have grown patient

        database.StartAgain();
        var watch = Stopwatch.StartNew();
        await Eventually.TrueAsync(() => project.Lines("ran.txt").Length == 3, Back);
        Assert.Equal("success", (await project.EndedAsync(run.Number)).State);
        Assert.Equal(HttpStatusCode.OK, await ReadyAsync(server));
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, Back);
        TestContext.Current.TestOutputHelper!.WriteLine($"back after {watch.Elapsed.TotalSeconds:0.0} s");
        Assert.Equal(["long", "end", "after"], project.Lines("ran.txt"));
    }

    [Fact]
    [Trait("Requirement", "S98")]
    public async Task A_full_disk_refuses_new_work_and_within_ten_seconds_of_new_room_all_goes_on()
    {
        using var outside = new TestProject("outside");
        var disk = outside.PathOf("disk");
        Directory.CreateDirectory(disk);
        if (Environment.UserName != "root" || Call("mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", disk) != 0)
        {
            Assert.Skip("only root, where it may mount, can make a small disk");
        }

        try
        {
            using var project = new TestProject();
            // The state is what fills; the files of the project are elsewhere.
            Directory.CreateSymbolicLink(project.PathOf(".signalbox"), Path.Combine(disk, "state"));
            Directory.CreateDirectory(Path.Combine(disk, "state"));
            project.Pipeline("long", $"max_active_runs: 1\n{Pipeline}");
            await using var server = await TestServer.StartAsync(project);
            using var client = await ApiClient.WithRoleAsync(project, server, "admin");
            var run = new RunSeen((await project.CallAsync("run", "long", "--detach", "--json")).Expect(0).Json);
            await Eventually.TrueAsync(() => project.Lines("ran.txt").Length == 1, TimeSpan.FromSeconds(20));

            Call("/bin/sh", "-c", $"cat /dev/zero >'{disk}/filler' 2>/dev/null");
            await Eventually.TrueAsync(() => IsRefusedAsync(client), TimeSpan.FromSeconds(20));
            var call = await project.CallAsync("run", "long", "--detach");
            Assert.Equal(69, call.ExitCode);
            Assert.Contains("full", call.Error, StringComparison.Ordinal);
            Assert.Equal("ok", await client.Http.GetStringAsync("/healthz", Ct));

            File.Delete(Path.Combine(disk, "filler"));
            project.Write("go", "");
            await Eventually.TrueAsync(() => project.Lines("ran.txt").Contains("after"), Back);
            Assert.Equal("success", (await project.EndedAsync(run.Number)).State);
            (await project.CallAsync("doctor")).Expect(0);
        }
        finally
        {
            Call("umount", "-l", disk);
        }
    }

    [Fact]
    [Trait("Requirement", "S94")]
    public async Task A_server_that_was_asleep_goes_on_with_what_went_on_without_it()
    {
        using var project = new TestProject().Pipeline(
            "long",
            """
            tasks:
              ends: { run: "echo a >> ran.txt; until test -e go; do sleep 0.05; done; exit 7" }
              stays: { run: "echo b >> ran.txt; until test -e come; do sleep 0.05; done" }
            """
        );
        await using var server = await TestServer.StartAsync(project);
        var run = new RunSeen((await project.CallAsync("run", "long", "--detach", "--json")).Expect(0).Json);
        await Eventually.TrueAsync(() => project.Lines("ran.txt").Length == 2, TimeSpan.FromSeconds(20));
        server.Signal("STOP");
        project.Write("go", "");
        await Task.Delay(TimeSpan.FromSeconds(2), Ct);
        server.Signal("CONT");
        project.Write("come", "");
        var ended = await project.EndedAsync(run.Number);
        Assert.Equal(("failed", "success"), (ended.States["ends"], ended.States["stays"]));
        Assert.Equal(["a", "b"], project.Lines("ran.txt").Order());
        Assert.Equal(HttpStatusCode.OK, await ReadyAsync(server));
    }

    [Fact]
    [Trait("Requirement", "S94")]
    public async Task A_clock_that_jumps_past_a_time_out_ends_nothing_also_when_it_jumps_while_no_server_is_there()
    {
        var library = Directory
            .EnumerateFiles(
                "/usr/lib",
                "libfaketime.so.1",
                new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true }
            )
            .FirstOrDefault();
        if (library is null)
        {
            Assert.Skip("libfaketime is not installed");
        }

        using var project = new TestProject().Pipeline(
            "long",
            """
            timeout: 30m
            tasks:
              stays: { run: "echo a >> ran.txt; until test -e go; do sleep 0.05; done", timeout: 10m, retries: 3 }
              looks: { wait_for: { file: go }, every: 1s, timeout: 10m }
            """
        );
        project.Write("clock", "+0");
        project.Environment["FAKETIME_TIMESTAMP_FILE"] = project.PathOf("clock");
        project.Environment["FAKETIME_CACHE_DURATION"] = "1";
        project.Environment["FAKETIME_DONT_FAKE_MONOTONIC"] = "1";
        project.Environment["LD_PRELOAD"] = library;
        RunSeen run;
        await using (var server = await TestServer.StartAsync(project))
        {
            run = new RunSeen((await project.CallAsync("run", "long", "--detach", "--json")).Expect(0).Json);
            await Eventually.TrueAsync(() => project.Lines("ran.txt").Length == 1, TimeSpan.FromSeconds(20));
            project.Write("clock", "+3600");
            await server.SaysAsync(line => line.Contains("the clock went 1h forth", StringComparison.Ordinal));
            await server.KillAsync();
        }

        project.Write("clock", "-7200");
        await using var next = await TestServer.StartAsync(project);
        await next.SaysAsync(line => line.Contains("the clock went 3h back", StringComparison.Ordinal));
        project.Write("go", "");
        Assert.Equal("success", (await project.EndedAsync(run.Number)).State);
        Assert.Equal(["a"], project.Lines("ran.txt"));
    }

    /// <summary>Whether a run is refused because the disk is full; what still fits is taken, and answered when it can be carried out.</summary>
    private static async Task<bool> IsRefusedAsync(ApiClient client)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        limit.CancelAfter(TimeSpan.FromSeconds(2));
        try
        {
            using var body = new StringContent("""{"date": "2024-03-01"}""", System.Text.Encoding.UTF8, "application/json");
            using var answer = await client.Http.PostAsync("/api/pipelines/long/runs", body, limit.Token);
            Assert.Contains(answer.StatusCode, (HttpStatusCode[])[HttpStatusCode.Created, HttpStatusCode.InsufficientStorage]);
            return answer.StatusCode == HttpStatusCode.InsufficientStorage;
        }
        catch (OperationCanceledException) when (!Ct.IsCancellationRequested)
        {
            return false;
        }
    }

    private static async Task<HttpStatusCode> ReadyAsync(TestServer server)
    {
        using var http = new HttpClient { BaseAddress = server.Address };
        using var answer = await http.GetAsync("/readyz", Ct);
        return answer.StatusCode;
    }

    private static int Call(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        process.WaitForExit();
        return process.ExitCode;
    }
}
