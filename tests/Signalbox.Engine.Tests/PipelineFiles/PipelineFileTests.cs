using System.Collections.Immutable;
using Signalbox.Core;
using Signalbox.Core.Approvals;
using Signalbox.Core.Checks;
using Signalbox.Core.Definitions;
using Signalbox.Core.Retry;
using Signalbox.Core.Time;

namespace Signalbox.Engine.Tests.PipelineFiles;

public sealed class PipelineFileTests
{
    [Fact]
    [Trait("Requirement", "S7")]
    public void A_full_file_becomes_the_pipeline_it_says()
    {
        var pipeline = Yaml.Good(
            """
            pipeline: daily_flight_features
            title: Daily flight features
            description: Delay features per airport.
            owner: ml-platform
            tags: [features, flights]
            doc: docs/daily.md
            schedule:
              cron: "15 2 * * *"
              timezone: Europe/London
            logical_date: fire_time
            partition: week
            start: 2001-07-01
            end: 2002-01-01T06:00:00Z
            catchup: all
            max_catchup: 7
            max_active_runs: 2
            max_active_tasks: 8
            priority: -3
            timeout: 2h
            params:
              min_rows: { type: integer, default: 1000, minimum: 0 }
              mode: fast
            defaults:
              retries: 2
              retry_delay: 5m
              backoff: exponential
              timeout: 20m
              retry_on: [transient, rate_limited, lost]
              env: { REGION: eu, LEVEL: info }
            tasks:
              landed:
                wait_for: { file: "landing/{{ ds }}.parquet", stable_for: 5s, min_size: 1KiB }
                every: 30s
                timeout: 1h
              extract:
                needs: landed
                run: python3 extract.py --date {{ ds }} --output {{ outputs.raw }}
                env: { LEVEL: debug, KEY: secret:api_key }
                outputs:
                  raw: data/raw/date={{ ds }}/
              features:
                needs: [extract]
                sql: { file: features.sql }
                retries: 0
                jitter: false
                pool: duck
                slots: 2
                inputs: { raw: "{{ tasks.extract.outputs.raw }}" }
                outputs:
                  features:
                    path: data/features/date={{ ds }}/part-0.parquet
                    dataset: flights/features
                    checks:
                      - row_count: { min: "{{ params.min_rows }}" }
                      - not_null: [origin, mean_delay]
                      - unique: origin
                      - range: { column: mean_delay, min: -60, max: 600, severity: warn }
                      - accepted_values: { column: state, values: [on, off] }
                      - regex: { column: origin, pattern: "^[A-Z]{3}$" }
                      - schema: { origin: varchar, flights: bigint }
                      - sql: "select * from {{ staged }} where flights < 0"
                      - sql: { query: select 1 where false, severity: warn }
                      - run: python3 drift.py {{ staged }}
                        severity: warn
            """
        );

        Assert.Equal("daily_flight_features", pipeline.Name.Value);
        Assert.Equal("Daily flight features", pipeline.Title);
        Assert.Equal(["features", "flights"], pipeline.Tags);
        Assert.Equal(new ScheduleSpec("15 2 * * *", "Europe/London"), pipeline.Schedule);
        Assert.Equal(LogicalDateMode.FireTime, pipeline.LogicalDate);
        Assert.Equal(PartitionKind.Week, pipeline.Partition);
        Assert.Equal(DateTimeOffset.Parse("2001-06-30T23:00:00Z"), pipeline.Start);
        Assert.Equal(DateTimeOffset.Parse("2002-01-01T06:00:00Z"), pipeline.End);
        Assert.Equal(
            (CatchUp.All, 7, 2, 8, -3),
            (pipeline.CatchUp, pipeline.MaxCatchUp, pipeline.MaxActiveRuns, pipeline.MaxActiveTasks, pipeline.Priority)
        );
        Assert.Equal(TimeSpan.FromHours(2), pipeline.Timeout);
        Assert.Equal(["min_rows", "mode"], pipeline.Params.Select(param => param.Name));
        Assert.Equal((ParamType.Integer, "1000", 0), (pipeline.Params[0].Type, pipeline.Params[0].Default, pipeline.Params[0].Minimum));
        Assert.Equal((ParamType.Any, "\"fast\""), (pipeline.Params[1].Type, pipeline.Params[1].Default));

        Assert.Equal(["landed", "extract", "features"], pipeline.Tasks.Select(task => task.Name.Value));
        var (landed, extract, features) = (pipeline.Tasks[0], pipeline.Tasks[1], pipeline.Tasks[2]);
        Assert.Equal(
            new TaskKind.WaitForFile("landing/{{ ds }}.parquet", TimeSpan.FromSeconds(5), 1024, TimeSpan.FromSeconds(30)),
            landed.Kind
        );
        Assert.Equal(TimeSpan.FromHours(1), landed.Timeout);
        Assert.Equal([new TaskName("landed")], extract.Needs);
        Assert.Equal(new TaskKind.Shell("python3 extract.py --date {{ ds }} --output {{ outputs.raw }}"), extract.Kind);
        Assert.Equal(
            (2, TimeSpan.FromMinutes(5), Backoff.Exponential),
            (extract.Retry.Retries, extract.Retry.Delay, extract.Retry.Backoff)
        );
        Assert.Equal([FailureClass.Transient, FailureClass.RateLimited, FailureClass.Lost], extract.Retry.RetryOn);
        Assert.Equal(TimeSpan.FromMinutes(20), extract.Timeout);
        Assert.Equal(["KEY=secret:api_key", "LEVEL=debug", "REGION=eu"], extract.Env.Select(pair => $"{pair.Key}={pair.Value}"));
        Assert.True(Assert.Single(extract.Outputs).IsFolder);
        Assert.Equal(new TaskKind.Sql(null, "features.sql"), features.Kind);
        Assert.Equal((0, TimeSpan.Zero), (features.Retry.Retries, features.Retry.Jitter));
        Assert.Equal(("duck", 2), (features.Pool, features.Slots));
        var output = Assert.Single(features.Outputs);
        Assert.Equal(("features", "flights/features"), (output.Name, output.Dataset));
        Assert.Equal(
            [
                new CheckSpec.RowCount("{{ params.min_rows }}", null),
                new CheckSpec.Range("mean_delay", "-60", "600") { Severity = CheckSeverity.Warn },
                new CheckSpec.Regex("origin", "^[A-Z]{3}$"),
                new CheckSpec.Sql("select * from {{ staged }} where flights < 0"),
                new CheckSpec.Sql("select 1 where false") { Severity = CheckSeverity.Warn },
                new CheckSpec.Command("python3 drift.py {{ staged }}") { Severity = CheckSeverity.Warn },
            ],
            output.Checks.Where(check =>
                check is not (CheckSpec.NotNull or CheckSpec.Unique or CheckSpec.AcceptedValues or CheckSpec.Schema)
            )
        );
        Assert.Equal(["origin", "mean_delay"], Assert.IsType<CheckSpec.NotNull>(output.Checks[1]).Columns);
        Assert.Equal(["origin"], Assert.IsType<CheckSpec.Unique>(output.Checks[2]).Columns);
        Assert.Equal(["on", "off"], Assert.IsType<CheckSpec.AcceptedValues>(output.Checks[4]).Values);
        Assert.Equal("bigint", Assert.IsType<CheckSpec.Schema>(output.Checks[6]).Columns["flights"]);
    }

