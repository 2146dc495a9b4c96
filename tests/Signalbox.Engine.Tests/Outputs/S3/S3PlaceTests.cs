using Signalbox.Core.Retry;
using Signalbox.Engine.Outputs;
using Signalbox.Engine.Outputs.S3;
using Signalbox.Engine.Projects;

namespace Signalbox.Engine.Tests.Outputs.S3;

/// <summary>What readers of a bucket see, and what is left in it; on a server of our own and on one that somebody else wrote.</summary>
public sealed class S3PlaceTests
{
    private static Task<S3Bench> StartAsync(bool other, ObjectLayout layout) =>
        other ? S3Bench.StartOtherAsync(layout) : S3Bench.StartAsync(layout);

    [Theory]
    [Trait("Requirement", "S109")]
    [Trait("Requirement", "S110")]
    [Trait("Requirement", "S111")]
    [Trait("Requirement", "S175")]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_object_is_replaced_whole_its_old_version_is_kept_and_comes_back(bool other)
    {
        await using var bench = await StartAsync(other, ObjectLayout.Versions);
        const string key = "features/date=2001-01-05/größe & part-0.csv";
        var one = await bench.PublishAsync($"s3://lake/{key}", null, 2, ("", "one"));
        Assert.Equal("one", await bench.ReadAsync(key));
        Assert.Equal([key], await bench.KeysAsync());

        var two = await bench.PublishAsync($"s3://lake/{key}", one, 2, ("", "two"));
        Assert.Equal("two", await bench.ReadAsync(key));
        Assert.Equal("one", await bench.ReadAsync(S3Address.Parse(bench.Row(one).Kept!, out _)!.Value.Key));

        await bench.SwitchAsync(two, one);
        Assert.Equal("one", await bench.ReadAsync(key));
        Assert.Equal("two", await bench.ReadAsync(S3Address.Parse(bench.Row(two).Kept!, out _)!.Value.Key));
        await bench.SwitchAsync(one, two);
        await bench.ForgetAsync(one);
        Assert.Equal([key], await bench.KeysAsync());
        Assert.Equal("two", await bench.ReadAsync(key));

        await bench.PublishAsync($"s3://lake/{key}", two, keep: 0, ("", "three"));
        Assert.Equal([key], await bench.KeysAsync());
    }

    [Theory]
    [Trait("Requirement", "S109")]
    [Trait("Requirement", "S111")]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Several_objects_are_a_version_of_their_own_behind_a_pointer(bool other)
    {
        await using var bench = await StartAsync(other, ObjectLayout.Versions);
        const string target = "s3://lake/features/date=2001-01-05/";
        const string prefix = "features/date=2001-01-05/";
        var one = await bench.PublishAsync(target, null, 1, ("a.csv", "a1"), ("sub/b c.csv", "b1"));
        Assert.Equal(["a.csv=a1", "sub/b c.csv=b1"], Shown(await bench.ReadVersionAsync(prefix)));
        var two = await bench.PublishAsync(target, one, 1, ("a.csv", "a2"));
        Assert.Equal(["a.csv=a2"], Shown(await bench.ReadVersionAsync(prefix)));
        Assert.Equal($"s3://lake/{prefix}_versions/1-{one.Sha256![..12]}/", bench.Row(one).Kept);

        await bench.SwitchAsync(two, one);
        Assert.Equal(["a.csv=a1", "sub/b c.csv=b1"], Shown(await bench.ReadVersionAsync(prefix)));
        await bench.SwitchAsync(one, two);
        await bench.ForgetAsync(one);
        Assert.Equal(["a.csv=a2"], Shown(await bench.ReadVersionAsync(prefix)));
        var number = $"{prefix}_versions/2-{two.Sha256![..12]}/";
        Assert.Equal([prefix + "_current.json", number + "_manifest.json", number + "a.csv"], await bench.KeysAsync());

        // The current version is never forgotten, whoever asks.
        await bench.Place.ForgetAsync(two with { Kept = $"s3://lake/{number}" }, S3Bench.Cancel);
        Assert.Equal(["a.csv=a2"], Shown(await bench.ReadVersionAsync(prefix)));
    }

