namespace Signalbox.Engine.Tests.PipelineFiles;

/// <summary>What a person reads who made a mistake: the place, what is wrong, and how to mend it.</summary>
public sealed class MistakeTests
{
    [Fact]
    public void All_mistakes_of_a_file_come_at_once_in_the_order_of_their_places()
    {
        Assert.Equal(
            [
                "p.yaml:1:11: `my pipeline` is no name: a name has only a-z, A-Z, 0-9, '_', '-' and '.'; found ' ' (put free text into `title:`)",
                "p.yaml:2:1: unknown key `shedule`; did you mean `schedule`?",
                "p.yaml:3:10: `catchup` must be one of none, latest, all, not `yes`",
                "p.yaml:4:8: `start` must be a date such as 2001-01-01, or a time such as 2001-01-01T06:00 with or without Z or an offset, not `1 Jan 2001`",
                "p.yaml:6:3: unknown key `retrys`; did you mean `retries`?",
                "p.yaml:7:12: `timeout` must be a duration above zero such as 30s, 5m, 1h30m or 2d: `minutes` in `20 minutes` is not a unit of time; did you mean `m`?",
                "p.yaml:8:20: `retry_on[1]` must be one of transient, resource_unavailable, rate_limited, auth, schema, validation, disk_full, oom, timeout, lost, cancelled, permanent, not `rate_limit`; did you mean `rate_limited`?",
                "p.yaml:11:14: `retries` must be a whole number from 0 to 1000, or auto, not `two`",
                "p.yaml:13:5: a task does one thing: it has `run` and `sql`; make two tasks of it",
                "p.yaml:14:15: `needs` must be a task or a list of tasks, not a mapping",
                "p.yaml:16:5: unknown key `triger_rule`; did you mean `trigger_rule`?",
                "p.yaml:17:6: the task `d` does nothing; give it one of run, python, shell, sql, wait_for, promote, approve, load, http, noop, group",
                "p.yaml:18:3: `e` has no value; it must be a mapping (run, python, shell, sql, …)",
            ],
            Yaml.Problems(
                """
                pipeline: my pipeline
                shedule: "15 2 * * *"
                catchup: yes
                start: 1 Jan 2001
                defaults:
                  retrys: 2
                  timeout: 20 minutes
                  retry_on: [lost, rate_limit]
                tasks:
                  a:
                    retries: two
                    run: echo
                    sql: select 1
                  b: { needs: { a: 1 }, run: echo }
                  c:
                    triger_rule: all_done
                  d: { doc: d.md }
                  e:
                """
            )
        );
    }

    [Theory]
    [InlineData("run: a", "1:1: a pipeline needs the key `pipeline`")]
    [InlineData("pipeline: p", "1:1: a pipeline needs the key `tasks` (or `run`, when it is one command)")]
    [InlineData("pipeline:\nrun: a", "1:1: `pipeline` has no value; it must be a name")]
    [InlineData("pipeline: p\ntasks: {}", "2:8: `tasks` must be a mapping from names of tasks to tasks, not an empty mapping")]
    [InlineData("pipeline: p\ntasks: [a]", "2:8: `tasks` must be a mapping from names of tasks to tasks, not a list")]
    [InlineData(
        "pipeline: p\nrun: a\ntasks: { a: { run: b } }",
        "3:1: `run` and `tasks` cannot stand together at the top of a file; make each a task under `tasks:`"
    )]
    [InlineData("pipeline: p\nrun: a\nretries: 2", "3:1: `retries` belongs to a task, under `tasks:`, or into `defaults:`")]
    [InlineData("pipeline: p\nrun: a\nneeds: b", "3:1: `needs` belongs to a task, under `tasks:`")]
    [InlineData("pipeline: p\nrun: a\npriority: 1.5", "3:11: `priority` must be a whole number, not `1.5`")]
    [InlineData(
        "pipeline: p\nrun: a\nmax_active_runs: \"4\"",
        "3:18: `max_active_runs` must be a whole number of at least 1, not `4` in quotes"
    )]
    [InlineData("pipeline: p\nrun: a\nschedule: { timezone: UTC }", "3:1: a schedule has one of `cron`, `every` and `rrule`")]
    [InlineData("pipeline: p\nrun: a\nparams: { a-b: 1 }", "3:11: `a-b` is no name: a name here has only a-z, A-Z, 0-9 and '_'")]
    [InlineData(
        "pipeline: p\nrun: a\nparams: { n: { type: integer, default: many } }",
        "3:40: the type of `n` is integer, but `many` is a text"
    )]
    public void A_mistake_at_the_top_says_what_is_wanted(string text, string expected) =>
        Assert.Equal(["p.yaml:" + expected], Yaml.Problems(text));

