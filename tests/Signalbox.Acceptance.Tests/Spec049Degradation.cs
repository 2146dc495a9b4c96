using System.Net;

namespace Signalbox.Acceptance.Tests;

/// <summary>docs/specs/049-degradation.md</summary>
public sealed class Spec049Degradation
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

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

    private static async Task<HttpStatusCode> ReadyAsync(TestServer server)
    {
        using var http = new HttpClient { BaseAddress = server.Address };
        using var answer = await http.GetAsync("/readyz", Ct);
        return answer.StatusCode;
    }
}
