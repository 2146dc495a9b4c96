namespace Signalbox.Acceptance.Tests;

/// <summary>docs/specs/028-partitions.md</summary>
public sealed class Spec028Partitions
{
    [Fact]
    [Trait("Requirement", "S76")]
    [Trait("Requirement", "S82")]
    [Trait("Requirement", "S96")]
    public async Task A_weekly_run_waits_for_the_seven_days_of_its_week_and_says_which_are_missing()
    {
        using var project = new TestProject().Pipeline(
            "weekly",
            """
            partition: { by: week, week_starts: sunday }
            tasks:
              week_there: { wait_for: { dataset: flights/raw }, every: 200ms }
              month_there: { wait_for: { dataset: flights/raw, from: "2000-12-31", to: "{{ macros.ds_add(ds, 1) }}" }, every: 200ms }
              use: { needs: [week_there, month_there], run: "echo {{ partition }} > {{ outputs.done }}", outputs: { done: "done.txt" } }

            """
        );
        await using var server = await TestServer.StartAsync(project);
        var run = new RunSeen((await project.CallAsync("run", "weekly", "--date", "2001-01-03", "--detach", "--json")).Expect(0).Json);
        // Sunday 31 December to Saturday 6 January, without the Tuesday.
        await PostAsync(project, "2000-12-31", "2001-01-01", "2001-01-03", "2001-01-04", "2001-01-05", "2001-01-06");
        await Eventually.TrueAsync(
            () =>
                project
                    .CallAsync("why", $"{run.Number}", "week_there")
                    .Result.Output.Contains("flights/raw: missing 2001-01-02 of 7 partitions", StringComparison.Ordinal),
            TimeSpan.FromSeconds(60)
        );
        Assert.False(File.Exists(project.PathOf("done.txt")));
        await PostAsync(project, "2001-01-02");

        Assert.Equal("success", (await project.EndedAsync(run.Number, TimeSpan.FromSeconds(60))).State);
        Assert.Equal(["2001-W01"], project.Lines("done.txt"));
    }

    [Fact]
    public async Task Partitions_are_listed_by_page_and_those_that_are_missing_are_found()
    {
        using var project = new TestProject();
        var days = Enumerable.Range(0, 130).Select(day => new DateOnly(2001, 1, 1).AddDays(day)).Where(day => day.Day != 10).ToList();
        project.Write("updates.jsonl", string.Concat(days.Select(day => $"{{\"partition\": \"{day:yyyy-MM-dd}\"}}\n")));
        (await project.CallAsync("datasets", "update", "a", "--file", "updates.jsonl")).Expect(0);

        var first = (await project.CallAsync("datasets", "partitions", "a", "--json")).Expect(0).Json;
        Assert.Equal((100, true), (first.GetProperty("partitions").GetArrayLength(), first.GetProperty("has_more").GetBoolean()));
        var second = (await project.CallAsync("datasets", "partitions", "a", "--page", "2", "--json")).Expect(0).Json;
        Assert.Equal((25, false), (second.GetProperty("partitions").GetArrayLength(), second.GetProperty("has_more").GetBoolean()));
        Assert.Equal("2001-04-15", second.GetProperty("partitions")[0].GetProperty("partition").GetString());

        var missing = (
            await project.CallAsync("datasets", "partitions", "a", "--from", "2001-01", "--to", "2001-03", "--missing", "--json")
        ).Expect(0);
        Assert.Equal(
            ["2001-01-10", "2001-02-10", "2001-03-10"],
            missing.Json.GetProperty("partitions").EnumerateArray().Select(one => one.GetProperty("partition").GetString())
        );
        var week = (await project.CallAsync("datasets", "partitions", "a", "--from", "2001-W02", "--to", "2001-W02")).Expect(0).Output;
        Assert.Contains("2001-01-14", week, StringComparison.Ordinal);
        Assert.DoesNotContain("2001-01-15", week, StringComparison.Ordinal);

        var unknown = (await project.CallAsync("datasets", "partitions", "b")).Expect(2).Error;
        Assert.Contains("dataset `b` has had no update", unknown, StringComparison.Ordinal);
        Assert.Contains(
            "--from: `soon` is no partition",
            (await project.CallAsync("datasets", "partitions", "a", "--from", "soon")).Expect(2).Error,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Lists_cut_a_dataset_into_cells_that_are_listed_missed_and_shown_by_their_keys()
    {
        using var project = new TestProject().Pipeline(
            "regions",
            """
            partition: { by: day, keys: { region: [eu, us], tier: [free, paid] } }
            tasks:
              make:
                for_each: "{{ cells }}"
                run: test {{ item.tier }} = free -o {{ item.region }} = eu && echo {{ partition }} > {{ outputs.o }}
                outputs:
                  o:
                    path: "sales/{{ ds }}/{{ item.region }}-{{ item.tier }}.txt"
                    dataset: sales
                    keys: { region: "{{ item.region }}", tier: "{{ item.tier }}" }

            """
        );
        await project.RunAsync("regions", 1, "--date", "2001-01-05");
        await project.RunAsync("regions", 1, "--date", "2001-01-06");
        string[] days = ["datasets", "partitions", "sales", "--from", "2001-01-05", "--to", "2001-01-06"];
        Assert.Equal(6, Keys(await project.CallAsync([.. days, "--json"])).Length);
        Assert.Equal(["2001-01-05/us/paid", "2001-01-06/us/paid"], Keys(await project.CallAsync([.. days, "--missing", "--json"])));
        var resolved = (await project.CallAsync("datasets", "resolve", "sales", "--partition", "2001-01-06/us/free")).Expect(0).Output;
        Assert.Equal(project.PathOf("sales/2001-01-06/us-free.txt") + "\n", resolved);

        static string[] Keys(Called called) =>
            [.. called.Expect(0).Json.GetProperty("partitions").EnumerateArray().Select(one => one.GetProperty("partition").GetString()!)];
    }

    [Fact]
    [Trait("Requirement", "S82")]
    [Trait("Requirement", "S114")]
    public async Task Partitions_that_never_map_to_each_other_are_a_mistake_with_its_place()
    {
        using var project = new TestProject()
            .Pipeline(
                "maker",
                "partition: month\ntasks:\n  make: { run: \"true\", outputs: { o: { path: \"{{ partition }}\", dataset: sales/month } } }\n"
            )
            .Pipeline("user", "triggers:\n  - datasets:\n      all: [outside, sales/month]\ntasks:\n  use: { noop: }\n")
            .Pipeline("odd", "partition: { by: day, week_starts: sunday }\ntasks:\n  use: { noop: }\n");
        var user = (await project.CallAsync("validate", "pipelines/user.yaml")).Expect(2).Output;
        Assert.Contains("user.yaml:4:22: ", user, StringComparison.Ordinal);
        Assert.Contains("maker cuts `sales/month` by months and this pipeline is cut by days", user, StringComparison.Ordinal);
        Assert.Contains("write `partition: month` here", user, StringComparison.Ordinal);
        var odd = (await project.CallAsync("validate", "pipelines/odd.yaml")).Expect(2).Output;
        Assert.Contains("odd.yaml:2:", odd, StringComparison.Ordinal);
        Assert.Contains("`week_starts` goes with `by: week`", odd, StringComparison.Ordinal);
    }

    private static async Task PostAsync(TestProject project, params string[] days)
    {
        project.Write("days.jsonl", string.Concat(days.Select(day => $"{{\"partition\": \"{day}\"}}\n")));
        (await project.CallAsync("datasets", "update", "flights/raw", "--file", "days.jsonl")).Expect(0);
    }
}