    [Theory]
    [InlineData("wait_for: {}", "`wait_for` needs one of file, s3, time, task, sql, http, message, dataset")]
    [InlineData("wait_for: { time: b }", "`time` must be a time such as 06:00")]
    [InlineData(
        "wait_for: { file: a, time: 06:00 }",
        "`wait_for` has one of file, s3, time, task, sql, http, message, dataset, not `file` and `time`"
    )]
    [InlineData("wait_for: { time: 06:00, stable_for: 5s }", "`stable_for` goes with `file`")]
    [InlineData("wait_for: { task: other }", "`task` must be `pipeline.task`; for a whole run write {pipeline: …}, not `other`")]
    [InlineData(
        "wait_for: { task: a.b.c }",
        "`task` must be `pipeline.task`; where a name has a dot, write {pipeline: …, task: …}, not `a.b.c`"
    )]
    [InlineData("wait_for: { http: \"ftp://host/\" }", "`ftp://host/` is no such address; write e.g. https://host/path")]
    [InlineData("wait_for: { http: \"http://host/\", status: 99 }", "`status` must be")]
    [InlineData("wait_for: { file: a, json: { state: ready } }", "`json` goes with `http`")]
    [InlineData("wait_for: { time: \"01:00\", stable_for: 1s }", "`stable_for` goes with `file` or `s3`")]
    [InlineData("wait_for: { message: a, connection: b }", "`connection` goes with `sql`")]
    [InlineData("wait_for: { s3: \"bucket/key\" }", "`bucket/key` is no such address; write e.g. s3://bucket/key")]
    [InlineData("wait_for: { sql: \"select '{{ nothing }}'\" }", "unknown name `nothing`")]
    [InlineData(
        "wait_for: { file: a, sql: select 1 }",
        "`wait_for` has one of file, s3, time, task, sql, http, message, dataset, not `file` and `sql`"
    )]
    [InlineData("wait_for: { task: { pipeline: a, offset: 1d } }", "`match: offset` and `offset` go together")]
    [InlineData("wait_for: { file: a, min_size: big }", "`min_size` must be a size such as 100, 10KB or 1MiB, not `big`")]
    [InlineData("run: a, every: 5m", "`every` goes with `wait_for`, which the task does not have")]
    [InlineData("run: a, label: b", "`label` goes with `for_each`, which the task does not have")]
    [InlineData("run: a, idempotent: maybe", "`idempotent` must be true or false, not `maybe`")]
    [InlineData("run: []", "`run` must be a list of a program and its arguments, not an empty list")]
    [InlineData("run: ''", "`run` must be a text, not an empty text")]
    [InlineData("noop: now", "`noop` must be empty, not `now`")]
    [InlineData("run: a, jitter: 1 second", "`jitter` must be a duration such as 30s")]
    [InlineData("run: a, timeout: 0s", "`timeout` must be a duration above zero")]
    [InlineData("run: a, outputs: { o: { dataset: d } }", "an output needs the key `path`")]
    [InlineData(
        "run: a, outputs: { o: { path: x, checks: [row_count] } }",
        "`checks[0]` must be a mapping (row_count, not_null, unique, range, …)"
    )]
    [InlineData("run: a, outputs: { o: { path: x, checks: [{ row_count: {} }] } }", "`row_count` needs `min` or `max`")]
    [InlineData(
        "run: a, outputs: { o: { path: x, checks: [{ row_count: { min: few } }] } }",
        "`min` must be a whole number or a text with {{ }} in it"
    )]
    [InlineData("run: a, outputs: { o: { path: x, checks: [{ severity: warn }] } }", "a check needs one of row_count, not_null")]
    [InlineData("run: a, outputs: { o: { path: x, checks: [{ notnull: a }] } }", "unknown key `notnull`; did you mean `not_null`?")]
    [InlineData(
        "run: a, outputs: { o: { path: x, checks: [{ unique: a, not_null: b }] } }",
        "begin another item of the list with `- not_null:`"
    )]
    [InlineData("run: a, slo: 5m", "unknown key `slo`")]
    public void A_mistake_in_a_task_says_what_is_wanted(string keys, string expected)
    {
        var problem = Assert.Single(Yaml.Problems($"pipeline: p\ntasks:\n  t: {{ {keys} }}\n"));
        Assert.Contains(expected, problem, StringComparison.Ordinal);
        Assert.StartsWith("p.yaml:3:", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_misspelt_kind_is_one_mistake_and_tasks_that_need_it_are_none()
    {
        Assert.Equal(
            ["p.yaml:3:8: unknown key `runn`; did you mean `run`?"],
            Yaml.Problems("pipeline: p\ntasks:\n  a: { runn: x }\n  b: { needs: a, run: y }\n")
        );
    }

    [Theory]
    [InlineData("{{ ds }}")]
    [InlineData("{{ ds }}/x")]
    [InlineData("{{ tasks.a.result > 3 }}")]
    public void A_template_that_yaml_takes_for_a_mapping_is_explained(string value)
    {
        Assert.Equal(
            ["p.yaml:5:11: a value that begins with `{{` must be quoted: \"{{ … }}\""],
            Yaml.Problems($"pipeline: p\ntasks:\n  a:\n    run: b\n    when: {value}\n")
        );
    }

    [Fact]
    public void A_long_value_is_shortened()
    {
        var problem = Assert.Single(Yaml.Problems($"pipeline: p\nrun: a\npartition: {new string('x', 10_000)}\n"));
        Assert.EndsWith(", not `xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…`", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void More_than_a_hundred_mistakes_are_not_listed()
    {
        var problems = Yaml.Problems("pipeline: p\nrun: a\n" + string.Concat(Enumerable.Range(0, 500).Select(i => $"x{i}: 1\n")));
        Assert.Equal(101, problems.Length);
        Assert.Contains("more than 100 problems", problems[^1], StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Requirement", "S10")]
    public void A_cycle_is_printed_with_its_path_at_its_place()
    {
        var problem = Assert.Single(
            Yaml.Problems("pipeline: p\ntasks:\n  a: { run: x, needs: [c] }\n  b: { run: x, needs: a }\n  c: { run: x, needs: b }\n")
        );
        Assert.Contains("a -> b -> c -> a", problem, StringComparison.Ordinal);
        Assert.StartsWith("p.yaml:3:", problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("schedule: \"15 25 * * *\"\nrun: a", "p.yaml:2:15: ")]
    [InlineData("schedule: { cron: \"@daily\", timezone: Europe/Londn }\nrun: a", "p.yaml:2:39: ")]
    [InlineData("run: echo {{ dss }}", "p.yaml:2:14: ")]
    [InlineData("run: |\n  echo\n  echo {{ ds }} {{ dss }}", "p.yaml:4:20: ")]
    [InlineData("tasks:\n  a: { run: x }\n  b: { run: y, needs: [a, aa] }", "p.yaml:4:27: ")]
    [InlineData("tasks:\n  a: { run: x, when: \"{{ ds > }}\" }", "p.yaml:3:")]
    [InlineData("params: { n: { minimum: 3, default: 1 } }\nrun: a", "p.yaml:2:")]
    [InlineData("tasks:\n  a: { run: x, outputs: { o: ../y } }", "p.yaml:3:30: ")]
    public void What_is_wrong_with_the_meaning_has_its_place_too(string keys, string expected) =>
        Assert.StartsWith(expected, Assert.Single(Yaml.Problems($"pipeline: p\n{keys}\n")), StringComparison.Ordinal);

    [Fact]
    public void What_follows_from_a_mistake_is_not_listed()
    {
        var problems = Yaml.Problems(
            """
            pipeline: p
            tasks:
              a: { run: "x {{ outputs.o }}", outputs: { o: { optional: yes } } }
              b: { run: "x {{ outputs.o }}", outputs: { o: { optional: yes } }, needs: a, inputs: { i: "{{ tasks.a.outputs.o }}" } }
              c: { run: "x {{ wrong }}" }
            """
        );
        Assert.Equal(
            ["p.yaml:3:48: an output needs the key `path`", "p.yaml:4:48: an output needs the key `path`"],
            problems.Where(problem => !problem.Contains("wrong", StringComparison.Ordinal))
        );
        Assert.StartsWith("p.yaml:5:19: ", Assert.Single(problems.Skip(2)), StringComparison.Ordinal);
    }
}
