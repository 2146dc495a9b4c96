using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.RegularExpressions;

namespace Signalbox.Acceptance.Tests;

/// <summary>docs/specs/052-logs.md</summary>
[Trait("Requirement", "G29")]
public sealed class Spec052Logs
{
    private const string Secret = "tök/en+se cret~(with)!*long enough to wrap around the seventy-six columns of base64==";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Logs_are_kept_as_they_were_written_whatever_is_written_and_whatever_ends_the_server()
    {
        using var project = new TestProject()
            .Secret("token", Secret)
            .Write("signalbox.yaml", "logs: { max_size: 1MB }\n")
            .Write("fast.py", Fast)
            .Write("forms.py", Forms)
            .Pipeline(
                "logs",
                "tasks:\n"
                    + "  bin: { run: 'head -c 300000 /dev/urandom | tee copy; printf \"caf\\303\" >&2; kill -9 $$' }\n"
                    + "  fast: { env: { TOKEN: 'secret:token' }, run: python3 fast.py }\n"
                    + "  forms: { env: { TOKEN: 'secret:token' }, run: python3 forms.py }\n"
            );
        var server = await TestServer.StartAsync(project);
        try
        {
            var run = (await project.CallAsync("run", "logs", "--detach", "--json")).Expect(0).Json.GetProperty("number").GetInt64();
            var following = project.CallAsync("logs", $"{run}", "fast", "-f", "--stream", "stdout");
            await Eventually.TrueAsync(() => File.Exists(project.PathOf("half")), TimeSpan.FromSeconds(60));
            await server.KillAsync();
            await server.DisposeAsync();
            server = await TestServer.StartAsync(project);
            project.Write("go", "");
            var ended = await project.EndedAsync(run);
            using var viewer = await ApiClient.WithRoleAsync(project, server, "viewer");
            var api = $"/api/runs/{run}/tasks";

            // Bytes that are no text, of a process that was killed.
            var copy = await File.ReadAllBytesAsync(project.PathOf("copy"), Ct);
            Assert.Equal(copy, await viewer.Http.GetByteArrayAsync($"{api}/bin/attempts/1/log?download=true", Ct));
            // The launcher says at the end what killed it.
            var error = await viewer.Http.GetByteArrayAsync($"{api}/bin/attempts/1/log?stream=stderr", Ct);
            Assert.StartsWith("caf\u00c3", System.Text.Encoding.Latin1.GetString(error), StringComparison.Ordinal);
            using var range = new HttpRequestMessage(HttpMethod.Get, $"{api}/bin/attempts/1/log");
            range.Headers.Range = RangeHeaderValue.Parse("bytes=1001-250000");
            using var part = await viewer.Http.SendAsync(range, Ct);
            Assert.Equal(HttpStatusCode.PartialContent, part.StatusCode);
            Assert.Equal(copy[1001..250001], await part.Content.ReadAsByteArrayAsync(Ct));
            Assert.Contains(
                "attempt 1 failed",
                (await project.CallAsync("why", $"{run}", "bin")).Expect(0).Output,
                StringComparison.Ordinal
            );

            // 100,000 lines in a second: the middle is cut out and counted, the task was not held up, and nothing else is missing.
            var said = await viewer.Http.GetStringAsync($"{api}/fast/attempts/1/log", Ct);
            var cut = Regex.Match(
                said,
                @"\n\[\.\.\. (?<count>[0-9]+) bytes were cut here \.\.\.\]\n",
                RegexOptions.None,
                TimeSpan.FromSeconds(10)
            );
            var written = string.Concat(Enumerable.Range(0, 200_000).Select(line => $"line {line} of a fast task\n"));
            Assert.Equal(written.Length, said.Length - cut.Length + int.Parse(cut.Groups["count"].Value, CultureInfo.InvariantCulture));
            Assert.StartsWith(said[..cut.Index], written, StringComparison.Ordinal);
            Assert.EndsWith(said[(cut.Index + cut.Length)..], written, StringComparison.Ordinal);
            Assert.Equal("the token is ***\n", await viewer.Http.GetStringAsync($"{api}/fast/attempts/1/log?stream=stderr", Ct));
            var followed = (await following).Expect(0).Output;
            Assert.StartsWith("line 0 of a fast task\n", followed, StringComparison.Ordinal);
            Assert.EndsWith("line 199999 of a fast task\n", followed, StringComparison.Ordinal);

            // In whatever form a secret is printed or handed on, nobody sees it: nor in what people are told, nor in the database.
            var forms = await viewer.Http.GetStringAsync($"{api}/forms/attempts/1/log", Ct);
            Assert.All(forms.TrimEnd('\n').Split('\n'), line => Assert.Contains("***", line, StringComparison.Ordinal));
            foreach (
                var text in (string[])
                    [
                        forms,
                        await viewer.Http.GetStringAsync(api.Replace("/tasks", "", StringComparison.Ordinal), Ct),
                        (await project.CallAsync("why", $"{run}", "forms")).Expect(0).Output,
                    ]
            )
            {
                Assert.DoesNotContain("seventy", text, StringComparison.Ordinal);
                Assert.DoesNotContain("c2V2ZW50eS1zaXg", text, StringComparison.Ordinal);
            }

            Assert.Contains("refused ***", (await project.CallAsync("why", $"{run}", "forms")).Expect(0).Output, StringComparison.Ordinal);
            Assert.Equal("failed", ended.State);

            foreach (var path in Directory.GetFiles(project.PathOf(".signalbox"), "*", SearchOption.AllDirectories))
            {
                if (Path.GetFileName(path) is not ("token" or "signalbox.db.lock"))
                {
                    await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
                    using var reader = new StreamReader(file, System.Text.Encoding.Latin1);
                    Assert.DoesNotContain("seventy-six", await reader.ReadToEndAsync(Ct), StringComparison.Ordinal);
                }
            }

            // A log that somebody removed is said to be gone.
            File.Delete(
                Directory
                    .GetFiles(project.PathOf(".signalbox"), "stdout.log", SearchOption.AllDirectories)
                    .First(path => path.Contains("bin~1", StringComparison.Ordinal))
            );
            var gone = await viewer.ProblemAsync(HttpMethod.Get, $"{api}/bin/attempts/1/log", HttpStatusCode.NotFound);
            Assert.Contains("not there any more", gone.GetProperty("detail").GetString(), StringComparison.Ordinal);
        }
        finally
        {
            await server.DisposeAsync();
        }
    }

    private const string Fast = """
        import os, sys, time
        begun = time.time()
        for n in range(0, 200000, 5000):
            sys.stdout.write("".join(f"line {i} of a fast task\n" for i in range(n, n + 5000)))
            sys.stdout.flush()
            if n == 100000:
                open("half", "w").close()
                while not os.path.exists("go"):
                    time.sleep(0.02)
            time.sleep(0.05)
        sys.stderr.write("the token is " + os.environ["TOKEN"] + "\n")

        """;

    private const string Forms = """
        import base64, json, os, sys, urllib.parse
        t = os.environ["TOKEN"]
        for before in ("", "u", "us", "usr:"):
            print(base64.b64encode((before + t).encode()).decode())
            print(base64.urlsafe_b64encode((before + t + "!").encode()).decode())
            print(base64.encodebytes((before + t).encode()).decode().replace("\n", "\r\n").rstrip().replace("\r\n", "\n"), end="|\n")
        print(t, urllib.parse.quote(t), urllib.parse.quote_plus(t), json.dumps(t))
        with open(os.environ["SIGNALBOX_RESULT"], "w") as file:
            json.dump({"url": "https://x/?t=" + t}, file)
        sys.exit("refused " + t)

        """;
}
