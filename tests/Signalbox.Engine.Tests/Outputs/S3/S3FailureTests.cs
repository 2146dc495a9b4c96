using System.Collections.Concurrent;
using System.Net;
using Signalbox.Core.Retry;
using Signalbox.Engine.Outputs;
using Signalbox.Engine.Outputs.S3;
using Signalbox.Engine.Projects;
using Signalbox.S3Server;

namespace Signalbox.Engine.Tests.Outputs.S3;

/// <summary>Servers that are down, slow, closed, or lose answers.</summary>
public sealed class S3FailureTests
{
    private const string Object = "s3://lake/data/x";
    private const string Folder = "s3://lake/data/x/";

    private static readonly S3Fault Unavailable = new S3Fault.Refuse(HttpStatusCode.ServiceUnavailable, "SlowDown");

    [Theory]
    [InlineData(Object)]
    [InlineData(Folder)]
    public async Task Every_request_may_fail_twice_and_nobody_sees_it(string target)
    {
        await using var bench = await S3Bench.StartAsync();
        var one = await bench.PublishAsync(target, null, 1, ("a", "1"));
        var asked = new ConcurrentDictionary<S3Request, int>();
        S3Fault[] faults =
        [
            Unavailable,
            new S3Fault.Refuse(HttpStatusCode.InternalServerError, "InternalError"),
            new S3Fault.Hang(),
            new S3Fault.Slow(TimeSpan.FromMilliseconds(20)),
        ];
        bench.Server.Fault = request =>
            asked.AddOrUpdate(request, 1, (_, times) => times + 1) is var times and < 3
                ? faults[(Math.Abs(request.GetHashCode()) + times) % faults.Length]
                : null;
        await bench.PublishAsync(target, one, 1, ("a", "2"));
        bench.Server.Fault = _ => null;
        Assert.Equal("2", target == Object ? await bench.ReadAsync("data/x") : (await bench.ReadVersionAsync("data/x/"))["a"]);
        Assert.NotNull(bench.Row(one).Kept);
        Assert.Empty(await bench.KeysAsync("_staging/"));
    }

    [Theory]
    [InlineData("PutObject", Object)]
    [InlineData("CopyObject", Object)]
    [InlineData("HeadObject", Object)]
    [InlineData("GetObject", Folder)]
    [InlineData("PutObject", Folder)]
    public async Task A_server_that_stays_unavailable_is_asked_a_bounded_number_of_times_and_nothing_has_changed(
        string operation,
        string target
    )
    {
        await using var bench = await S3Bench.StartAsync();
        var one = await bench.PublishAsync(target, null, 1, ("a", "1"));
        var before = await bench.KeysAsync();
        var asked = new ConcurrentDictionary<S3Request, int>();
        bench.Server.Fault = request =>
        {
            if (request.Operation == operation)
            {
                asked.AddOrUpdate(request, 1, (_, times) => times + 1);
                return Unavailable;
            }

            return null;
        };
        var refused = await Assert.ThrowsAsync<PlaceException>(() => bench.PublishAsync(target, one, 1, ("a", "2")));
        bench.Server.Fault = _ => null;
        Assert.Equal(FailureClass.ResourceUnavailable, refused.Class);
        Assert.Contains($"{bench.Server.Endpoint} (connection `store`) is not available (503 ", refused.Message, StringComparison.Ordinal);
        Assert.All(asked.Values, times => Assert.Equal(S3Bench.Quick.Tries, times));
        Assert.Equal(before, await bench.KeysAsync());
        Assert.Equal("1", target == Object ? await bench.ReadAsync("data/x") : (await bench.ReadVersionAsync("data/x/"))["a"]);
    }

