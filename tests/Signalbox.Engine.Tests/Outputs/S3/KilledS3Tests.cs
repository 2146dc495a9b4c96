using System.Text;
using Signalbox.Core.Runs;
using Signalbox.Engine.Control;
using Signalbox.Engine.Outputs;
using Signalbox.Engine.Outputs.S3;
using Signalbox.Engine.Tests.Driving;
using Signalbox.S3Server;
using Signalbox.Storage;

namespace Signalbox.Engine.Tests.Outputs.S3;

/// <summary>An engine that is killed at any step of publishing to S3, or of a rollback, and the next one that goes on.</summary>
[KillsAt("s3-")]
public sealed class KilledS3Tests
{
    private const int Killed = 137;

    private static readonly string[] OnlyVersions = [FaultPoints.S3AfterBegun, FaultPoints.S3AfterObjects];
    private static readonly string[] OnlyPlain = [FaultPoints.S3WithinCopy, FaultPoints.S3AfterPruned];

    /// <summary>Each point in the layouts that have it.</summary>
    public static TheoryData<string, string> Points
    {
        get
        {
            var points = new TheoryData<string, string>();
            foreach (var point in KillsAtAttribute.Names(typeof(KilledS3Tests)).Select(row => row.Data))
            {
                if (!OnlyPlain.Contains(point))
                {
                    points.Add(point, "versions");
                }

                if (!OnlyVersions.Contains(point))
                {
                    points.Add(point, "plain");
                }
            }

            return points;
        }
    }

    [Theory]
    [Trait("Requirement", "S109")]
    [Trait("Requirement", "S110")]
    [MemberData(nameof(Points))]
    public async Task Readers_see_the_old_or_the_new_and_the_next_engine_finishes_it(string point, string layout)
    {
        await using var server = await LocalS3.StartAsync(S3Bench.Bucket);
        await using var house = new House(Settings(server, layout));
        var name = house.Pipeline(
            """
            pipeline: killed
            params: { v: { type: string } }
            tasks:
              make:
                run: |
                  echo {{ params.v }} > {{ outputs.one }}
                  for i in 1 2 {{ params.v }}x; do echo {{ params.v }} > {{ outputs.many }}/$i; done
                outputs:
                  one: { path: s3://lake/one, dataset: made, keep: 1 }
                  many: { path: s3://lake/many/, dataset: made, keep: 1 }
            """
        );
        await house.RunAsync(name, parameters: """{"v": "1"}""");
        await house.RunAsync(name, parameters: """{"v": "2"}""");
        await house.CloseAsync();
        var isRollback = point == FaultPoints.S3AfterSwitched;
        var last = isRollback ? "1" : "3";
        using var child = await Children.ServeAsync(house.Folder, House.Cancel, layout == "plain" ? point + TimesOf(point) : point);
        if (isRollback)
        {
            var answer = await house.AskAsync(new Request.RollBackDataset("made", null, null, "it was wrong"));
            Assert.True(answer.Done, answer.Message);
        }
        else
        {
            var number = await house.StartAsync(name, parameters: """{"v": "3"}""");
            await child.WaitForExitAsync(House.Cancel).WaitAsync(House.Deadline, House.Cancel);
            Assert.Contains(Text(server, "one"), (string[])["2", "3"]);
            if (layout == "versions")
            {
                Assert.Contains(Whole(server), (string[])["2", "3"]);
            }

            Assert.Equal(RunState.Success, (await house.EndAsync(number)).State);
            Assert.All(house.Publications(number), made => Assert.Equal(PublicationState.Published, made.State));
            Assert.Equal(2, house.Publications(number).Count);
        }

        await child.WaitForExitAsync(House.Cancel).WaitAsync(House.Deadline, House.Cancel);
        Assert.Equal(Killed, child.ExitCode);
        Assert.Equal((last, last), (Text(server, "one"), Whole(server)));
        Assert.Empty(server.Objects.Keys(S3Bench.Bucket, "_staging/"));
        Assert.Empty(server.Objects.Uploads(S3Bench.Bucket));
        Assert.Empty(house.Staged());
        AssertKept(house, server, "s3://lake/one");
        AssertKept(house, server, "s3://lake/many");
        if (layout == "plain")
        {
            Assert.Equal(
                ((string[])["many/1", "many/2", $"many/{last}x", "many/_current.json", "many/_manifest.json"]).Order(
                    StringComparer.Ordinal
                ),
                server.Objects.Keys(S3Bench.Bucket, "many/")
            );
        }
    }