    [Fact]
    public void What_a_file_does_not_say_is_as_the_model_has_it()
    {
        var pipeline = Yaml.Good("pipeline: p\ntasks:\n  a: { run: echo }\n");
        var model = new Pipeline
        {
            Name = pipeline.Name,
            Tasks = [new TaskNode { Name = new TaskName("a"), Kind = new TaskKind.Shell("echo") }],
        };
        Assert.Equal(
            model with
            {
                Tasks = [],
                Tags = pipeline.Tags,
                Schedules = pipeline.Schedules,
                Dimensions = pipeline.Dimensions,
                Blackouts = pipeline.Blackouts,
                Triggers = pipeline.Triggers,
                Sla = pipeline.Sla,
                Params = pipeline.Params,
            },
            pipeline with
            {
                Tasks = [],
            }
        );
        var (read, plain) = (pipeline.Tasks[0], model.Tasks[0]);
        Assert.Equal(plain.Retry with { RetryOn = read.Retry.RetryOn }, read.Retry);
        Assert.Equal(
            plain with
            {
                Retry = read.Retry,
                FailureRules = read.FailureRules,
                Needs = read.Needs,
                Outputs = read.Outputs,
                Env = read.Env,
                Inputs = read.Inputs,
                InputChecks = read.InputChecks,
                Sla = read.Sla,
                OnFailure = read.OnFailure,
                OnRetry = read.OnRetry,
            },
            read
        );
        Assert.Empty(read.Retry.RetryOn);
    }

