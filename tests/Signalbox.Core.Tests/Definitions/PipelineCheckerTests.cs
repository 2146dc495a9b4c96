using Signalbox.Core.Definitions;
using Signalbox.Core.Retry;
using static Signalbox.Core.Tests.Definitions.Made;

namespace Signalbox.Core.Tests.Definitions;

public sealed class PipelineCheckerTests
{
    [Fact]
    public void A_right_pipeline_has_no_problem()
    {
        var pipeline = Pipeline(
            Task("segments"),
            Task("extract").Runs("x --date {{ ds }} --out {{ outputs.raw }}").Makes("raw", "data/raw/date={{ ds }}/"),
            Task("train", "extract", "segments").Runs("y {{ inputs.raw }} {{ item.name }} {{ params.n }}") with
            {
                ForEach = "{{ tasks.segments.result }}",
                Label = "{{ item.name }}",
                Inputs = Task("x").Inputs.Add("raw", "{{ tasks.extract.outputs.raw }}"),
                Outputs =
                [
                    new OutputSpec
                    {
                        Name = "model",
                        Path = "models/{{ item.name }}/{{ ds }}.json",
                        Model = "delay/{{ item.name }}",
                    },
                ],
            },
            Task("better", "train") with
            {
                Kind = new TaskKind.Promote("delay/ORD", "champion", BackfillPromotion.Skip),
                When = "{{ tasks.train.metrics.auc > models['delay'].champion.metrics.auc }}",
            }
        ) with
        {
            Params = [new ParamSpec { Name = "n", Default = "1" }],
            Schedule = new ScheduleSpec("15 2 * * *", "Europe/London"),
        };
        Assert.Empty(Found(pipeline));
    }

    [Fact]
    public void The_pipeline_itself()
    {
        var pipeline = new Pipeline
        {
            Name = new PipelineName("my pipeline"),
            Schedule = new ScheduleSpec("61 2 * *", "Europe/Londn"),
            Start = new DateTimeOffset(2001, 1, 5, 0, 0, 0, TimeSpan.Zero),
            End = new DateTimeOffset(2001, 1, 5, 0, 0, 0, TimeSpan.Zero),
            MaxActiveRuns = 0,
            MaxActiveTasks = -1,
            MaxCatchUp = 0,
            Timeout = TimeSpan.Zero,
            Tasks = [],
        };
        var found = Found(pipeline);
        Assert.Equal(
            [
                "pipeline bad-name: a name has only a-z, A-Z, 0-9, '_', '-' and '.'; found ' ' (put free text into `title:`)",
                "end empty-window: `end` is not after `start`, so the schedule never makes a run",
                "max_catchup out-of-range: `max_catchup` is at least 1, not 0",
                "max_active_runs out-of-range: `max_active_runs` is at least 1, not 0",
                "max_active_tasks out-of-range: `max_active_tasks` is at least 1, not -1",
                "timeout out-of-range: `timeout` is longer than nothing, such as 10m",
                "tasks no-tasks: a pipeline has at least one task",
            ],
            found.Where(line => !line.StartsWith("schedule", StringComparison.Ordinal))
        );
        Assert.Contains(found, line => line.StartsWith("schedule.cron", StringComparison.Ordinal) && line.Contains("bad-cron"));
        Assert.Contains(
            found,
            line =>
                line.StartsWith("schedule.timezone bad-timezone", StringComparison.Ordinal)
                && line.Contains("did you mean `Europe/London`?")
        );
    }

    [Fact]
    [Trait("Requirement", "S10")]
    public void The_graph()
    {
        Assert.Equal(
            [
                "tasks.a.needs[0] unknown-task: unknown task `extrat`; did you mean `extract`?",
                "tasks.a.needs[2] needs-twice: `extract` is in the list already",
                "tasks.extract duplicate-task: there are two tasks `extract`; names are unique in a pipeline",
                "tasks.x y bad-name: a name has only a-z, A-Z, 0-9, '_', '-' and '.'; found ' ' (put free text into `title:`)",
                "warning tasks.z.trigger_rule rule-without-needs: `trigger_rule: all_done` does nothing: the task `z` needs no other",
            ],
            Found(
                Task("a", "extrat", "extract", "extract"),
                Task("extract"),
                Task("extract"),
                Task("x y"),
                Task("z") with
                {
                    TriggerRule = TriggerRule.AllDone,
                }
            )
        );
        Assert.Equal(
            [
                "tasks.d.needs[0] needs-itself: the task `d` needs itself",
                "tasks.a.needs[1] cycle: the tasks wait for each other in a circle: a -> b -> c -> a; take one of these needs away",
                "tasks.f.needs[0] cycle: the tasks wait for each other in a circle: f -> g -> f; take one of these needs away",
            ],
            Found(Task("a", "s", "c"), Task("s"), Task("b", "a"), Task("c", "b"), Task("d", "d"), Task("f", "g"), Task("g", "f", "c"))
        );
    }

