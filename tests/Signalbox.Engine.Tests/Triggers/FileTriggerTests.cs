using System.Text.Json;
using Signalbox.Engine.Tests.Driving;
using Signalbox.S3Server;

namespace Signalbox.Engine.Tests.Triggers;

/// <summary>Files and objects that arrive.</summary>
public sealed class FileTriggerTests
{
    private const string Local = """
        pipeline: landing
        triggers:
          - file: { path: "landing/**/*.csv", stable_for: 200ms, min_size: 3, every: 50ms }
        params: { path: { type: string }, size: { type: integer }, etag: { type: string }, mtime: { type: string } }
        run: cp {{ params.path }} {{ run_id }}.copy
        """;

    [Fact]
    [Trait("Requirement", "S20")]
    public async Task Each_file_starts_one_run_that_carries_path_size_etag_and_time()
    {
        await using var house = new House();
        house.Pipeline(Local);
        var path = house.Write("landing/x/a.csv", "hello");
        house.Write("landing/x/.hidden.csv", "hello");
        house.Write("landing/small.csv", "a");
        house.Write("landing/other.txt", "hello");
        await house.ServeAsync();
        await house.DecidedAsync("landing", 1);
        var message = Assert.Single(house.Messages("landing"));
        await house.EndAsync(message.Run!.Value);

        using var parameters = JsonDocument.Parse(Assert.Single(house.Params("landing")));
        Assert.Equal(path, parameters.RootElement.GetProperty("path").GetString());
        Assert.Equal(5, parameters.RootElement.GetProperty("size").GetInt64());
        Assert.NotEmpty(parameters.RootElement.GetProperty("etag").GetString()!);
        var mtime = DateTime.Parse(
            parameters.RootElement.GetProperty("mtime").GetString()!,
            null,
            System.Globalization.DateTimeStyles.RoundtripKind
        );
        Assert.Equal(File.GetLastWriteTimeUtc(path), mtime);
    }

    [Fact]
    [Trait("Requirement", "S20")]
    public async Task A_file_is_taken_once_over_restarts_and_again_when_it_is_another_one()
    {
        await using var house = new House();
        house.Pipeline(Local);
        var path = house.Write("landing/a.csv", "hello");
        await house.ServeAsync();
        await house.DecidedAsync("landing", 1);
        await house.CloseAsync();
        await house.ServeAsync();
        house.Write("landing/b.csv", "after the restart");
        await house.DecidedAsync("landing", 2);
        File.WriteAllText(path, "something else");
        await house.DecidedAsync("landing", 3);

        Assert.Equal(
            ["landing/a.csv", "landing/b.csv", "landing/a.csv"],
            house.Messages("landing").Select(message => message.Key.Split('|')[0])
        );
    }

    [Fact]
    public async Task A_file_that_grows_is_waited_for()
    {
        await using var house = new House();
        house.Pipeline(Local.Replace("stable_for: 200ms", "stable_for: 1s", StringComparison.Ordinal));
        var path = house.Write("landing/a.csv", "12345");
        await house.ServeAsync();
        for (var i = 0; i < 15; i++)
        {
            File.AppendAllText(path, "67890");
            await Task.Delay(100, House.Cancel);
        }

        await house.DecidedAsync("landing", 1);
        Assert.Contains($"|{5 + (15 * 5)}|", Assert.Single(house.Messages("landing")).Key, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Requirement", "S20")]
    [Trait("Requirement", "S202")]
    public async Task Objects_below_a_prefix_start_a_run_each_by_path_and_etag()
    {
        await using var server = await LocalS3.StartAsync("lake");
        await using var house = new House(
            $"connections: {{ lake: {{ s3: {{ endpoint: \"{server.Endpoint}\", access_key: \"{server.AccessKey}\", secret_key: \"{server.SecretKey}\" }} }} }}"
        );
        house.Pipeline(
            """
            pipeline: landing
            triggers:
              - file: { path: "s3://lake/in/*.csv", every: 100ms }
            params: { path: { type: string }, size: { type: integer }, etag: { type: string }, mtime: { type: string } }
            run: "true"
            """
        );
        Put(server, "in/a b.csv", "hello");
        Put(server, "in/deep/no.csv", "hello");
        await house.ServeAsync();
        await house.DecidedAsync("landing", 1);
        Put(server, "in/a b.csv", "another content");
        await house.DecidedAsync("landing", 2);

        using var first = JsonDocument.Parse(house.Params("landing")[0]);
        Assert.Equal("s3://lake/in/a b.csv", first.RootElement.GetProperty("path").GetString());
        Assert.Equal(5, first.RootElement.GetProperty("size").GetInt64());
        Assert.Equal(2, house.Messages("landing").Count);
    }

    private static void Put(LocalS3 server, string key, string content) =>
        server.Objects.Put("lake", key, System.Text.Encoding.UTF8.GetBytes(content), new Dictionary<string, string>(), default);
}