    [Fact]
    [Trait("Requirement", "S70")]
    public void One_command_on_a_schedule_is_a_file_of_three_lines()
    {
        var pipeline = Yaml.Good("pipeline: nightly\nschedule: \"30 1 * * 1-5\"\nrun: python3 features.py --run-date {{ ds }}\n");
        Assert.Equal(new ScheduleSpec("30 1 * * 1-5"), pipeline.Schedule);
        var task = Assert.Single(pipeline.Tasks);
        Assert.Equal(("main", new TaskKind.Shell("python3 features.py --run-date {{ ds }}")), (task.Name.Value, task.Kind));
    }

    [Fact]
    [Trait("Requirement", "S71")]
    public void The_one_command_grows_into_a_graph_with_retries_in_the_same_file()
    {
        var pipeline = Yaml.Good(
            """
            pipeline: nightly
            schedule: "30 1 * * 1-5"
            defaults: { retries: 2, retry_delay: 5m }
            tasks:
              main: { run: "python3 features.py --run-date {{ ds }}" }
              train: { needs: main, run: python3 train.py }
            """
        );
        Assert.Equal(["main", "train"], pipeline.Tasks.Select(task => task.Name.Value));
        Assert.All(pipeline.Tasks, task => Assert.Equal((2, TimeSpan.FromMinutes(5)), (task.Retry.Retries, task.Retry.Delay)));
    }

    [Fact]
    [Trait("Requirement", "S72")]
    public void Checks_go_into_the_same_file()
    {
        var pipeline = Yaml.Good(
            """
            pipeline: nightly
            schedule: "30 1 * * 1-5"
            tasks:
              main:
                run: python3 features.py --run-date {{ ds }} --output {{ outputs.features }}
                outputs:
                  features: { path: "data/{{ ds }}.parquet", checks: [{ row_count: { min: 1 } }] }
            """
        );
        Assert.Equal([new CheckSpec.RowCount("1", null)], pipeline.Tasks[0].Outputs[0].Checks);
    }

    [Fact]
    [Trait("Requirement", "S55")]
    public void The_dag_of_the_exercise_is_written_in_yaml()
    {
        var pipeline = Yaml.Good(
            """
            pipeline: ml_daily
            schedule: "30 1 * * 1-5"
            start: 2024-01-01
            defaults: { retries: 2, retry_delay: 10m, timeout: 30m }
            tasks:
              extract: { run: "echo extract {{ ds }}" }
              prep: { needs: extract, run: echo prep }
              train: { needs: prep, run: echo train }
            """
        );
        Assert.Equal(
            ["extract <- ", "prep <- extract", "train <- prep"],
            pipeline.Tasks.Select(task => $"{task.Name} <- {string.Join(' ', task.Needs)}")
        );
    }