    [Fact]
    public void The_limits_of_a_task()
    {
        var task = Task("t") with
        {
            Timeout = TimeSpan.FromSeconds(-1),
            Slots = 0,
            MaxParallel = 0,
            Pool = "",
            Grace = TimeSpan.FromSeconds(-1),
            Retry = new RetryPolicy
            {
                Retries = -1,
                Delay = TimeSpan.FromSeconds(-1),
                LostBudget = -1,
            },
        };
        Assert.Equal(
            [
                "tasks.t.retries out-of-range: `retries` is at least 0, not -1",
                "tasks.t.retry_delay out-of-range: `retry_delay` cannot be negative",
                "tasks.t.lost_budget out-of-range: `lost_budget` is at least 0, not -1",
                "tasks.t.grace out-of-range: `grace` cannot be negative",
                "tasks.t.timeout out-of-range: `timeout` is longer than nothing, such as 10m",
                "tasks.t.slots out-of-range: `slots` is at least 1, not 0",
                "tasks.t.pool bad-name: a name cannot be empty",
                "tasks.t.max_parallel out-of-range: `max_parallel` is at least 1, not 0",
                "tasks.t.max_parallel wrong-key: `max_parallel` goes with `for_each`, which the task does not have",
            ],
            Found(task)
        );
        Assert.Equal(
            [
                "warning tasks.t.retry_delay delay-above-max: `retry_delay` 1h is longer than `max_retry_delay` 30m, so every wait is 30m",
                "warning tasks.w.silence_timeout no-log: `silence_timeout` does nothing: only a command (`run`, `shell`, `python`) writes a log while it works",
                "warning tasks.w.retries wait-with-retries: `retries` does nothing: a task that waits looks again by itself until its `timeout`, and then fails once",
                "warning tasks.s.silence_timeout silence-above-timeout: `silence_timeout` 20m does nothing: the attempt ends before, after its `timeout` of 20m",
            ],
            Found(
                Task("t") with
                {
                    Retry = new RetryPolicy
                    {
                        Retries = 1,
                        Delay = TimeSpan.FromHours(1),
                        Backoff = Backoff.Exponential,
                    },
                },
                Task("w") with
                {
                    Kind = new TaskKind.WaitForTime("06:00"),
                    Retry = new RetryPolicy { Retries = 1 },
                    SilenceTimeout = TimeSpan.FromMinutes(5),
                },
                Task("s") with
                {
                    Kind = new TaskKind.Shell("true"),
                    Timeout = TimeSpan.FromMinutes(20),
                    SilenceTimeout = TimeSpan.FromMinutes(20),
                }
            )
        );
    }

    [Fact]
    [Trait("Requirement", "S59")]
    public void A_task_without_a_timeout_is_warned_of()
    {
        var pipeline = Pipeline(
            Task("a"),
            Task("b") with
            {
                Timeout = TimeSpan.FromMinutes(1),
            },
            Task("c") with
            {
                Kind = new TaskKind.Noop(),
            }
        );
        Assert.Equal(
            [
                "warning tasks.a.timeout no-timeout: the task `a` has no timeout, so it is stopped after 24 hours only; give it one, such as `timeout: 20m`",
            ],
            Found(pipeline with { Timeout = null })
        );
    }

    [Fact]
    public void Parameters()
    {
        var pipeline = Pipeline(Task("t")) with
        {
            Params =
            [
                new ParamSpec
                {
                    Name = "a",
                    Type = ParamType.Integer,
                    Default = "\"x\"",
                },
                new ParamSpec
                {
                    Name = "b",
                    Type = ParamType.Number,
                    Minimum = 5,
                    Maximum = 1.5,
                },
                new ParamSpec
                {
                    Name = "c",
                    Type = ParamType.String,
                    Enum = ["\"x\"", "7"],
                    Default = "\"y\"",
                },
                new ParamSpec
                {
                    Name = "d",
                    Type = ParamType.String,
                    Pattern = "[a",
                    Minimum = 1,
                },
                new ParamSpec { Name = "e", Default = "{" },
                new ParamSpec { Name = "E" },
                new ParamSpec { Name = "1f" },
            ],
        };
        Assert.Equal(
            [
                "params.E same-name: the parameters `e` and `E` would be the same variable SIGNALBOX_PARAM_E; give one another name",
                "params.1f bad-name: a name here begins with a letter or '_'",
                "params.a.default bad-default: the default does not obey its own parameter: `a` is an integer; \"x\" is a string",
                "params.b.minimum min-above-max: the minimum 5 is greater than the maximum 1.5",
                "params.c.enum[1] wrong-param-type: this value can never be given: `c` is a string; 7 is a number",
                "params.c.default bad-default: the default does not obey its own parameter: `c` is one of \"x\", 7; \"y\" is not; did you mean `x`?",
                "params.d.minimum wrong-limit: a parameter of type string has no minimum or maximum; these are for integer and number",
                "params.d.pattern bad-pattern: the pattern is not a regular expression: Unterminated [] set at character 3",
            ],
            Found(pipeline).Where(line => !line.StartsWith("params.e.", StringComparison.Ordinal))
        );
        Assert.Contains(
            Found(pipeline),
            line => line.StartsWith("params.e.default bad-default: this is not JSON", StringComparison.Ordinal)
        );
    }

