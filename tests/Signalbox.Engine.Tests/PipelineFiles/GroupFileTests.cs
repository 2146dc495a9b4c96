using Signalbox.Core.Definitions;

namespace Signalbox.Engine.Tests.PipelineFiles;

/// <summary>Groups as they are written.</summary>
public sealed class GroupFileTests
{
    [Fact]
    [Trait("Requirement", "S43")]
    public void A_group_is_plain_tasks_and_one_that_comes_after_them_with_retries_of_its_own()
    {
        var pipeline = Yaml.Good(
            """
            pipeline: p
            defaults: { retries: 3, retry_delay: 1m, timeout: 20m }
            tasks:
              extract: { run: a }
              load:
                needs: extract
                retries: 1
                retry_delay: 10m
                group:
                  stage: { run: b }
                  look: { needs: [extract], run: c }
                  swap: { needs: [stage], run: "echo {{ tasks.stage.result }}" }
              after: { needs: [load], run: d }
            """
        );
        Assert.Equal(
            ["extract <- ", "stage <- extract", "look <- extract", "swap <- stage", "load <- stage, look, swap", "after <- load"],
            pipeline.Tasks.Select(task => $"{task.Name} <- {string.Join(", ", task.Needs)}")
        );
        var group = pipeline.Tasks.Single(task => task.Kind is TaskKind.Group);
        Assert.Equal((1, TimeSpan.FromMinutes(10)), (group.Retry.Retries, group.Retry.Delay));
        Assert.Equal(TriggerRule.NoneFailedMinOneSuccess, group.TriggerRule);
        Assert.All(pipeline.Tasks.Where(task => task.Kind is not TaskKind.Group), task => Assert.Equal(3, task.Retry.Retries));
        Assert.Equal(TimeSpan.FromMinutes(20), pipeline.Tasks[1].Timeout);

        // Without a word of its own a group is tried once.
        Assert.Equal(
            0,
            Yaml.Good("pipeline: p\ndefaults: { retries: 3 }\ntasks: { g: { group: { a: { run: b } } } }").Tasks[^1].Retry.Retries
        );
    }

    [Theory]
    [InlineData("g: { group: {} }", "3:15: `group` must be a mapping from names of tasks to tasks, not an empty mapping")]
    [InlineData("g: { group: [a] }", "3:15: `group` must be a mapping from names of tasks to tasks, not a list")]
    [InlineData(
        "g: { timeout: 5m, group: { a: { run: b } } }",
        "3:8: `timeout` does not go with `group`, which does nothing itself; write it at the tasks of the group"
    )]
    [InlineData("g: { run: x, group: { a: { run: b } } }", "3:16: a task does one thing: it has `run` and `group`; make two tasks of it")]
    [InlineData(
        "g: { group: { a: { group: { b: { run: c } } } } }",
        "3:22: a group has no groups in it: put this one beside it, with `needs`, or its tasks into the outer one"
    )]
    [InlineData(
        "a: { run: x }\n  g: { group: { a: { run: b } } }",
        "4:17: there is another task `a`: a task in a group has a name of its own in the whole pipeline"
    )]
    [InlineData(
        "g: { group: { a: { run: b } } }\n  t: { needs: [g, a], run: c }",
        "4:19: the task `t` needs `a`, which is inside the group `g` and is done again with it; write `needs: [g]`"
    )]
    [InlineData("g: { group: { a: { run: b, retrys: 1 } } }", "3:30: unknown key `retrys`; did you mean `retries`?")]
    public void Mistakes_in_a_group_are_told_with_their_place(string tasks, string problem) =>
        Assert.Equal($"p.yaml:{problem}", Assert.Single(Yaml.Problems($"pipeline: p\ntasks:\n  {tasks}\n")));

    [Theory]
    [InlineData("g: { group: { a: { needs: [nope], run: b } } }", "3:30: ")]
    [InlineData("g: { needs: [nope], group: { a: { run: b } } }", "3:16: ")]
    [InlineData("g: { group: { a: { run: \"echo {{ nope }}\" } } }", "3:")]
    [InlineData("g: { group: { a: { needs: [c], run: b }, c: { needs: [a], run: b } } }", "3:")]
    [InlineData("g: { group: { a: { needs: [g], run: b } } }", "3:30: ")]
    public void What_is_wrong_with_a_task_of_a_group_stands_where_it_is_written(string tasks, string place) =>
        Assert.StartsWith($"p.yaml:{place}", Assert.Single(Yaml.Problems($"pipeline: p\ntasks:\n  {tasks}\n")), StringComparison.Ordinal);
}
