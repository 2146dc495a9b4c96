namespace Signalbox.Engine.Tests.PipelineFiles;

/// <summary>Mistakes that only the whole pipeline shows, at their places in the file.</summary>
public sealed class PipelineMistakeTests
{
    [Fact]
    [Trait("Requirement", "S10")]
    public void A_cycle_is_printed_once_from_the_first_task_of_the_file()
    {
        Assert.Equal(
            [
                "p.yaml:4:23: the tasks wait for each other in a circle: a -> b -> c -> a; take one of these needs away [cycle]",
                "p.yaml:7:16: the task `d` needs itself [needs-itself]",
            ],
            AllProblems(
                """
                pipeline: p
                timeout: 1h
                tasks:
                  a: { run: x, needs: c }
                  b: { run: x, needs: [a] }
                  c: { run: x, needs: [b] }
                  d: { needs: [d], run: x }
                  e: { run: x, needs: [c] }
                """
            )
        );
    }

    [Fact]
    [Trait("Requirement", "S62")]
    public void All_mistakes_are_told_at_once_each_at_its_place()
    {
        Assert.Equal(
            [
                "p.yaml:2:11: minute: 60 is out of range; write 0 to 59 [bad-cron]",
                "p.yaml:4:59: the default does not obey its own parameter: `min_rows` is at least 0; -5 is less [bad-default]",
                "p.yaml:7:13: unknown task `extrat`; did you mean `extract`? [unknown-task]",
                "p.yaml:8:21: unknown parameter `min_row`; did you mean `min_rows`? [unknown-param]",
                "p.yaml:8:45: task `other` is not upstream of `features`: add it to needs [not-upstream]",
                "p.yaml:8:76: unknown output `raw`; declare it under `outputs:` of the task `features` [unknown-output]",
                "p.yaml:11:19: unknown name `dss`; did you mean `ds`? [unknown-name]",
                "p.yaml:15:15: `{{` is not closed by `}}` [bad-template]",
            ],
            AllProblems(
                """
                pipeline: p
                schedule: "60 2 * * *"
                timeout: 1h
                params: { min_rows: { type: integer, minimum: 0, default: -5 } }
                tasks:
                  features:
                    needs: [extrat]
                    run: x --min {{ params.min_row }} -i {{ tasks.other.outputs.o }} -o {{ outputs.raw }}
                  extract:
                    run: >-
                      x --date {{ dss }}
                  other:
                    run: x
                    outputs:
                      o: data/{{ ds
                """
            )
        );
    }

    [Fact]
    public void A_setting_of_the_defaults_is_not_blamed_on_tasks_for_which_it_means_nothing() =>
        Assert.Empty(
            AllProblems(
                """
                pipeline: p
                defaults: { retries: 2, timeout: 1h, trigger_rule: none_failed }
                tasks:
                  landed: { wait_for: { file: a.csv } }
                  load: { needs: landed, run: x }
                """
            )
        );

    [Fact]
    [Trait("Requirement", "S59")]
    public void A_task_without_a_timeout_is_warned_of_and_the_file_is_accepted() =>
        Assert.Equal(
            [
                "p.yaml:3:3: warning: the task `a` has no timeout, so it is stopped after 24 hours only; give it one, such as `timeout: 20m` [no-timeout]",
            ],
            AllProblems("pipeline: p\ntasks:\n  a: { run: x }\n  b: { run: x, timeout: 5m }\n  c: { noop: {} }\n")
        );

    [Fact]
    public void Warnings_without_number_neither_hide_an_error_nor_become_one()
    {
        var tasks = string.Concat(Enumerable.Range(0, 300).Select(i => $"  t{i}: {{ run: x }}\n"));
        Assert.DoesNotContain(AllProblems($"pipeline: p\ntasks:\n{tasks}"), problem => !problem.Contains(": warning: "));
        Assert.Contains(
            "p.yaml:303:15: unknown task `nobody` [unknown-task]",
            AllProblems($"pipeline: p\ntasks:\n{tasks}  z: {{ needs: nobody, run: x }}\n")
        );
    }

    [Fact]
    public void What_follows_from_a_field_that_cannot_be_read_is_no_second_mistake() =>
        Assert.Equal(
            ["p.yaml:2:1: unknown key `runn`; did you mean `run`? [unknown-key]"],
            AllProblems("pipeline: p\nrunn: x\n").Where(problem => !problem.Contains("needs the key", StringComparison.Ordinal))
        );

    private static string[] AllProblems(string text) => [.. Yaml.Parse(text).Problems.Select(problem => $"{problem} [{problem.Code}]")];
}
