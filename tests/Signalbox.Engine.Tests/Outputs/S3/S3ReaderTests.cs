using System.Globalization;
using Signalbox.Engine.Outputs;
using Signalbox.Engine.Outputs.S3;
using Signalbox.Storage;

namespace Signalbox.Engine.Tests.Outputs.S3;

/// <summary>Readers at full speed, engines that ask again, and what is swept.</summary>
public sealed class S3ReaderTests
{
    /// <summary>How many versions are published under the readers' eyes; <c>SIGNALBOX_PUBLICATIONS=1000</c> takes as many as a long run should.</summary>
    private static readonly int Publications = int.TryParse(Environment.GetEnvironmentVariable("SIGNALBOX_PUBLICATIONS"), out var told)
        ? told
        : 100;

    [Fact]
    [Trait("Requirement", "S90")]
    [Trait("Requirement", "S109")]
    [Trait("Requirement", "S189")]
    public async Task Four_readers_of_the_pointer_see_one_whole_version_of_twenty_files_each_time()
    {
        await using var bench = await S3Bench.StartAsync();
        const string target = "s3://lake/data/x/";
        var versions = new Queue<Publication>();
        var current = await bench.PublishAsync(target, null, 3, Files(0));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(S3Bench.Cancel);
        var readers = Enumerable.Range(0, 4).Select(_ => Task.Run(() => ReadAsync(stop.Token))).ToArray();
        for (var number = 1; number <= Publications; number++)
        {
            versions.Enqueue(current);
            current = await bench.PublishAsync(target, current, 3, Files(number));
            if (versions.Count > 3)
            {
                await bench.ForgetAsync(versions.Dequeue());
            }
        }

        await stop.CancelAsync();
        var seen = await Task.WhenAll(readers);
        var distinct = seen.SelectMany(reader => reader.Versions).Distinct().Count();
        TestContext.Current.SendDiagnosticMessage(
            $"{Publications} publications; {seen.Sum(reader => reader.Versions.Count)} whole reads of {distinct} versions; {seen.Sum(reader => reader.TooLate)} came too late"
        );
        Assert.All(seen, reader => Assert.NotEmpty(reader.Versions));
        Assert.True(distinct > 5, $"{distinct} versions seen");
        // Four versions with their manifests, the pointer, and nothing else.
        Assert.Equal((4 * 21) + 1, (await bench.KeysAsync()).Count);

        async Task<(List<int> Versions, int TooLate)> ReadAsync(CancellationToken until)
        {
            var client = bench.Clients.Of(S3Bench.Bucket);
            var found = new List<int>();
            var tooLate = 0;
            while (!until.IsCancellationRequested)
            {
                var read = await S3Read.VersionAsync(client, S3Address.Parse(target, out _)!.Value, S3Bench.Cancel);
                var texts = await Task.WhenAll(read!.Files.Select(file => client.ReadAsync(read.Prefix.Below(file.Path), S3Bench.Cancel)));
                if (texts.Any(text => text is null))
                {
                    // Three versions went by while this one was read: it is told so, and never sees another one's file.
                    tooLate++;
                    continue;
                }

                Assert.Equal(20, texts.Length);
                var numbers = texts.Select(text => System.Text.Encoding.UTF8.GetString(text!.Value.Content)).Distinct().ToList();
                found.Add(int.Parse(Assert.Single(numbers), CultureInfo.InvariantCulture));
            }

            return (found, tooLate);
        }

        static (string, string)[] Files(int number) =>
            [.. Enumerable.Range(0, 20).Select(file => ($"part-{file:00}", number.ToString(CultureInfo.InvariantCulture)))];
    }

    [Theory]
    [Trait("Requirement", "S109")]
    [Trait("Requirement", "S189")]
    [InlineData(100)]
    public async Task A_reader_of_one_object_sees_one_whole_version_each_time(int publications)
    {
        await using var bench = await S3Bench.StartAsync();
        var current = await bench.PublishAsync("s3://lake/x", null, 1, ("", Text(0)));
        using var stop = new CancellationTokenSource();
        var reader = Task.Run(async () =>
        {
            var seen = new HashSet<string>();
            while (!stop.IsCancellationRequested)
            {
                var text = (await bench.ReadAsync("x"))!;
                Assert.Equal(Text(int.Parse(text[..text.IndexOf(' ', StringComparison.Ordinal)], CultureInfo.InvariantCulture)), text);
                seen.Add(text);
            }

            return seen.Count;
        });
        for (var number = 1; number <= publications; number++)
        {
            var last = current;
            current = await bench.PublishAsync("s3://lake/x", last, 1, ("", Text(number)));
            await bench.ForgetAsync(last);
        }

        await stop.CancelAsync();
        Assert.InRange(await reader, 5, publications + 1);
        Assert.Equal(["x"], await bench.KeysAsync());

        static string Text(int number) => string.Join(' ', Enumerable.Repeat(number, 5000)) + " ";
    }

