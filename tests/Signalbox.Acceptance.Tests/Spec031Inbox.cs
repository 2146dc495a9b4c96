namespace Signalbox.Acceptance.Tests;

/// <summary>docs/specs/031-inbox.md.</summary>
public sealed class Spec031Inbox
{
    private const string Hook = """
        triggers: [{ webhook: { bearer: secret:hook } }]
        params: { n: { type: integer } }
        run: "true"
        """;

    [Fact]
    [Trait("Requirement", "S21")]
    public async Task A_dead_letter_is_listed_with_its_reason_and_replayed_when_the_pipeline_is_mended()
    {
        using var project = new TestProject().Pipeline("landing", Hook).Secret("hook", "s3cret");
        await using var server = await TestServer.StartAsync(project);
        using var http = new HttpClient();
        var (_, answer) = await http.PostAsync(server.Address, "/hooks/landing", """{"n":"many"}""", "s3cret");
        var dead = answer.GetProperty("messages")[0];
        Assert.Equal("dead", dead.GetProperty("state").GetString());
        var (_, good) = await http.PostAsync(server.Address, "/hooks/landing", """{"n":1}""", "s3cret");
        Assert.Equal("started", good.GetProperty("messages")[0].GetProperty("state").GetString());

        var id = $"{dead.GetProperty("message").GetInt64()}";
        var line = Assert.Single((await project.CallAsync("inbox", "list", "--state", "dead", "--json")).Expect(0).Json.EnumerateArray());
        Assert.Equal("params.n: `n` is an integer; \"many\" is a string", line.GetProperty("reason").GetString());
        var shown = (await project.CallAsync("inbox", "show", id, "--json")).Expect(0).Json;
        Assert.Equal("many", shown.GetProperty("payload").GetProperty("body").GetProperty("n").GetString());
        Assert.Contains("dead again", (await project.CallAsync("inbox", "replay", id)).Expect(1).Output, StringComparison.Ordinal);

        project.Pipeline("landing", Hook.Replace("{ type: integer }", "{ type: string }", StringComparison.Ordinal));
        await server.SaysAsync(said =>
            said.Contains("landing is live as version", StringComparison.Ordinal)
            && server.Lines.Count(each => each.Contains("landing is live", StringComparison.Ordinal)) > 1
        );
        var replayed = (await project.CallAsync("inbox", "replay", id, "--json")).Expect(0).Json;
        Assert.True(replayed.GetProperty("done").GetBoolean());
        (await project.CallAsync("inbox", "replay", id)).Expect(2);
        Assert.Equal(
            "started",
            (await project.CallAsync("inbox", "show", id, "--json")).Expect(0).Json.GetProperty("message").GetProperty("state").GetString()
        );
    }

    [Fact]
    [Trait("Requirement", "S21")]
    public async Task Messages_wait_while_the_pipeline_is_paused_over_a_kill_and_one_that_is_dropped_starts_nothing()
    {
        using var project = new TestProject().Pipeline("landing", Hook).Secret("hook", "s3cret");
        using var http = new HttpClient();
        string dropped;
        await using (var first = await TestServer.StartAsync(project))
        {
            (await project.CallAsync("pause", "landing")).Expect(0);
            var (_, kept) = await http.PostAsync(first.Address, "/hooks/landing", """{"n":1}""", "s3cret");
            Assert.Equal("waiting", kept.GetProperty("messages")[0].GetProperty("state").GetString());
            var (_, other) = await http.PostAsync(first.Address, "/hooks/landing", """{"n":2}""", "s3cret");
            dropped = $"{other.GetProperty("messages")[0].GetProperty("message").GetInt64()}";
            await first.KillAsync();
        }

        (await project.CallAsync("inbox", "drop", dropped, "--reason", "a test")).Expect(0);
        await using var second = await TestServer.StartAsync(project);
        (await project.CallAsync("unpause", "landing")).Expect(0);
        await Eventually.TrueAsync(
            () => project.CallAsync("runs", "--json").GetAwaiter().GetResult().Expect(0).Json.GetArrayLength() == 1,
            TimeSpan.FromSeconds(120)
        );
        var messages = (await project.CallAsync("inbox", "list", "--json")).Expect(0).Json.EnumerateArray().ToList();

        Assert.Equal(["dropped", "started"], messages.Select(message => message.GetProperty("state").GetString()));
        Assert.Equal("a test", messages[0].GetProperty("reason").GetString());
    }

    [Fact]
    public async Task A_call_that_makes_no_sense_is_told_what_to_write()
    {
        using var project = new TestProject().Pipeline("landing", Hook);
        Assert.Contains(
            "did you mean `dead`?",
            (await project.CallAsync("inbox", "list", "--state", "ded")).Expect(2).Error,
            StringComparison.Ordinal
        );
        (await project.CallAsync("inbox", "show", "7")).Expect(2);
        Assert.Equal(0, (await project.CallAsync("inbox", "list", "--json")).Expect(0).Json.GetArrayLength());
    }
}