    [Theory]
    [InlineData(Object, "CopyObject", "data/x")]
    [InlineData(Folder, "PutObject", "data/x/_current.json")]
    public async Task A_last_step_whose_answer_is_lost_counts_as_taken(string target, string operation, string key)
    {
        await using var bench = await S3Bench.StartAsync();
        var one = await bench.PublishAsync(target, null, 1, ("a", "1"));
        var faults = 0;
        bench.Server.Fault = request =>
            request.Operation == operation && request.Key == key && faults++ < S3Bench.Quick.Tries
                ? faults == 1
                    ? new S3Fault.LoseAnswer()
                    : Unavailable
                : null;
        await bench.PublishAsync(target, one, 1, ("a", "2"));
        // The transport may ask once more by itself.
        Assert.InRange(faults, S3Bench.Quick.Tries, S3Bench.Quick.Tries + 1);
        Assert.Equal("2", target == Object ? await bench.ReadAsync("data/x") : (await bench.ReadVersionAsync("data/x/"))["a"]);
        Assert.Empty(await bench.KeysAsync("_staging/"));
    }

    [Fact]
    public async Task When_nobody_knows_whether_the_last_step_was_taken_what_belongs_to_it_stays()
    {
        var limits = S3Bench.Quick with { Doubt = TimeSpan.FromMilliseconds(50) };
        await using var bench = await S3Bench.StartAsync(limits: limits);
        var one = await bench.PublishAsync(Folder, null, 1, ("a", "1"));
        var isLost = false;
        bench.Server.Fault = request =>
        {
            isLost |= request is { Operation: "PutObject", Key: "data/x/_current.json" };
            return !isLost ? null
                : request.Operation == "PutObject" ? new S3Fault.LoseAnswer()
                : Unavailable;
        };
        var refused = await Assert.ThrowsAsync<PlaceException>(() => bench.PublishAsync(Folder, one, 1, ("a", "2")));
        bench.Server.Fault = _ => null;
        Assert.Contains("nobody knows whether it was taken", refused.Message, StringComparison.Ordinal);
        Assert.Equal("2", (await bench.ReadVersionAsync("data/x/"))["a"]);
    }

    [Fact]
    public async Task An_upload_in_parts_whose_last_answer_is_lost_is_whole()
    {
        await using var bench = await S3Bench.StartAsync(limits: S3Bench.Quick with { PartSize = 10 });
        var lost = false;
        bench.Server.Fault = request =>
            request.Operation == "CompleteMultipartUpload" && !lost && (lost = true) ? new S3Fault.LoseAnswer() : null;
        await bench.PublishAsync(Object, null, 1, ("", "more than ten bytes"));
        Assert.True(lost);
        Assert.Equal("more than ten bytes", await bench.ReadAsync("data/x"));
        Assert.Equal(["data/x"], await bench.KeysAsync());
    }

    [Theory]
    [InlineData("AccessDenied")]
    [InlineData("InvalidAccessKeyId")]
    public async Task Who_may_not_is_told_so_at_once(string code)
    {
        await using var bench = await S3Bench.StartAsync();
        bench.Server.Fault = _ => new S3Fault.Refuse(HttpStatusCode.Forbidden, code);
        var refused = await Assert.ThrowsAsync<PlaceException>(() => bench.PublishAsync(Folder, null, 1, ("a", "1")));
        Assert.Equal(FailureClass.Auth, refused.Class);
        Assert.Contains($"refuses access (403 {code}); look at access_key and secret_key", refused.Message, StringComparison.Ordinal);
        Assert.Single(bench.Server.Requests);
    }

