using System.Text.Json;
using Signalbox.Core;
using Signalbox.Core.Runs;
using Signalbox.Engine.Control;
using Signalbox.Engine.Outputs;
using Signalbox.Engine.PipelineFiles;
using Signalbox.Engine.Projects;
using Signalbox.Engine.Tests.Driving;
using Signalbox.Engine.Tests.Scheduling;
using Signalbox.Storage;

namespace Signalbox.Engine.Tests.Variants;

/// <summary>Two versions of a pipeline side by side: where each writes, which of them is read, and how that is switched.</summary>
public sealed class VariantTests
{
    private static readonly DateTimeOffset Noon = new(2024, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    [Trait("Requirement", "S179")]
    [Trait("Requirement", "S183")]
    public async Task Every_tick_runs_both_and_each_writes_to_its_own_place()
    {
        var time = new ManualTime(Noon);
        await using var house = new House { Time = time };
        house.Pipeline(Revenue("blue", "schedule: \"0 2 * * *\"\ncatchup: all\nstart: 2024-02-28"));
        await house.SaveAsync();
        await DeployAsync(house, "green", Revenue("green", ""));
        await house.CloseAsync();
        await house.ServeAsync();
        await house.UntilAsync(() => Runs(house).Count == 4, "two runs for each of two ticks");
        // Not by waiting for each run: who waits takes over what nobody drives yet, and the scheduler is about to.
        await house.UntilAsync(() => Runs(house).All(run => run.State.IsEnd()), "all four end");
        Assert.All(Runs(house), run => Assert.Equal(RunState.Success, run.State));

        foreach (var date in (string[])["2024-02-28", "2024-02-29"])
        {
            Assert.Equal(["blue"], house.Lines($"data/total/{date}.csv"));
            Assert.Equal(["green"], house.Lines($".signalbox/namespaces/green/data/total/{date}.csv"));
        }

        var ticks = house.Store.Read(session => session.Ticks(new PipelineName("revenue"), 10)).Where(tick => tick.Run is not null);
        Assert.Equal(2, ticks.Count());
        Assert.All(ticks, tick => Assert.Null(house.Store.Read(session => session.Run(tick.Run!.Value))!.Namespace));
        Assert.All(Runs(house), run => Assert.Equal(RunTrigger.Scheduled, run.Trigger));
        // A run of a variant is never the run of that date.
        Assert.Equal(2, house.Store.Read(session => session.RunsOf(new PipelineName("revenue"), Noon.AddDays(-9), Noon)).Count);
    }

    [Fact]
    [Trait("Requirement", "S182")]
    [Trait("Requirement", "S183")]
    public async Task All_datasets_switch_together_and_back_without_a_run()
    {
        await using var house = await WithBothAsync();
        Assert.Equal(["blue", "blue"], await ReadAsync(house, "before"));
        var live = house.Lines("data/total/2024-03-01.csv");

        var promoted = await house.AskAsync(new Request.PromoteVariant("revenue", null, "seven clean days", Force: false));
        Assert.True(promoted.Done, promoted.Message);
        var runs = house.Store.Read(session => session.Runs(new())).Count;
        Assert.Equal(["green", "green"], await ReadAsync(house, "promoted"));

        var back = await house.AskAsync(new Request.RollbackVariant("revenue", "totals differ"));
        Assert.True(back.Done, back.Message);
        Assert.Equal(["blue", "blue"], await ReadAsync(house, "rolled back"));

        // The two reads are all that ran: neither switch made a run, and nothing at the live places was touched.
        Assert.Equal(runs + 2, house.Store.Read(session => session.Runs(new())).Count);
        Assert.Equal(live, house.Lines("data/total/2024-03-01.csv"));
        var switches = house.Store.Read(session => session.VariantSwitches(new PipelineName("revenue"), 10));
        Assert.Equal([VariantSwitchKind.Rollback, VariantSwitchKind.Promote], switches.Select(made => made.Kind));
        Assert.Equal(["totals differ", "seven clean days"], switches.Select(made => made.Reason));
        Assert.All(switches, made => Assert.Equal(Environment.UserName, made.Who));
        Assert.False((await house.AskAsync(new Request.RollbackVariant("revenue", "again"))).Done);
    }

    [Fact]
    [Trait("Requirement", "S181")]
    public async Task A_path_resolves_per_partition_and_falls_back_to_blue_where_the_variant_has_nothing()
    {
        await using var house = await WithBothAsync();
        await house.RunAsync("revenue", "2024-03-02");
        await house.AskAsync(new Request.PromoteVariant("revenue", "green", "try it", Force: false));

        var first = Resolve(house, "data/total/2024-03-01.csv");
        Assert.Equal("green", first.Variant?.Value);
        Assert.False(first.FallsBack);
        Assert.Equal(["green"], File.ReadAllLines(first.Path));
        var second = Resolve(house, "data/total/2024-03-02.csv");
        Assert.Null(second.Variant);
        Assert.True(second.FallsBack);
        Assert.Equal(house.Path("data/total/2024-03-02.csv"), second.Path);
        Assert.Null(Resolve(house, "data/total/2024-03-03.csv").Version);
    }

    [Fact]
    [Trait("Requirement", "S177")]
    [Trait("Requirement", "S179")]
    public async Task A_line_reads_its_own_and_of_others_what_is_active()
    {
        await using var house = await WithBothAsync();
        house.Pipeline(
            """
            pipeline: whole
            tasks:
              read:
                run: 'cat "$(dirname "$SIGNALBOX_INPUT_ALL")"/*.csv > {{ outputs.seen }}'
                inputs: { all: "data/total/*.csv" }
                outputs: { seen: "data/whole/{{ ds }}.txt" }
            """
        );
        await house.RunAsync("revenue", "2024-03-02");
        await house.AskAsync(new Request.PromoteVariant("revenue", "green", "try it", Force: false));

        // Green lacks one of the two partitions that a pattern names: one path cannot mean both, so all are blue's.
        await house.RunAsync("whole", "2024-03-05");
        Assert.Equal(["blue", "blue"], house.Lines("data/whole/2024-03-05.txt"));
        await StartVariantAsync(house, "2024-03-02");
        await house.RunAsync("whole", "2024-03-06");
        Assert.Equal(["green", "green"], house.Lines("data/whole/2024-03-06.txt"));

        // The live line goes on reading itself: were it to read green, a rollback would lead to mixed data.
        await house.RunAsync("revenue", "2024-03-03");
        Assert.Equal(["blue"], house.Lines("data/double/2024-03-03.csv"));
    }

    [Fact]
    public async Task A_wait_is_for_the_run_of_the_line_that_is_read()
    {
        await using var house = await WithBothAsync();
        house.Pipeline(
            """
            pipeline: waiting
            tasks:
              wait: { wait_for: { task: { pipeline: revenue, match: identity } }, every: 100ms, timeout: 20s }
            """
        );
        await house.AskAsync(new Request.PromoteVariant("revenue", "green", "try it", Force: false));
        await house.RunAsync("revenue", "2024-03-04");
        house.Write("fail", "");
        Assert.Equal(RunState.Failed, (await StartVariantAsync(house, "2024-03-04")).State);
        var waiting = await house.StartAsync("waiting", "2024-03-04");
        await house.UntilStateAsync(waiting, "wait", TaskState.UpForReschedule);
        File.Delete(house.Path("fail"));
        Assert.Equal(RunState.Success, (await StartVariantAsync(house, "2024-03-04")).State);
        Assert.Equal(RunState.Success, (await house.EndAsync(waiting)).State);
    }

    [Fact]
    [Trait("Requirement", "S182")]
    public async Task The_pointer_file_says_what_is_active_and_an_engine_that_died_before_it_wrote_it_is_made_up_for()
    {
        await using var house = await WithBothAsync();
        var pointer = house.Path(".signalbox/active/revenue.json");
        Assert.False(File.Exists(pointer));
        await house.AskAsync(new Request.PromoteVariant("revenue", null, "go", Force: false));
        await house.UntilAsync(() => File.Exists(pointer), "the pointer");
        Assert.Equal(("green", ".signalbox/namespaces/green"), Pointer(pointer));
        await house.AskAsync(new Request.RollbackVariant("revenue", "back"));
        await house.UntilAsync(() => Pointer(pointer).Active == "blue", "the pointer back");
        Assert.Equal(("blue", "."), Pointer(pointer));

        // A folder in its way: the switch is made all the same, and told when the way is free.
        File.Delete(pointer);
        Directory.CreateDirectory(Path.Combine(pointer, "in the way"));
        var promoted = await house.AskAsync(new Request.PromoteVariant("revenue", null, "again", Force: false));
        Assert.True(promoted.Done, promoted.Message);
        await house.CloseAsync();
        if (Directory.Exists(pointer))
        {
            Directory.Delete(pointer, recursive: true);
        }

        await house.UntilAsync(() => house.Session.OwnsEngine || TryOwn(house), "an engine");
        await house.UntilAsync(() => File.Exists(pointer) && Pointer(pointer).Active == "green", "the pointer after a restart");
    }

    [Theory]
    [InlineData("Blue", "lower case")]
    [InlineData("blue", "is the live version")]
    [InlineData("shadow-x", "the program's own")]
    [InlineData("", "cannot be empty")]
    public async Task A_name_that_is_no_variant_is_refused(string name, string told)
    {
        await using var house = new House();
        house.Pipeline(Revenue("blue", ""));
        await house.SaveAsync();
        var version = house.Store.Read(session => session.Pipeline(new PipelineName("revenue")))!.Version!.Value;
        var answer = await house.AskAsync(new Request.Deploy("revenue", name, version.Value, "x.yaml", null));
        Assert.False(answer.Done);
        Assert.Contains(told, answer.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_readers_are_served_is_neither_replaced_nor_ended()
    {
        await using var house = await WithBothAsync();
        await house.AskAsync(new Request.PromoteVariant("revenue", null, "go", Force: false));
        Assert.Contains("roll back first", (await DeployAsync(house, "green", Revenue("other", ""))).Message, StringComparison.Ordinal);
        var ended = await house.AskAsync(new Request.Undeploy("revenue", "green", null));
        Assert.False(ended.Done);
        Assert.Contains("signalbox rollback", ended.Message, StringComparison.Ordinal);
        await house.AskAsync(new Request.RollbackVariant("revenue", "back"));
        Assert.True((await house.AskAsync(new Request.Undeploy("revenue", "green", null))).Done);
        Assert.Empty(house.Store.Read(session => session.Variants()));
    }

    [Fact]
    public async Task A_rollback_goes_to_what_was_active_before()
    {
        await using var house = await WithBothAsync();
        await DeployAsync(house, "teal", Revenue("teal", ""));
        Assert.Contains("say which", (await PromoteAsync(null)).Message, StringComparison.Ordinal);
        Assert.True((await PromoteAsync("green")).Done);
        Assert.True((await PromoteAsync("teal")).Done);
        await BackAsync("green");
        await BackAsync(null);
        Assert.True((await PromoteAsync("green")).Done);
        Assert.True((await PromoteAsync("blue")).Done);
        Assert.Null(house.Store.Read(session => session.ActiveVariant(new PipelineName("revenue"))));

        Task<Answer> PromoteAsync(string? variant) => house.AskAsync(new Request.PromoteVariant("revenue", variant, "go", Force: false));

        async Task BackAsync(string? expected)
        {
            Assert.True((await house.AskAsync(new Request.RollbackVariant("revenue", "back"))).Done);
            Assert.Equal(expected, house.Store.Read(session => session.ActiveVariant(new PipelineName("revenue")))?.Value);
        }
    }

    [Fact]
    public async Task A_backfill_of_a_variant_runs_its_definition_and_moves_no_watermark()
    {
        await using var house = await WithBothAsync();
        var dates = Enumerable.Range(3, 3).Select(day => new DateTimeOffset(2024, 3, day, 0, 0, 0, TimeSpan.Zero)).ToList();
        var answer = await house.AskAsync(
            new Request.StartBackfill("revenue", [.. dates], 2, "{}", [], "history", Selective: false, Watermark: false)
            {
                Variant = "green",
            }
        );
        await house.Session.WaitForBackfillAsync(answer.Number!.Value, House.Cancel).WaitAsync(House.Deadline, House.Cancel);
        foreach (var date in dates)
        {
            Assert.Equal(["green"], house.Lines($".signalbox/namespaces/green/data/total/{date:yyyy-MM-dd}.csv"));
            Assert.False(File.Exists(house.Path($"data/total/{date:yyyy-MM-dd}.csv")));
        }

        var refused = await house.AskAsync(
            new Request.StartBackfill("revenue", [.. dates], 2, "{}", [], "history", Selective: false, Watermark: true)
            {
                Variant = "green",
            }
        );
        Assert.Contains("watermark", refused.Message, StringComparison.Ordinal);
        Assert.Null(house.Store.Read(session => session.Watermark(new PipelineName("revenue"))));
    }

    /// <summary>The live version and green, both run for one date.</summary>
    private static async Task<House> WithBothAsync()
    {
        var house = new House();
        house.Pipeline(Revenue("blue", ""));
        house.Pipeline(
            """
            pipeline: reader
            tasks:
              read:
                run: "cat {{ inputs.total }} {{ inputs.doubled }} > {{ outputs.seen }}"
                inputs: { total: data/total/2024-03-01.csv, doubled: data/double/2024-03-01.csv }
                outputs: { seen: "data/seen/{{ ds }}.txt" }
            """
        );
        await house.RunAsync("revenue");
        Assert.True((await DeployAsync(house, "green", Revenue("green", ""))).Done);
        await StartVariantAsync(house, "2024-03-01");
        return house;
    }

    private static async Task<Run> StartVariantAsync(House house, string date)
    {
        var answer = await house.AskAsync(new Request.StartRun("revenue", null, date, "{}", null, null, "green"));
        Assert.True(answer.Done, answer.Message);
        return await house.EndAsync(new RunNumber(answer.Number!.Value));
    }

    private static async Task<string[]> ReadAsync(House house, string why)
    {
        var run = await house.RunAsync("reader");
        Assert.True(run.State == RunState.Success, why);
        return house.Lines("data/seen/2024-03-01.txt");
    }

    private static ActivePath Resolve(House house, string path) =>
        house.Store.Read(session =>
            ActiveVariants.Read(session, house.Session.Project.Folder, house.Session.Project.StateFolder).Resolve(session, house.Path(path))
        );

    private static async Task<Answer> DeployAsync(House house, string variant, string text)
    {
        var file = house.Write($"candidates/{variant}.yaml", text);
        var parsed = PipelineFile.Parse(file, File.ReadAllBytes(file), TaskDefaults.None);
        var version = await house.Store.WriteAsync(
            session => session.SaveDefinition(parsed.Pipeline!, text, house.Time.GetUtcNow()),
            House.Cancel
        );
        return await house.AskAsync(new Request.Deploy("revenue", variant, version.Value, file, "try it"));
    }

    private static IReadOnlyList<Run> Runs(House house) => house.Store.Read(session => session.Runs(new()));

    private static (string? Active, string? Root) Pointer(string file)
    {
        using var json = JsonDocument.Parse(File.ReadAllText(file));
        return (json.RootElement.GetProperty("active").GetString(), json.RootElement.GetProperty("root").GetString());
    }

    /// <summary>An engine is run by whoever asks for something first.</summary>
    private static bool TryOwn(House house)
    {
        house.Session.AskAsync(new Request.UnpausePipeline("revenue", "wake"), House.Cancel).Wait(House.Cancel);
        return house.Session.OwnsEngine;
    }

    /// <summary>Two datasets that belong together.</summary>
    private static string Revenue(string says, string more) =>
        """
            pipeline: revenue
            MORE
            tasks:
              total: { run: "test ! -e fail && echo SAYS > {{ outputs.total }}", outputs: { total: "data/total/{{ ds }}.csv" } }
              double:
                needs: [total]
                run: "cat {{ inputs.total }} > {{ outputs.doubled }}"
                inputs: { total: "{{ tasks.total.outputs.total }}" }
                outputs: { doubled: "data/double/{{ ds }}.csv" }
            """.Replace("SAYS", says, StringComparison.Ordinal).Replace("MORE", more, StringComparison.Ordinal);
}