    [Theory]
    [Trait("Requirement", "S110")]
    [InlineData("cancel")]
    [InlineData("clear")]
    public async Task An_attempt_that_is_over_puts_nothing(string how)
    {
        await using var server = await LocalS3.StartAsync(S3Bench.Bucket);
        await using var house = new House(Settings(server, "versions"));
        var name = house.Pipeline(
            """
            pipeline: over
            tasks:
              make:
                run: echo $SIGNALBOX_ATTEMPT > {{ outputs.out }}
                outputs: { out: { path: s3://lake/out, checks: [{ run: "echo x >> checking; until test -e go; do sleep 0.01; done" }] } }
            """
        );
        var number = await house.StartAsync(name);
        await house.UntilAsync(() => house.Lines("checking").Length == 1, "the check");
        Request change =
            how == "cancel" ? new Request.CancelRun(number.Value, "no") : new Request.Rerun(number.Value, RerunMode.Only, "make", "again");
        Assert.True((await house.AskAsync(change)).Done);
        if (how == "clear")
        {
            await house.UntilAsync(() => house.Lines("checking").Length == 2, "the check of the second attempt");
        }

        Assert.DoesNotContain(server.Requests, request => request.Operation is "PutObject" or "CopyObject");
        house.Write("go", "");
        await house.EndAsync(number);
        Assert.Equal(how == "cancel" ? null : "2", Text(server, "out"));
        Assert.Equal(how == "cancel" ? [] : ["out"], server.Objects.Keys(S3Bench.Bucket));
    }

    /// <summary>The one object comes first; the plain layout takes the same steps again, and copies three files to keep them before it copies three over.</summary>
    private static string TimesOf(string point) =>
        point switch
        {
            FaultPoints.S3AfterStaged or FaultPoints.S3AfterKept or FaultPoints.S3AfterCopied or FaultPoints.S3AfterUnstaged => ":2",
            FaultPoints.S3WithinCopy => ":5",
            _ => "",
        };

    private static string Settings(LocalS3 server, string layout) =>
        $$"""
            connections:
              store: { s3: { endpoint: "{{server.Endpoint}}", access_key: "{{server.AccessKey}}", secret_key: "{{server.SecretKey}}", layout: {{layout}} } }

            """;

    private static string? Text(LocalS3 server, string key) =>
        server.Objects.Get(S3Bench.Bucket, key) is { } found ? Encoding.UTF8.GetString(found.Content).Trim() : null;

    /// <summary>The one text that the files have which the pointer leads to.</summary>
    private static string Whole(LocalS3 server)
    {
        var pointer = S3Json.Read(server.Objects.Get(S3Bench.Bucket, "many/_current.json")!.Content, S3Json.Default.S3Pointer)!;
        var manifest = S3Json.Read(server.Objects.Get(S3Bench.Bucket, pointer.Manifest)!.Content, S3Json.Default.S3Manifest)!;
        Assert.Equal(3, manifest.Files.Length);
        return Assert.Single(manifest.Files.Select(file => Text(server, pointer.Prefix + file.Path)!).Distinct());
    }

    /// <summary>What is kept is the one version that was current before, as the row says; and nothing else lies under versions.</summary>
    private static void AssertKept(House house, LocalS3 server, string path)
    {
        var (current, kept) = house.Store.Read(session => (session.PublicationAt(path)!, session.KeptAt(path)));
        var version = Assert.Single(kept);
        Assert.Null(current.Kept);
        var address = S3Address.Parse(version.Kept!, out _)!.Value;
        Assert.Equal("2", Text(server, address.IsPrefix ? address.Below("1").Key : address.Key));
        string[] known = [$"/{current.Id}-{current.Sha256![..12]}/", $"/{version.Id}-{version.Sha256![..12]}/"];
        var name = path[(path.LastIndexOf('/') + 1)..];
        var lying = server
            .Objects.Keys(S3Bench.Bucket)
            .Where(key => key.Contains("_versions/", StringComparison.Ordinal) && key.Contains(name + "/", StringComparison.Ordinal));
        Assert.All(lying, key => Assert.Contains(known, part => key.Contains(part, StringComparison.Ordinal)));
    }
}