    [Fact]
    public async Task A_wrong_secret_is_a_matter_of_access()
    {
        await using var bench = await S3Bench.StartAsync(secret: "wrong");
        var refused = await Assert.ThrowsAsync<PlaceException>(() => bench.PublishAsync(Object, null, 1, ("", "1")));
        Assert.Equal(FailureClass.Auth, refused.Class);
        Assert.DoesNotContain("wrong", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("s3://nowhere/x")]
    [InlineData("s3://nowhere/x/")]
    public async Task A_bucket_that_is_not_there_is_named(string target)
    {
        await using var bench = await S3Bench.StartAsync();
        var refused = await Assert.ThrowsAsync<PlaceException>(() => bench.PublishAsync(target, null, 1, ("a", "1")));
        Assert.Equal(FailureClass.Permanent, refused.Class);
        Assert.Contains(
            $"there is no bucket `nowhere` on {bench.Server.Endpoint} (connection `store`); make it, or mend the address",
            refused.Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_named()
    {
        await using var bench = await S3Bench.StartAsync();
        var endpoint = bench.Server.Endpoint;
        await bench.Server.DisposeAsync();
        var refused = await Assert.ThrowsAsync<PlaceException>(() => bench.PublishAsync(Object, null, 1, ("", "1")));
        Assert.Equal(FailureClass.ResourceUnavailable, refused.Class);
        Assert.Contains(
            $"{endpoint} (connection `store`) cannot be reached: Connection refused",
            refused.Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_server_that_does_not_answer_is_given_up()
    {
        await using var bench = await S3Bench.StartAsync(
            limits: S3Bench.Quick with
            {
                Patience = TimeSpan.FromMilliseconds(100),
                Tries = 2,
            }
        );
        bench.Server.Fault = _ => new S3Fault.Slow(TimeSpan.FromMinutes(1));
        var refused = await Assert.ThrowsAsync<PlaceException>(() => bench.PublishAsync(Object, null, 1, ("", "1")));
        bench.Server.Fault = _ => null;
        Assert.Equal(FailureClass.ResourceUnavailable, refused.Class);
        Assert.Contains("does not answer", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Half_an_answer_is_no_content()
    {
        await using var bench = await S3Bench.StartAsync();
        var text = new string('x', 100_000);
        await bench.PublishAsync(Object, null, 1, ("", text));
        var halves = 0;
        bench.Server.Fault = request => request.Operation == "GetObject" && halves++ < 2 ? new S3Fault.HalfAnswer() : null;
        var file = Path.Combine(bench.Project.Folder, "got");
        Assert.True(
            await bench.Clients.Of(S3Bench.Bucket).DownloadAsync(S3Address.Parse(Object, out _)!.Value, file, null, S3Bench.Cancel)
        );
        Assert.Equal(text, File.ReadAllText(file));
        Assert.Equal(3, halves);
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public async Task A_pointer_is_written_over_nothing_that_was_not_read_where_the_server_can_tell(bool honours, bool probe)
    {
        await using var bench = await S3Bench.StartAsync();
        bench.Server.Conditional = honours;
        var one = await bench.PublishAsync(Folder, null, 1, ("a", "1"));
        var key = "data/x/_current.json";
        var raced = false;
        bench.Server.Fault = request =>
        {
            if (request is { Operation: "PutObject" } && request.Key == key && !raced)
            {
                // Somebody else writes between our look and our step.
                raced = true;
                var objects = bench.Server.Objects;
                objects.Put(S3Bench.Bucket, key, "{\"format\":\"another\"}"u8.ToArray(), new Dictionary<string, string>(), default);
            }

            return null;
        };
        if (!probe)
        {
            // Another engine: it asks the server anew.
            bench.NewPlace();
        }

        await bench.PublishAsync(Folder, one, 1, ("a", "2"));
        Assert.True(raced);
        Assert.Equal("2", (await bench.ReadVersionAsync("data/x/"))["a"]);
        var puts = bench.Server.Requests.Count(request => request.Operation == "PutObject" && request.Key == key);
        Assert.Equal(honours ? 3 : 2, puts);
        Assert.Empty(await bench.KeysAsync("_staging/"));
    }

    [Fact]
    public async Task A_connection_may_say_that_conditions_hold_and_is_not_asked()
    {
        await using var bench = await S3Bench.StartAsync();
        await bench.PublishAsync(Folder, null, 1, ("a", "1"));
        Assert.Equal(
            3,
            bench.Server.Requests.Count(request =>
                request.Key.EndsWith("_probe", StringComparison.Ordinal) && request.Operation == "PutObject"
            )
        );
        var told = bench.Project with
        {
            Connections = bench.Project.Connections.SetItem(
                "store",
                (Connection.S3)bench.Project.Connections["store"] with
                {
                    Conditional = true,
                }
            ),
        };
        var place = new S3Place(new S3Clients(told, S3Bench.Quick), told.Folder, _ => null);
        await place.PublishAsync(bench.Stage("s3://lake/other/", null, 1, ("a", "1")), S3Bench.Cancel);
        Assert.Equal(
            3,
            bench.Server.Requests.Count(request =>
                request.Key.EndsWith("_probe", StringComparison.Ordinal) && request.Operation == "PutObject"
            )
        );
    }
}