    public static TheoryData<string, TaskKind> Kinds =>
        new()
        {
            { "run: python3 x.py", new TaskKind.Shell("python3 x.py") },
            { "run: >-\n      a\n      b", new TaskKind.Shell("a b") },
            { "python: |\n      print(1)\n      print(2)", new TaskKind.Script("python3", "print(1)\nprint(2)\n") },
            { "shell: |\n      set -e\n      echo 1", new TaskKind.Script("sh", "set -e\necho 1\n") },
            { "sql: select 1", new TaskKind.Sql("select 1", null) },
            { "sql: { query: select 1 }", new TaskKind.Sql("select 1", null) },
            { "sql: { file: a.sql }", new TaskKind.Sql(null, "a.sql") },
            { "wait_for: { time: \"01:00\" }", new TaskKind.WaitForTime("01:00") },
            { "wait_for: { time: 06:00 }", new TaskKind.WaitForTime("06:00") },
            { "wait_for: { file: a.csv }", new TaskKind.WaitForFile("a.csv", TimeSpan.Zero, 0, TimeSpan.FromMinutes(1)) },
            {
                "wait_for: { task: other.load }\n    every: 5s",
                new TaskKind.WaitForTask(
                    new("other"),
                    new TaskName("load"),
                    TaskMatch.Containing,
                    TimeSpan.Zero,
                    false,
                    TimeSpan.FromSeconds(5)
                )
            },
            {
                "wait_for: { task: { pipeline: a.b, match: offset, offset: -1d, partitions: yes } }",
                new TaskKind.WaitForTask(new("a.b"), null, TaskMatch.Offset, TimeSpan.FromDays(-1), true, TimeSpan.FromMinutes(1))
            },
            {
                "wait_for: { s3: \"s3://lake/a/\", min_size: 10KB, stable_for: 5s }",
                new TaskKind.WaitForS3("s3://lake/a/", TimeSpan.FromSeconds(5), 10_000, TimeSpan.FromMinutes(1))
            },
            { "wait_for: { sql: select 1 }", new TaskKind.WaitForSql("select 1", null, TimeSpan.FromMinutes(1)) },
            {
                "wait_for: { sql: select 1, connection: warehouse }\n    every: 5s",
                new TaskKind.WaitForSql("select 1", "warehouse", TimeSpan.FromSeconds(5))
            },
            { "wait_for: { message: labels_ready }", new TaskKind.WaitForMessage("labels_ready", TimeSpan.FromMinutes(1)) },
            { "noop:", new TaskKind.Noop() },
            { "noop: {}", new TaskKind.Noop() },
        };

    [Theory]
    [MemberData(nameof(Kinds), DisableDiscoveryEnumeration = true)]
    public void Each_kind_of_task_has_its_forms(string keys, TaskKind expected) =>
        Assert.Equal(expected, Assert.Single(Yaml.Good($"pipeline: p\ntasks:\n  t:\n    {keys}\n").Tasks).Kind);

    [Fact]
    public void A_command_may_be_a_list()
    {
        var kind = Assert.IsType<TaskKind.Argv>(Yaml.Task("run: [python3, x.py, --n, 5, yes]").Kind);
        Assert.Equal(["python3", "x.py", "--n", "5", "yes"], kind.Arguments);
    }

    [Fact]
    public void What_yaml_1_1_would_turn_into_something_else_stays_as_written()
    {
        var pipeline = Yaml.Good(
            """
            pipeline: no
            owner: on
            title: 1e3
            start: 2001-01-01
            tags: [yes, 010, 06:00, ~x]
            params: { day: 2001-01-01, at: 06:00, country: no, zip: 01234, rate: .5, n: 12, on: { type: boolean, default: off } }
            tasks:
              yes: { run: echo, env: { A: yes, B: 1.10, C: 0x1F }, idempotent: no, metrics: off }
            """
        );
        Assert.Equal(("no", "on", "1e3"), (pipeline.Name.Value, pipeline.Owner, pipeline.Title));
        Assert.Equal(["yes", "010", "06:00", "~x"], pipeline.Tags);
        Assert.Equal(
            ["day=\"2001-01-01\"", "at=\"06:00\"", "country=\"no\"", "zip=\"01234\"", "rate=0.5", "n=12", "on=false"],
            pipeline.Params.Select(param => $"{param.Name}={param.Default}")
        );
        var task = pipeline.Tasks[0];
        Assert.Equal(("yes", false, false), (task.Name.Value, task.Idempotent, task.Metrics));
        Assert.Equal(["yes", "1.10", "0x1F"], task.Env.Values);
    }

