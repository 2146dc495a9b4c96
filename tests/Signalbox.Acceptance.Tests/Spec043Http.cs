using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Signalbox.Acceptance.Tests;

/// <summary>docs/specs/043-http.md</summary>
public sealed class Spec043Http
{
    [Fact]
    [Trait("Requirement", "S209")]
    [Trait("Requirement", "S62")]
    public async Task The_built_program_asks_keeps_the_answer_and_a_missing_secret_stops_the_run_before_its_first_task()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        var serving = AnswerOnceAsync(listener);
        using var project = new TestProject().Pipeline(
            "asking",
            $$$"""
            tasks:
              first: { run: "echo begun >> begun.txt" }
              send: { needs: [first], http: { url: "http://127.0.0.1:{{{port}}}/", body: "day {{ ds }}", headers: { X-Key: "secret:key" } } }
              use: { needs: [send], run: "echo {{ tasks.send.result.json.id }} > id.txt" }
            """
        );
        var refused = await project.CallAsync("run", "asking", "--date", "2001-01-05");
        refused.Expect(2);
        Assert.Contains("tasks.send.http.headers.X-Key", refused.Error + refused.Output, StringComparison.Ordinal);
        Assert.False(File.Exists(project.PathOf("begun.txt")));
        Assert.False(serving.IsCompleted);

        project.Environment["SIGNALBOX_SECRET_KEY"] = "k3y-of-the-other-side";
        var run = await project.RunAsync("asking", 0, "--date", "2001-01-05");
        Assert.Equal("7", project.Read("id.txt").Trim());
        var heard = await serving;
        Assert.StartsWith("POST / HTTP/1.1", heard, StringComparison.Ordinal);
        Assert.Contains("X-Key: k3y-of-the-other-side", heard, StringComparison.Ordinal);
        Assert.Contains("Idempotency-Key: ", heard, StringComparison.Ordinal);
        Assert.Single(run.Attempts("send"));
        Assert.Contains("POST: 200, 9 bytes", (await project.CallAsync("logs", "last", "send")).Expect(0).Output, StringComparison.Ordinal);
    }

    private static async Task<string> AnswerOnceAsync(TcpListener listener)
    {
        using var client = await listener.AcceptTcpClientAsync();
        await using var stream = client.GetStream();
        var buffer = new byte[4096];
        var heard = new StringBuilder();
        while (!heard.ToString().EndsWith("day 2001-01-05", StringComparison.Ordinal))
        {
            heard.Append(Encoding.ASCII.GetString(buffer, 0, await stream.ReadAsync(buffer)));
        }

        var body = """{"id": 7}""";
        await stream.WriteAsync(
            Encoding.ASCII.GetBytes(
                $"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n{body}"
            )
        );
        return heard.ToString();
    }
}