    [Fact]
    public void Variables_of_the_environment()
    {
        var task = Task("t") with
        {
            Env = Task("t")
                .Env.Add("A-B", "x")
                .Add("SIGNALBOX_DS", "x")
                .Add("TOKEN", "secret:")
                .Add("FINE", "secret:warehouse")
                .Add("WHEN", "{{ dss }}"),
        };
        Assert.Equal(
            [
                "tasks.t.env.A-B bad-name: a name here has only a-z, A-Z, 0-9 and '_'",
                "tasks.t.env.SIGNALBOX_DS reserved-name: variables that begin with SIGNALBOX_ are set by Signalbox; give this one another name",
                "tasks.t.env.TOKEN bad-name: `secret:` is followed by the name of a secret: a name cannot be empty",
                "tasks.t.env.WHEN+3 unknown-name: unknown name `dss`; did you mean `ds`?",
            ],
            Found(task)
        );
    }

    [Fact]
    public void Waiting_for_the_own_pipeline()
    {
        static TaskNode Wait(string name, TaskName? task, TaskMatch match, double days) =>
            Task(name) with
            {
                Kind = new TaskKind.WaitForTask(
                    new PipelineName("p"),
                    task,
                    match,
                    TimeSpan.FromDays(days),
                    Partitions: false,
                    TimeSpan.FromMinutes(1)
                ),
            };
        Assert.Equal(
            [
                "tasks.w.wait_for.task waits-for-itself: `a` is a task of this pipeline: add it to `needs`",
                "tasks.v.wait_for.task waits-for-itself: the pipeline waits for its own run, which ends only after it",
            ],
            Found(
                Task("a"),
                Wait("w", new TaskName("a"), TaskMatch.Containing, 0),
                Wait("v", null, TaskMatch.Identity, 0),
                Wait("yesterday", new TaskName("a"), TaskMatch.Offset, -1)
            )
        );
    }

    [Theory]
    [Trait("Requirement", "S42")]
    [InlineData("x --date $(date +%F)", 9, "$(date")]
    [InlineData("x `date -u`", 2, "`date")]
    [InlineData("python3 -c 'import datetime; print(datetime.datetime.now())'", 44, "datetime.now")]
    [InlineData("duckdb -c 'select now()'", 18, "now()")]
    public void A_command_that_asks_what_time_it_is_is_warned_of(string command, int offset, string clock) =>
        Assert.Equal(
            [
                $"warning tasks.t.run+{offset} wall-clock: `{clock}` reads the wall clock, so a rerun or a backfill gives another result; use the run's date: {{{{ ds }}}} or $SIGNALBOX_DS",
            ],
            Found(Task("t").Runs(command))
        );

    [Theory]
    [Trait("Requirement", "S42")]
    [InlineData("x --date $(date -d {{ ds }} +%Y)")]
    [InlineData("x $(dateutil)")]
    [InlineData("x --known()")]
    public void A_command_that_only_looks_like_it_is_not(string command) => Assert.Empty(Found(Task("t").Runs(command)));

    [Fact]
    [Trait("Requirement", "S42")]
    public void An_output_path_and_a_script_are_looked_at_too() =>
        Assert.Equal(
            ["tasks.t.python+31 wall-clock", "tasks.t.outputs.o.path+5 wall-clock", "tasks.t.outputs.o.path unpartitioned-output"],
            PipelineChecker
                .Check(
                    Pipeline(
                        (Task("t") with { Kind = new TaskKind.Script("python3", "import datetime\nprint(datetime.date.today())") }).Makes(
                            "o",
                            "data/$(date +%F)/x.csv"
                        )
                    )
                )
                .OrderBy(found => found.Code == "unpartitioned-output")
                .Select(found => $"{found.Path}{(found.Offset > 0 ? $"+{found.Offset}" : "")} {found.Code}")
        );

    [Fact]
    public void Ten_thousand_tasks_are_checked_in_no_time()
    {
        var middle = Enumerable.Range(0, 10_000).Select(i => Task($"t{i}", "first").Runs("x {{ tasks.first.result }}")).ToArray();
        var last = Task("last", [.. middle.Select(task => task.Name.Value)]).Runs("x {{ tasks.first.result }}");
        Assert.Empty(Found([Task("first"), .. middle, last]));
    }
}