    [Theory]
    [Trait("Requirement", "S110")]
    [Trait("Requirement", "S111")]
    [InlineData(false)]
    [InlineData(true)]
    public async Task In_the_plain_layout_the_objects_stand_where_readers_know_them_and_old_ones_go(bool other)
    {
        await using var bench = await StartAsync(other, ObjectLayout.Plain);
        const string target = "s3://lake/features/date=2001-01-05/";
        const string prefix = "features/date=2001-01-05/";
        string[] ours = [prefix + "_current.json", prefix + "_manifest.json"];
        var one = await bench.PublishAsync(target, null, 1, ("a", "a1"), ("b", "b1"));
        await bench.Outside.PutObjectAsync(
            new Amazon.S3.Model.PutObjectRequest
            {
                BucketName = S3Bench.Bucket,
                Key = prefix + "foreign",
                ContentBody = "not ours",
                UseChunkEncoding = false,
            },
            S3Bench.Cancel
        );
        Assert.Equal(["a=a1", "b=b1"], Shown(await bench.ReadVersionAsync(prefix)));

        var two = await bench.PublishAsync(target, one, 1, ("a", "a2"), ("c", "c2"));
        Assert.Equal(["a=a2", "c=c2"], Shown(await bench.ReadVersionAsync(prefix)));
        Assert.Equal([.. ours, prefix + "a", prefix + "c", prefix + "foreign"], await bench.KeysAsync(prefix));
        Assert.StartsWith($"s3://lake/_versions/{prefix}1-", bench.Row(one).Kept, StringComparison.Ordinal);

        await bench.SwitchAsync(two, one);
        Assert.Equal(["a=a1", "b=b1"], Shown(await bench.ReadVersionAsync(prefix)));
        Assert.Equal([.. ours, prefix + "a", prefix + "b", prefix + "foreign"], await bench.KeysAsync(prefix));
        await bench.SwitchAsync(one, two);
        await bench.ForgetAsync(one);
        Assert.Empty(await bench.KeysAsync("_"));
        Assert.Equal("a2", await bench.ReadAsync(prefix + "a"));
    }

    [Fact]
    public async Task Versions_of_a_namespace_are_kept_in_it()
    {
        await using var bench = await S3Bench.StartAsync();
        var one = await bench.PublishAsync("s3://lake/_namespaces/green/a/x", null, 1, ("", "1"));
        await bench.PublishAsync("s3://lake/_namespaces/green/a/x", one, 1, ("", "2"));
        Assert.Equal($"s3://lake/_namespaces/green/_versions/a/x/1-{one.Sha256![..12]}/x", bench.Row(one).Kept);
        Assert.Equal("1", await bench.ReadAsync(S3Address.Parse(bench.Row(one).Kept!, out _)!.Value.Key));
    }

    [Fact]
    public async Task What_cannot_be_published_is_refused_with_the_reason()
    {
        await using var bench = await S3Bench.StartAsync();
        await RefusedAsync(
            "s3://lake/a/",
            "_current.json",
            "the output has a file `_current.json`; _current.json, _manifest.json and _versions/"
        );
        await RefusedAsync("s3://lake/a/", "_versions/x", "the output has a file `_versions/x`");
        await RefusedAsync("s3://lake/", "x", "`s3://lake` is a whole bucket; an output is s3://bucket/key or s3://bucket/prefix/");
        await RefusedAsync("s3://lake//a", "x", "`s3://lake//a` is no address of S3; write s3://bucket/key");
        Assert.Empty(await bench.KeysAsync());

        async Task RefusedAsync(string target, string file, string reason)
        {
            var refused = await Assert.ThrowsAsync<PlaceException>(() => bench.PublishAsync(target, null, 1, (file, "x")));
            Assert.StartsWith(reason, refused.Message, StringComparison.Ordinal);
            Assert.Contains(refused.Class, (FailureClass[])[FailureClass.Validation, FailureClass.Permanent]);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Large_files_go_and_are_copied_in_parts(bool folder)
    {
        var limits = S3Bench.Quick with { PartSize = 1000, CopySize = 3000 };
        await using var bench = await S3Bench.StartAsync(ObjectLayout.Plain, limits);
        var (large, small) = (new string('x', 9999) + "end", "small");
        var target = folder ? "s3://lake/a/" : "s3://lake/a";
        var one = await bench.PublishAsync(target, null, 1, folder ? [("large", large), ("small", small)] : [("", large)]);
        await bench.PublishAsync(target, one, 1, ("large", large + "2"));
        var key = folder ? "a/large" : "a";
        Assert.Equal(large + "2", await bench.ReadAsync(key));
        Assert.Contains(bench.Server.Requests, request => request is { Operation: "UploadPartCopy" } && request.Key == key);
        Assert.Equal(
            large,
            await bench.ReadAsync(S3Address.Parse(bench.Row(one).Kept!, out _)!.Value.Below(folder ? "large" : "").Key.TrimEnd('/'))
        );
        Assert.Empty(bench.Server.Objects.Uploads(S3Bench.Bucket));
        Assert.Empty(await bench.KeysAsync("_staging/"));
    }

    private static IEnumerable<string> Shown(Dictionary<string, string> files) =>
        files.OrderBy(file => file.Key, StringComparer.Ordinal).Select(file => $"{file.Key}={file.Value}");
}
