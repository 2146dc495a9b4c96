using System.Text.Json;

namespace Signalbox.Acceptance.Tests;

/// <summary>The small examples do what their pages say.</summary>
public sealed class DemoExamples
{
    [Fact]
    [Trait("Requirement", "S70")]
    public async Task Cron_job_is_one_line_and_runs()
    {
        using var project = ExampleFiles.Copy("cron_job");
        Assert.Single(project.Lines("pipelines/nightly_stamp.yaml"));
        var run = await project.RunAsync("nightly_stamp", 0, "--date", "2001-01-05");
        Assert.Equal("success", run.State);
        Assert.Equal(["done for 2001-01-05"], project.Lines("out/2001-01-05.txt"));
    }

    [Fact]
    [Trait("Requirement", "S89")]
    public async Task Twelve_steps_go_on_at_the_seventh()
    {
        using var project = ExampleFiles.Copy("twelve_steps");
        var failed = await project.RunAsync("twelve_steps", 1);
        Assert.Equal("failed", failed.States["step_07"]);
        Assert.Equal("upstream_failed", failed.States["step_12"]);
        project.Write("out/mended", "");
        var mended = await project.RerunAsync(failed.Number, 0, "--from-failed");
        Assert.All(mended.States.Values, state => Assert.Equal("success", state));
        Assert.Equal(Enumerable.Range(1, 12).Select(step => $"{step:00}"), project.Lines("out/steps.txt"));
    }

    [Fact]
    [Trait("Requirement", "S140")]
    [Trait("Requirement", "S143")]
    [Trait("Requirement", "S144")]
    public async Task Fan_out_trains_a_model_a_segment_and_registers_all_at_once()
    {
        using var project = ExampleFiles.Copy("fan_out");
        var run = await project.RunAsync("train_segments");
        var labels = run
            .Tasks.Where(task => task.GetProperty("task").GetString() == "train")
            .Select(task => task.GetProperty("label").GetString());
        Assert.Equal(["new", "casual", "regular", "power", "dormant"], labels);
        var table = project.Lines("out/models.csv");
        Assert.Equal("segment,threshold,accuracy,auc", table[0]);
        Assert.Equal(["new", "casual", "regular", "power", "dormant"], table[1..].Select(line => line.Split(',')[0]));
        Assert.All(table[1..], line => Assert.InRange(double.Parse(line.Split(',')[3]), 0.75, 0.9));
    }

    [Fact]
    [Trait("Requirement", "S149")]
    public async Task Retries_are_for_what_passes_and_not_for_mistakes()
    {
        using var project = ExampleFiles.Copy("retries");
        var run = await project.RunAsync("flaky_download", 1);
        var download = run.Tasks.Single(task => task.GetProperty("task").GetString() == "download").GetProperty("attempts");
        Assert.Equal([75, 75, 0], download.EnumerateArray().Select(attempt => attempt.GetProperty("exit_code").GetInt32()));
        var delays = download
            .EnumerateArray()
            .SkipLast(1)
            .Select(attempt => attempt.GetProperty("next_delay_seconds").GetDouble())
            .ToList();
        Assert.InRange(delays[0], 0.5, 1.0);
        Assert.InRange(delays[1], 1.0, 1.5);
        var config = run.Tasks.Single(task => task.GetProperty("task").GetString() == "check_config").GetProperty("attempts");
        var failure = Assert.Single(config.EnumerateArray()).GetProperty("failure");
        Assert.Equal("permanent", failure.GetProperty("class").GetString());
        Assert.Contains("the key `endpoint` is missing", failure.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal("success", run.States["use"]);
        var log = (await project.CallAsync("logs", "last", "download", "--attempt", "1")).Expect(0);
        Assert.Contains("attempt 1: connection refused", log.Output, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Requirement", "S44")]
    [Trait("Requirement", "S46")]
    public async Task File_wait_goes_on_when_the_file_is_whole()
    {
        using var project = ExampleFiles.Copy("file_wait").Write("landing/2001-01-05/orders.csv", "id,amount\n1,20\n2,22\n");
        var run = await project.RunAsync("orders_after_landing", 0, "--date", "2001-01-05");
        Assert.Equal("skipped", run.States["raise_alarm"]);
        Assert.Equal(["orders,amount", "2,42"], project.Lines("out/2001-01-05.csv"));
    }

    [Fact]
    [Trait("Requirement", "S45")]
    [Trait("Requirement", "S47")]
    public async Task File_wait_raises_the_alarm_when_nothing_comes()
    {
        using var project = ExampleFiles.Copy("file_wait");
        var file = "pipelines/orders_after_landing.yaml";
        project.Write(file, project.Read(file).Replace("timeout: 1h", "timeout: 1s", StringComparison.Ordinal));
        var run = await project.RunAsync("orders_after_landing", 1, "--date", "2001-01-05");
        Assert.Equal("failed", run.States["landed"]);
        Assert.Equal("upstream_failed", run.States["count"]);
        Assert.Equal(["no orders for 2001-01-05"], project.Lines("out/alarms.txt"));
    }

    [Fact]
    [Trait("Requirement", "S3")]
    [Trait("Requirement", "S85")]
    public async Task Sql_checks_stop_the_bad_file_and_block_what_comes_after()
    {
        using var project = ExampleFiles.Copy("sql_checks");
        var good = await project.RunAsync("checked_orders");
        Assert.Equal("success", good.State);
        var (orders, model) = (File.ReadAllBytes(project.PathOf("out/orders.parquet")), project.Read("out/model.csv"));
        var bad = await project.RunAsync("checked_orders", 1, "--param", "orders=bad_orders.csv");
        Assert.Equal("failed", bad.States["prepare"]);
        Assert.Equal("blocked", bad.States["train"]);
        var attempt = bad.Tasks.Single(task => task.GetProperty("task").GetString() == "prepare").GetProperty("attempts")[0];
        Assert.Contains(
            "not_null(id, customer): 1 of 4 rows",
            attempt.GetProperty("failure").GetProperty("message").GetString(),
            StringComparison.Ordinal
        );
        Assert.Equal(orders, File.ReadAllBytes(project.PathOf("out/orders.parquet")));
        Assert.Equal(model, project.Read("out/model.csv"));
    }

    [Fact]
    [Trait("Requirement", "S6")]
    public async Task Shell_python_and_sql_work_together()
    {
        using var project = ExampleFiles.Copy("shell_python_sql");
        await project.RunAsync("words");
        Assert.Contains("signal     ###", project.Lines("out/chart.txt"));
    }

    [Fact]
    [Trait("Requirement", "S55")]
    [Trait("Requirement", "S100")]
    public async Task Ml_daily_gives_the_same_bytes_for_the_same_date()
    {
        using var project = ExampleFiles.Copy("ml_daily");
        await project.RunAsync("ml_daily", 0, "--date", "2024-01-15");
        var first = Directory
            .EnumerateFiles(project.PathOf("out"), "*", SearchOption.AllDirectories)
            .Order(StringComparer.Ordinal)
            .ToList();
        var contents = first.ConvertAll(File.ReadAllText);
        using var model = JsonDocument.Parse(project.Read("out/models/2024-01-15.json"));
        Assert.InRange(model.RootElement.GetProperty("slope").GetDouble(), 2.3, 2.7);
        await project.RunAsync("ml_daily", 0, "--date", "2024-01-15");
        Assert.Equal(contents, first.ConvertAll(File.ReadAllText));
        Assert.Equal(3, Directory.EnumerateFiles(project.PathOf("out"), "*", SearchOption.AllDirectories).Count());
    }
}