    [Fact]
    public void Anchors_and_aliases_are_read()
    {
        var pipeline = Yaml.Good("pipeline: p\ntasks:\n  a: { run: echo, env: &e { A: 1 } }\n  b: { run: echo, env: *e }\n");
        Assert.All(pipeline.Tasks, task => Assert.Equal("1", task.Env["A"]));
    }

    [Theory]
    [InlineData("pipeline: p\r\nrun: |\r\n  a\r\n  b\r\n", "a\nb\n")]
    [InlineData("\uFEFFpipeline: p\nrun: |\n  a\n  b\n", "a\nb\n")]
    [InlineData("pipeline: p\rrun: |\r  a\r  b\r", "a\nb\n")]
    [InlineData("pipeline:\tp\nrun: |\n  a\tx\n  \tb\n", "a\tx\n\tb\n")]
    [InlineData("---\npipeline: p # named\nrun: |\n  a\n  b\n...\n", "a\nb\n")]
    public void Line_ends_byte_order_mark_and_tabs_are_read_where_yaml_permits(string text, string command) =>
        Assert.Equal(new TaskKind.Shell(command), Yaml.Good(text).Tasks[0].Kind);

    [Fact]
    public void Every_word_of_every_choice_can_be_written()
    {
        string Words<T>(Func<T, string> name, Func<string, Pipeline> file, Func<Pipeline, T> read)
            where T : struct, Enum =>
            string.Join(' ', Enum.GetValues<T>().Where(value => !read(file(name(value))).Equals(value)).Select(name));

        Pipeline Top(string keys) => Yaml.Good($"pipeline: p\nrun: echo\n{keys}\n");
        Assert.Empty(Words(Names.Of, word => Top($"catchup: {word}"), p => p.CatchUp));
        Assert.Empty(Words(Names.Of, word => Top($"partition: {word}"), p => p.Partition));
        Assert.Empty(Words(Names.Of, word => Top($"logical_date: {word}"), p => p.LogicalDate));
        Assert.Empty(Words(Names.Of, word => Top($"params: {{ a: {{ type: {word} }} }}"), p => p.Params[0].Type));
        Assert.Empty(Words<Backoff>(Names.Of, word => Of($"run: echo, backoff: {word}"), p => p.Tasks[0].Retry.Backoff));
        Assert.Empty(Words<TriggerRule>(Names.Of, word => Of($"run: echo, trigger_rule: {word}"), p => p.Tasks[0].TriggerRule));
        Assert.Empty(Words<FailureClass>(Names.Of, word => Of($"run: echo, retry_on: {word}"), p => p.Tasks[0].Retry.RetryOn[0]));
        Assert.Empty(
            Words<CheckSeverity>(
                Names.Of,
                word => Of($"run: echo, outputs: {{ o: {{ path: x, checks: [{{ unique: a, severity: {word} }}] }} }}"),
                p => p.Tasks[0].Outputs[0].Checks[0].Severity
            )
        );
        Assert.Empty(
            Words<TaskMatch>(
                Names.Of,
                word => Of($"wait_for: {{ task: {{ pipeline: q, match: {word}{(word == "offset" ? ", offset: 1d" : "")} }} }}"),
                p => ((TaskKind.WaitForTask)p.Tasks[0].Kind).Match
            )
        );
        Assert.Empty(
            Words<ApprovalDefault>(
                Names.Of,
                word => Of($"approve: {{ message: m, on_timeout: {word} }}"),
                p => ((TaskKind.Approve)p.Tasks[0].Kind).Spec.OnTimeout
            )
        );
        Assert.Empty(
            Words<ApprovalRejection>(
                Names.Of,
                word => Of($"approve: {{ message: m, on_reject: {word} }}"),
                p => ((TaskKind.Approve)p.Tasks[0].Kind).Spec.OnReject
            )
        );
        Assert.Empty(
            Words<BackfillPromotion>(
                Names.Of,
                word => Promote($", in_backfill: {word}"),
                p => ((TaskKind.Promote)p.Tasks[1].Kind).InBackfill
            )
        );
    }