    [Theory]
    [InlineData("s3://lake/x")]
    [InlineData("s3://lake/x/")]
    public async Task A_publication_that_is_asked_for_again_happens_once_and_a_later_one_stays(string target)
    {
        await using var bench = await S3Bench.StartAsync();
        var one = await bench.PublishAsync(target, null, 1, ("a", "1"));
        var second = bench.Stage(target, one, 1, ("a", "2"));
        var first = await bench.Place.PublishAsync(second, S3Bench.Cancel);
        var keys = await bench.KeysAsync();
        bench.NewPlace();
        Assert.Equal(first, await bench.Place.PublishAsync(second with { IsAgain = true }, S3Bench.Cancel));
        Assert.Equal(keys, await bench.KeysAsync());

        var three = await bench.PublishAsync(target, await bench.PublishAsync(second), 1, ("a", "3"));
        var late = await bench.Place.PublishAsync(second with { IsAgain = true }, S3Bench.Cancel);
        Assert.False(late.IsCurrent);
        Assert.Equal("3", target.EndsWith('/') ? (await bench.ReadVersionAsync("x/"))["a"] : await bench.ReadAsync("x"));
        Assert.Empty(await bench.KeysAsync("_staging/"));
        Assert.NotNull(three);
    }

    [Fact]
    [Trait("Requirement", "S110")]
    public async Task What_attempts_left_is_swept_and_nothing_else()
    {
        await using var bench = await S3Bench.StartAsync();
        var objects = bench.Server.Objects;
        var dead = bench.Stage("s3://lake/data/", null, 1, ("a", "1"));
        var current = await bench.PublishAsync("s3://lake/data/", null, 1, ("a", "2"));
        // As a kill leaves them: one version that was never pointed to, one that is current, each with its marker.
        Leave(dead.Intent, aborted: true);
        Leave(current, aborted: false);
        Put("_staging/inst-7-0-a1/out/x");
        Put("_staging/other-7-0-a1/out/x");
        Put("_staging/readme");
        objects.Begin(S3Bench.Bucket, "_staging/inst-7-0-a1/out/large", new Dictionary<string, string>());
        objects.Begin(S3Bench.Bucket, "data/foreign", new Dictionary<string, string>());

        await bench.NewPlace().SweepAsync(attempt => attempt.StartsWith("inst-", StringComparison.Ordinal), S3Bench.Cancel);
        Assert.Equal(["_staging/other-7-0-a1/out/x", "_staging/readme"], objects.Keys(S3Bench.Bucket, "_staging/"));
        Assert.Equal(["data/foreign"], objects.Uploads(S3Bench.Bucket).Select(upload => upload.Key));
        Assert.Empty(objects.Keys(S3Bench.Bucket, S3Layout.VersionOf(new S3Address("lake", "data/"), dead.Intent).Key));
        Assert.Equal("2", (await bench.ReadVersionAsync("data/"))["a"]);

        void Leave(Publication publication, bool aborted)
        {
            var prefix = S3Layout.VersionOf(new S3Address("lake", "data/"), publication).Key;
            Put(prefix + "left");
            Put(
                S3Layout.StagingOf("lake", publication).Below(S3Layout.Begun).Key,
                $$"""{"version":{{publication.Id}},"prefix":"{{prefix}}","target":"data/"}"""
            );
            if (aborted)
            {
                bench.Abort(publication);
            }
        }

        void Put(string key, string text = "x") =>
            objects.Put(S3Bench.Bucket, key, System.Text.Encoding.UTF8.GetBytes(text), new Dictionary<string, string>(), default);
    }

    [Fact]
    public async Task Nothing_is_asked_of_a_server_when_nothing_was_ever_staged()
    {
        await using var bench = await S3Bench.StartAsync();
        await bench.Place.SweepAsync(_ => true, S3Bench.Cancel);
        Assert.Empty(bench.Server.Requests);
    }
}
