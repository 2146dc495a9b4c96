namespace Signalbox.Acceptance.Tests;

/// <summary>docs/specs/007-fan-out.md</summary>
public sealed class Spec007FanOut
{
    [Theory]
    [Trait("Requirement", "S141")]
    [Trait("Requirement", "S143")]
    [Trait("Requirement", "S146")]
    [Trait("Requirement", "S148")]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(100)]
    public async Task A_task_runs_once_for_each_item_and_the_next_one_gets_the_results_in_order(int count)
    {
        using var project = new TestProject().Pipeline(
            "fan",
            """
            params:
              count: { type: integer }
            tasks:
              items: { run: "python3 -c 'import json,sys; print(json.dumps([{\"n\": i} for i in range(int(sys.argv[1]))]))' {{ params.count }} > \"$SIGNALBOX_RESULT\"" }
              square:
                needs: [items]
                for_each: "{{ tasks.items.result }}"
                label: "number {{ item.n }}"
                run: "echo $(({{ item.n }} * {{ item.n }})) > \"$SIGNALBOX_RESULT\""
              all:
                needs: [square]
                trigger_rule: all_done
                run: "echo {{ tasks.square.result | length }} > count.txt"
            """
        );
        var run = await project.RunAsync("fan", 0, "--param", $"count={count}");
        Assert.Equal($"{count}\n", project.Read("count.txt"));
        var instances = run.Tasks.Where(task => task.GetProperty("task").GetString() == "square").ToList();
        if (count == 0)
        {
            Assert.Equal(-1, Assert.Single(instances).GetProperty("map_index").GetInt32());
            return;
        }

        Assert.Equal(Enumerable.Range(0, count), instances.Select(task => task.GetProperty("map_index").GetInt32()));
        Assert.All(instances, task => Assert.Equal("success", task.GetProperty("state").GetString()));
        Assert.Equal($"number {count - 1}", instances[^1].GetProperty("label").GetString());
    }

    [Fact]
    [Trait("Requirement", "S148")]
    public async Task A_plain_list_is_a_list_of_items()
    {
        using var project = new TestProject().Pipeline(
            "plain",
            "tasks:\n  each: { for_each: [north, 'it''s', 7], max_parallel: 1, run: 'echo {{ item }} >> seen.txt', timeout: 1m }\n"
        );
        await project.RunAsync("plain");
        Assert.Equal(["north", "it's", "7"], project.Lines("seen.txt"));
    }

    [Fact]
    [Trait("Requirement", "S98")]
    public async Task A_failed_instance_is_run_again_alone()
    {
        using var project = new TestProject().Pipeline(
            "fan",
            """
            tasks:
              items: { run: "echo '[\"a\", \"b\", \"c\"]' > \"$SIGNALBOX_RESULT\"" }
              each:
                needs: [items]
                for_each: "{{ tasks.items.result }}"
                run: "echo {{ item }} >> ran.txt; test {{ item }} != b || test -e mended"
              all: { needs: [each], run: "echo all >> ran.txt" }
            """
        );
        var failed = await project.RunAsync("fan", 1);
        Assert.Equal(["success", "failed", "success"], new[] { "each[0]", "each[1]", "each[2]" }.Select(name => failed.States[name]));
        project.Write("mended", "").Write("ran.txt", "");
        var mended = await project.RerunAsync(failed.Number, 0, "--from-failed");
        Assert.Equal(["b", "all"], project.Lines("ran.txt"));
        Assert.Equal("success", mended.State);
        project.Write("ran.txt", "");
        await project.RerunAsync(failed.Number, 0, "--only", "each[2]");
        Assert.Equal(["c"], project.Lines("ran.txt"));
        Assert.Contains("each[1]", (await project.CallAsync("runs", "show", "last")).Expect(0).Output, StringComparison.Ordinal);
    }
}
