using System.Text.Json;
using Signalbox.S3Server;

namespace Signalbox.Acceptance.Tests;

/// <summary>docs/specs/017-s3.md</summary>
public sealed class Spec017S3
{
    private const string Bucket = "lake";

    private static TestProject Project(LocalS3 server, string layout = "versions")
    {
        var project = new TestProject().Write(
            "signalbox.yaml",
            $$"""
            connections:
              store: { s3: { endpoint: "{{server.Endpoint}}", access_key: secret:access, secret_key: secret:key, layout: {{layout}} } }

            """
        );
        project.Environment["SIGNALBOX_SECRET_ACCESS"] = server.AccessKey;
        project.Environment["SIGNALBOX_SECRET_KEY"] = server.SecretKey;
        return project;
    }

    private static string? Text(LocalS3 server, string key) =>
        server.Objects.Get(Bucket, key) is { } found ? System.Text.Encoding.UTF8.GetString(found.Content) : null;

    private static JsonElement Json(LocalS3 server, string key) => JsonDocument.Parse(Text(server, key)!).RootElement;

    /// <summary>The text that all files of the current version have, and its number.</summary>
    private static (string Text, long Version) Whole(LocalS3 server, string prefix)
    {
        var pointer = Json(server, prefix + "_current.json");
        var manifest = Json(server, pointer.GetProperty("manifest").GetString()!);
        var texts = manifest
            .GetProperty("files")
            .EnumerateArray()
            .Select(file => Text(server, pointer.GetProperty("prefix").GetString() + file.GetProperty("path").GetString()));
        return (Assert.Single(texts.Distinct())!, pointer.GetProperty("version").GetInt64());
    }