    [Theory]
    [InlineData("", BackfillPromotion.Skip)]
    [InlineData(", in_backfill: allow", BackfillPromotion.Allow)]
    [InlineData(", in_backfill: approve, approval: false", BackfillPromotion.Approve)]
    public void A_model_is_promoted(string more, BackfillPromotion inBackfill) =>
        Assert.Equal(new TaskKind.Promote("delay", "champion", inBackfill), Promote(more).Tasks[1].Kind);

    [Fact]
    public void A_promotion_may_ask_people()
    {
        Assert.Equal(
            new TaskKind.Promote("delay", "champion", BackfillPromotion.Skip, ApprovalSpec.Default),
            Promote(", approval: true").Tasks[1].Kind
        );
        var asks = (TaskKind.Promote)Promote(", approval: { who: leads, quorum: 2, on_timeout: reject }").Tasks[1].Kind;
        Assert.Equal(["leads"], asks.Approval!.Who);
        Assert.Equal((2, ApprovalDefault.Reject), (asks.Approval.Quorum, asks.Approval.OnTimeout));
        Assert.True(asks is { Waits: true, Asks: true });
        var review = (TaskKind.Promote)Promote(", lower: log_loss, in_backfill: { who: leads }").Tasks[1].Kind;
        Assert.Equal(
            (BackfillPromotion.Approve, null, new MetricRule("log_loss", IsLower: true)),
            (review.InBackfill, review.Approval, review.Better)
        );
        Assert.Equal(["leads"], review.BackfillApproval!.Who);
    }

    [Fact]
    public void A_task_may_ask_people()
    {
        var plain = Of("approve: go on?").Tasks[0].Kind;
        Assert.Equal(new TaskKind.Approve(new ApprovalSpec { Message = "go on?" }), plain);
        var full = (TaskKind.Approve)
            Of(
                "approve: { message: \"{{ ds }}?\", form: { n: { type: integer } }, who: [a, b], not_author: yes, on_reject: skip, remind_every: 4h }, timeout: 1d"
            )
                .Tasks[0]
                .Kind;
        Assert.Equal(("n", ParamType.Integer), (Assert.Single(full.Spec.Form).Name, full.Spec.Form[0].Type));
        Assert.Equal(["a", "b"], full.Spec.Who);
        Assert.Equal(
            (true, ApprovalRejection.Skip, TimeSpan.FromHours(4)),
            (full.Spec.NotAuthor, full.Spec.OnReject, full.Spec.RemindEvery)
        );
    }

    [Fact]
    public void Retries_by_default_are_not_for_tasks_that_wait()
    {
        var parsed = Yaml.Parse(
            """
            pipeline: p
            defaults: { retries: 2, timeout: 1h }
            tasks:
              a: { wait_for: { file: "x-{{ ds }}" } }
              b: { run: echo, needs: a }
            """
        );
        Assert.Empty(parsed.Problems);
        Assert.Equal([0, 2], parsed.Pipeline!.Tasks.Select(task => task.Retry.Retries));
    }

    private static Pipeline Of(string keys) => Yaml.Good($"pipeline: p\ntasks: {{ t: {{ {keys} }} }}\n");

    private static Pipeline Promote(string more) =>
        Yaml.Good(
            $$$"""
            pipeline: p
            tasks:
              train: { run: "train {{ outputs.m }}", outputs: { m: { path: "models/{{ ds }}.json", model: delay } } }
              better: { needs: train, promote: { model: delay, alias: champion{{{more}}} } }
            """
        );
}