    [Fact]
    public async Task A_mistake_in_a_connection_has_its_place()
    {
        using var project = new TestProject().Write("signalbox.yaml", "connections:\n  lake: { s4: {} }\n").Pipeline("p", "run: 'true'\n");
        var refused = (await project.CallAsync("run", "p")).Expect(2);
        Assert.Contains("signalbox.yaml:2:11: unknown key `s4`", refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Requirement", "S31")]
    [Trait("Requirement", "S110")]
    [Trait("Requirement", "S195")]
    public async Task What_a_command_writes_here_is_published_there_and_read_from_there()
    {
        await using var server = await LocalS3.StartAsync(Bucket);
        using var project = Project(server)
            .Write("word.txt", "one")
            .Pipeline(
                "lake",
                """
                tasks:
                  one:
                    run: echo "n" > {{ outputs.x }}; echo "1" >> {{ outputs.x }}
                    outputs: { x: { path: "s3://lake/one/date={{ ds }}/x.csv", checks: [ row_count: { min: 1 } ] } }
                  many:
                    run: mkdir {{ outputs.y }}/sub; for f in a sub/b; do (echo "word"; cat word.txt; echo) > {{ outputs.y }}/$f.csv; done
                    outputs: { y: "s3://lake/many/date={{ ds }}/" }
                  by_sql:
                    needs: [one, many]
                    inputs: { x: "{{ tasks.one.outputs.x }}", y: "{{ tasks.many.outputs.y }}", days: "s3://lake/one/*/x.csv" }
                    sql: copy (select (select count(*) from read_csv({{ inputs.days }})) as days, * from x, y) to {{ outputs.z }}
                    outputs: { z: "out/{{ ds }}.csv" }
                  by_command:
                    needs: [many]
                    inputs: { y: "{{ tasks.many.outputs.y }}" }
                    run: echo $SIGNALBOX_INPUT_Y > address.txt
                """
            );
        Assert.Equal("success", (await project.RunAsync("lake", 0, "--date", "2001-01-05")).State);
        Assert.Equal(["days,n,word", "1,1,one", "1,1,one"], project.Lines("out/2001-01-05.csv"));
        var manifest = Json(server, Json(server, "many/date=2001-01-05/_current.json").GetProperty("manifest").GetString()!);
        Assert.Equal("lake", manifest.GetProperty("pipeline").GetString());
        Assert.Equal(
            ["a.csv", "sub/b.csv"],
            manifest.GetProperty("files").EnumerateArray().Select(file => file.GetProperty("path").GetString())
        );
        Assert.Matches("^s3://lake/many/date=2001-01-05/_versions/[0-9]+-[0-9a-f]{12}/$", Assert.Single(project.Lines("address.txt")));
        Assert.Empty(Directory.EnumerateDirectories(project.PathOf(".signalbox"), "fetched", SearchOption.AllDirectories));

        // Another date, and the first one again: only its own partition changes.
        project.Write("word.txt", "two");
        Assert.Equal("success", (await project.RunAsync("lake", 0, "--date", "2001-01-06")).State);
        Assert.Equal(["days,n,word", "2,1,two", "2,1,two"], project.Lines("out/2001-01-06.csv"));
        var others = Partition("2001-01-06");
        Assert.Equal("success", (await project.RerunAsync(1, 0, "--from", "many")).State);
        Assert.Equal(others, Partition("2001-01-06"));
        Assert.Equal("word\ntwo\n", Whole(server, "many/date=2001-01-05/").Text);
        Assert.Empty(server.Objects.Keys(Bucket, "_staging/"));

        string Partition(string ds) =>
            string.Join(
                '\n',
                server
                    .Objects.Keys(Bucket)
                    .Where(key => key.Contains($"date={ds}", StringComparison.Ordinal))
                    .Select(key => $"{key} {server.Objects.Get(Bucket, key)!.ETag}")
            );
    }

    [Fact]
    [Trait("Requirement", "S110")]
    [Trait("Requirement", "S111")]
    [Trait("Requirement", "S189")]
    public async Task The_example_of_the_pattern_publishes_and_its_readers_find_one_version()
    {
        await using var server = await LocalS3.StartAsync("features");
        using var project = ExampleFiles.Copy("s3_atomic_write");
        foreach (var file in (string[])["signalbox.yaml", "pipelines/s3_atomic_write.yaml"])
        {
            project.Write(file, project.Read(file).Replace("http://127.0.0.1:9000", server.Endpoint, StringComparison.Ordinal));
        }

        project.Environment["SIGNALBOX_SECRET_LAKE_ACCESS"] = server.AccessKey;
        project.Environment["SIGNALBOX_SECRET_LAKE_SECRET"] = server.SecretKey;
        Assert.Equal("success", (await project.RunAsync("s3_atomic_write", 0, "--date", "2001-01-05")).State);
        var read = project.Lines("out/read-2001-01-05.txt");
        Assert.Equal(["ATL.csv ATL", "JFK.csv JFK", "LAX.csv LAX"], read.Select(line => line.Split(',')[0]));
        var report = project.Lines("out/report-2001-01-05.csv");
        Assert.Equal("airport,mean_delay,flights", report[0]);
        Assert.Equal(read.Select(line => line.Split(',')[1]), report[1..].Select(line => line.Split(',')[2]));

        // A reader outside, by the pointer.
        var start = new System.Diagnostics.ProcessStartInfo("python3")
        {
            WorkingDirectory = project.Folder,
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        start.ArgumentList.Add("reader.py");
        start.ArgumentList.Add("s3://features/daily_parts/date=2001-01-05/");
        start.Environment["AWS_ENDPOINT_URL"] = server.Endpoint;
        start.Environment["AWS_ACCESS_KEY_ID"] = server.AccessKey;
        start.Environment["AWS_SECRET_ACCESS_KEY"] = server.SecretKey;
        using var reader = System.Diagnostics.Process.Start(start)!;
        var found = await reader.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await reader.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(read, found.TrimEnd('\n').Split('\n'));
    }

    [Fact]
    [Trait("Requirement", "S110")]
    public async Task A_server_that_refuses_fails_the_task_with_the_reason_and_its_class()
    {
        await using var server = await LocalS3.StartAsync(Bucket);
        using var project = Project(server)
            .Pipeline("p", "tasks:\n  t: { run: 'echo x > {{ outputs.o }}', retries: 3, retry_delay: 0s, outputs: { o: s3://lake/o } }\n");
        project.Environment["SIGNALBOX_SECRET_KEY"] = "not the key";
        var run = await project.RunAsync("p", 1);
        var attempt = Assert.Single(run.Attempts("t"));
        Assert.Equal("auth", attempt.GetProperty("failure").GetProperty("class").GetString());
        Assert.Contains("refuses access", attempt.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("not the key", attempt.ToString(), StringComparison.Ordinal);
        Assert.Empty(server.Objects.Keys(Bucket));
    }

    /// <summary>The other steps are died at by the tests of the engine.</summary>
    [Theory]
    [Trait("Requirement", "S110")]
    [Trait("Requirement", "S109")]
    [InlineData("versions", "s3-after-pointed")]
    [InlineData("plain", "s3-within-copy:3")]
    public async Task Killed_at_any_step_readers_have_the_old_or_the_new_version_and_the_next_server_finishes(
        string layout,
        params string[] points
    )
    {
        await using var server = await LocalS3.StartAsync(Bucket);
        using var project = Project(server, layout)
            .Pipeline(
                "p",
                """
                tasks:
                  t:
                    run: |
                      cat word.txt > {{ outputs.one }}
                      for f in a b c $(cat word.txt); do cat word.txt > {{ outputs.many }}/$f; done
                    outputs: { one: s3://lake/one, many: s3://lake/many/ }
                """
            )
            .Write("word.txt", "0");
        Assert.Equal("success", (await project.RunAsync("p", 0, "--date", "2000-12-31")).State);
        var version = Whole(server, "many/").Version;
        for (var number = 1; number <= points.Length; number++)
        {
            var (before, after) = ($"{number - 1}", $"{number}");
            project.Write("word.txt", after).Environment["SIGNALBOX_FAULT"] = points[number - 1];
            var killed = await project.CallAsync("run", "p", "--date", $"2001-01-{number:00}");
            Assert.True(killed.ExitCode == 137, $"{points[number - 1]} was not hit: {killed}");
            project.Environment.Remove("SIGNALBOX_FAULT");
            Assert.Contains(Text(server, "one"), (string[])[before, after]);
            if (layout == "versions")
            {
                Assert.Contains(Whole(server, "many/").Text, (string[])[before, after]);
            }

            await using (await TestServer.StartAsync(project))
            {
                Assert.Equal("success", (await project.EndedAsync(number + 1)).State);
            }

            Assert.Equal(after, Text(server, "one"));
            Assert.Equal((after, version + (2 * number)), Whole(server, "many/"));
            Assert.Empty(server.Objects.Keys(Bucket, "_staging/"));
            Assert.Empty(server.Objects.Uploads(Bucket));
            if (layout == "plain")
            {
                Assert.Equal(
                    ["many/" + after, "many/_current.json", "many/_manifest.json", "many/a", "many/b", "many/c"],
                    server.Objects.Keys(Bucket, "many/")
                );
            }
        }
    }
}
