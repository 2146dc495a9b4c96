using Signalbox.Core.Checks;
using Signalbox.Core.Definitions;
using static Signalbox.Core.Tests.Definitions.Made;

namespace Signalbox.Core.Tests.Definitions;

/// <summary>What the checker says of the templates, outputs and models of a pipeline.</summary>
public sealed class PipelineTemplateTests
{
    [Theory]
    [InlineData("x {{ dss }}", "+5 unknown-name: unknown name `dss`; did you mean `ds`?")]
    [InlineData("x {{ zzzzz }}", "+5 unknown-name: unknown name `zzzzz`; a text is written in quotes, a parameter as params.NAME")]
    [InlineData("x {{ params.min_row }}", "+5 unknown-param: unknown parameter `min_row`; did you mean `min_rows`?")]
    [InlineData("x {{ tasks.extrat.result }}", "+5 unknown-task: unknown task `extrat`; did you mean `extract`?")]
    [InlineData("x {{ tasks.later.result }}", "+5 not-upstream: task `later` is not upstream of `t`: add it to needs")]
    [InlineData(
        "x {{ tasks.t.result }}",
        "+5 uses-itself: the task `t` cannot use what it makes itself; in its command its outputs are {{ outputs.NAME }}"
    )]
    [InlineData("x {{ tasks.extract.reslt }}", "+5 unknown-name: a task has no `reslt`; did you mean `result`?")]
    [InlineData("x {{ tasks.extract.outputs.rwa }}", "+5 unknown-output: the task `extract` has no output `rwa`; did you mean `raw`?")]
    [InlineData("x {{ tasks.first.outputs.o }}", "+5 unknown-output: the task `first` has no output `o`; it declares none")]
    [InlineData("x {{ ti.xcom_pull(task_ids='later') }}", "+27 not-upstream: task `later` is not upstream of `t`: add it to needs")]
    [InlineData("x {{ ti.tri_number }}", "+5 unknown-name: `ti` has no `tri_number`; did you mean `try_number`?")]
    [InlineData("x {{ outputs.raw }}", "+5 unknown-output: unknown output `raw`; known are `made`")]
    [InlineData("x {{ inputs.raw }}", "+5 unknown-input: unknown input `raw`; declare it under `inputs:` of the task `t`")]
    [InlineData("x {{ item.a }}", "+5 not-mapped: `item` is known in a task with `for_each`; `t` runs once")]
    [InlineData("x {{ staged }}", "+5 unknown-name: unknown name `staged`; a text is written in quotes, a parameter as params.NAME")]
    [InlineData("x {{ ds ", "+2 bad-template: `{{` is not closed by `}}`")]
    public void A_name_that_is_not_known_where_it_stands(string command, string problem) =>
        Assert.Equal([$"tasks.t.run{problem}"], Found(With(command)));

    [Theory]
    [InlineData("x {{ tasks.first.result }} {{ tasks.extract.metrics.rows }} {{ tasks.extract.state }}")]
    [InlineData("x {{ params.nobody | default('x') }} {{ inputs.raw | default('x') }}")]
    [InlineData("x {{ outputs.made }} {{ dag_run.conf.key }} {{ models['delay'].champion.path }} {{ macros.ds_add(ds, 1) }}")]
    [InlineData("x {{ ds.replace('-', '') }} {{ params['min_rows'] }} {{ ti.try_number }} {{ partition }} ${HOME} {a,b}")]
    public void Names_that_are_known(string command) => Assert.Empty(Found(With(command)));

    [Fact]
    public void The_same_mistake_is_told_once_for_a_text() =>
        Assert.Equal(["tasks.t.run+5 unknown-name: unknown name `dss`; did you mean `ds`?"], Found(With("x {{ dss }} {{ dss }}")));

    [Fact]
    public void Every_place_of_a_template_is_read()
    {
        var task = Task("t") with
        {
            Kind = new TaskKind.Argv(["x", "{{ a1 }}"]),
            When = "{{ a2 }}",
            ForEach = "{{ a3 }}",
            Label = "{{ a4 }}",
            Inputs = Task("t").Inputs.Add("i", "{{ a5 }}"),
            Env = Task("t").Env.Add("E", "{{ a6 }}"),
            Outputs =
            [
                new OutputSpec
                {
                    Name = "o",
                    Path = "{{ item }}/{{ ds }}{{ a7 }}",
                    Dataset = "{{ a8 }}",
                    Model = "{{ a9 }}",
                    Checks =
                    [
                        new CheckSpec.RowCount("{{ b1 }}", "{{ b2 }}"),
                        new CheckSpec.Range("c", "{{ b3 }}", "{{ b4 }}"),
                        new CheckSpec.AcceptedValues("c", ["{{ b5 }}"]),
                        new CheckSpec.Sql("select * from {{ staged }} where {{ b6 }}"),
                        new CheckSpec.Command("x {{ staged }} {{ b7 }}"),
                    ],
                },
            ],
        };
        var kinds = Pipeline(
            task,
            Task("s") with
            {
                Kind = new TaskKind.Sql("select {{ c1 }}", null),
            },
            Task("f") with
            {
                Kind = new TaskKind.WaitForFile("{{ c2 }}", TimeSpan.Zero, 0, TimeSpan.FromMinutes(1)),
            },
            Task("w") with
            {
                Kind = new TaskKind.WaitForTime("{{ c3 }}"),
            }
        );
        Assert.Equal(
            [
                "tasks.t.when a2",
                "tasks.t.for_each a3",
                "tasks.t.label a4",
                "tasks.t.run[1] a1",
                "tasks.t.env.E a6",
                "tasks.t.inputs.i a5",
                "tasks.t.outputs.o.path a7",
                "tasks.t.outputs.o.dataset a8",
                "tasks.t.outputs.o.model a9",
                "tasks.t.outputs.o.checks[0].row_count.min b1",
                "tasks.t.outputs.o.checks[0].row_count.max b2",
                "tasks.t.outputs.o.checks[1].range.min b3",
                "tasks.t.outputs.o.checks[1].range.max b4",
                "tasks.t.outputs.o.checks[2].accepted_values.values[0] b5",
                "tasks.t.outputs.o.checks[3].sql.query b6",
                "tasks.t.outputs.o.checks[4].run b7",
                "tasks.s.sql.query c1",
                "tasks.f.wait_for.file c2",
                "tasks.w.wait_for.time c3",
            ],
            PipelineChecker.Check(kinds).Select(found => $"{found.Path} {found.Message.Split('`')[1]}")
        );
    }

    [Fact]
    public void Names_that_are_not_there_yet()
    {
        var task = Task("t").Makes("o", "{{ ds }}/{{ item }}/{{ outputs.o }}") with
        {
            When = "{{ item.a }}",
            ForEach = "{{ [map_index] }}",
            Label = "{{ outputs.o }}",
            Inputs = Task("t").Inputs.Add("i", "{{ inputs.i }}"),
        };
        Assert.Equal(
            [
                "tasks.t.when+3 not-known-here: `item` is not known here: it is decided for the task as a whole, before its items are known",
                "tasks.t.for_each+4 not-known-here: `map_index` is not known here: it is decided for the task as a whole, before its items are known",
                "tasks.t.label+3 not-known-here: `outputs` is not known here: a command and a check know where an attempt stages its outputs",
                "tasks.t.inputs.i+3 not-known-here: `inputs` is not known here: a command and a check have inputs",
                "tasks.t.outputs.o.path+23 not-known-here: `outputs` is not known here: a command and a check know where an attempt stages its outputs",
            ],
            Found(task)
        );
    }

    [Fact]
    public void A_condition_and_a_list_are_one_expression() =>
        Assert.Equal(
            [
                "tasks.a.when not-an-expression: `when` is an expression in {{ }}; without them it is a text, which never changes",
                "warning tasks.b.when not-an-expression: `when` is one {{ }} and nothing around it; with text around it the text decides, not the value",
                "tasks.b.for_each not-an-expression: `for_each` is one {{ }} that gives a list, such as {{ tasks.segments.result }}",
            ],
            Found(
                Task("a") with
                {
                    When = "ds > '2001'",
                },
                Task("b") with
                {
                    When = "x{{ ds }}",
                    ForEach = "a, b",
                },
                Task("c") with
                {
                    When = "false",
                }
            )
        );

    [Fact]
    public void Commands_that_are_none() =>
        Assert.Equal(
            [
                "tasks.a.run no-command: the command is empty",
                "tasks.b.run no-command: the command is empty: its first element is the program",
                "tasks.c.shell no-command: the script has no interpreter",
                "tasks.d.sql no-command: `sql` has either statements or a file",
                "tasks.e.sql.file path-outside: the path leaves the project folder",
                "tasks.f.wait_for.time bad-time: `6 o'clock` is no time; write HH:MM, HH:MM:SS or an instant such as 2001-01-05T06:00:00Z",
                "warning tasks.g.python+6 template-in-script: a script is run as it is written, so {{ ds }} stays as it stands: read it from the environment, SIGNALBOX_DS",
            ],
            Found(
                Task("a").Runs(" "),
                Task("b") with
                {
                    Kind = new TaskKind.Argv([]),
                },
                Task("c") with
                {
                    Kind = new TaskKind.Script("", "x"),
                },
                Task("d") with
                {
                    Kind = new TaskKind.Sql(null, null),
                },
                Task("e") with
                {
                    Kind = new TaskKind.Sql(null, "../a.sql"),
                },
                Task("f") with
                {
                    Kind = new TaskKind.WaitForTime("6 o'clock"),
                },
                Task("g") with
                {
                    Kind = new TaskKind.Script("python3", "print({{ ds }})"),
                }
            )
        );

    [Theory]
    [InlineData("/data/{{ ds }}", "path-outside: the path is relative to the project folder; it cannot begin with /")]
    [InlineData("~/{{ ds }}", "path-outside: the path is relative to the project folder; it cannot begin with ~")]
    [InlineData("a/../../{{ ds }}", "path-outside: the path leaves the project folder")]
    [InlineData("./", "path-outside: the path is the project folder itself")]
    [InlineData("", "path-outside: the path is empty")]
    [InlineData("ftp://host/{{ ds }}", "path-outside: the path is relative to the project folder; it cannot be an address (ftp://)")]
    [InlineData("s3://bucket/", "path-outside: an address of S3 is s3://bucket/key, or s3://bucket/prefix/ for several objects")]
    [InlineData("s3://{{ ds }}", "path-outside: an address of S3 is s3://bucket/key, or s3://bucket/prefix/ for several objects")]
    [InlineData("s3://bucket//{{ ds }}", "path-outside: an address of S3 is s3://bucket/key, or s3://bucket/prefix/ for several objects")]
    [InlineData("s3://bucket/../{{ ds }}", "path-outside: an address of S3 is s3://bucket/key, or s3://bucket/prefix/ for several objects")]
    public void A_path_outside_the_project_is_refused(string path, string problem) =>
        Assert.Equal([$"tasks.t.outputs.o.path {problem}"], Found(Task("t").Makes("o", path)));

    [Theory]
    [InlineData("s3://bucket/{{ ds }}")]
    [InlineData("s3://bucket/features/date={{ ds }}/")]
    [InlineData("s3://{{ params.b }}/x")]
    public void An_address_of_S3_is_an_output(string path) =>
        Assert.DoesNotContain(Found(Task("t").Makes("o", path)), problem => problem.Contains("path-outside", StringComparison.Ordinal));

    [Fact]
    public void Outputs_that_would_overwrite_each_other()
    {
        Assert.Equal(
            [
                "tasks.m.outputs.o.path shared-path: every instance of a mapped task would publish to this path; put {{ item }} or {{ map_index }} into it",
                "warning tasks.n.outputs.o.path unpartitioned-output: every run publishes to this path, over the one before; put {{ ds }} or {{ partition }} into it, or say `partition: none`",
                "tasks.b.outputs.y.path same-path: the output `x` of `a` is published to this path already; each output has a place of its own",
                "tasks.c.outputs.z.path path-inside-output: the path lies inside the output `x` of `a`, which is replaced as a whole when it is published",
            ],
            Found(
                Task("a").Makes("x", "data/{{ ds }}/"),
                Task("b").Makes("y", "./data//{{ ds }}"),
                Task("c").Makes("z", "data/{{ ds }}/part.csv"),
                Task("m").Makes("o", "m/{{ ds }}") with
                {
                    ForEach = "{{ [1, 2] }}",
                },
                Task("n").Makes("o", "n/{{ params.min_rows | default(1) }}.csv")
            )
        );
        Assert.Empty(Found(Pipeline(Task("n").Makes("o", "n.csv")) with { Partition = Core.Time.PartitionKind.None }));
    }

    [Fact]
    public void Checks_that_check_nothing()
    {
        var task = Task("t")
            .Makes(
                "o",
                "{{ ds }}",
                new CheckSpec.RowCount(null, null),
                new CheckSpec.RowCount("5", "1"),
                new CheckSpec.RowCount("1.5", null),
                new CheckSpec.NotNull([]),
                new CheckSpec.Unique([" "]),
                new CheckSpec.Range("c", "10", "-10"),
                new CheckSpec.AcceptedValues("c", []),
                new CheckSpec.Regex("c", ""),
                new CheckSpec.Schema(Task("t").Env),
                new CheckSpec.Sql(" ")
            );
        Assert.Equal(
            [
                "[0].row_count empty-check: the check has no bounds; give `min` or `max`",
                "[1].row_count.min min-above-max: the minimum 5 is greater than the maximum 1, so the check always fails",
                "[2].row_count.min bad-bound: a number of rows is a whole number, 0 or more, not `1.5`",
                "[3].not_null empty-check: the check has no columns",
                "[4].unique empty-check: the name of a column is empty",
                "[5].range.min min-above-max: the minimum 10 is greater than the maximum -10, so the check always fails",
                "[6].accepted_values.values empty-check: no value is allowed, so the check always fails; list the values",
                "[7].regex.pattern empty-check: the pattern is empty, so every value matches",
                "[8].schema empty-check: the schema has no columns; list each with its type",
                "[9].sql.query empty-check: the query is empty",
            ],
            Found(task).Select(line => line.Replace("tasks.t.outputs.o.checks", "", StringComparison.Ordinal))
        );
    }

    [Theory]
    [InlineData("delay", null)]
    [InlineData("speed/ORD", null)]
    [InlineData("dealy", "no task makes the model `dealy`; did you mean `delay`?")]
    [InlineData("pace/ORD", "no task makes the model `pace/ORD`; models of this pipeline are `delay`, `speed/{{ item }}`, `late`")]
    [InlineData("late", "task `later`, which makes the model `late`, is not upstream of `promote`: add it to needs")]
    public void A_promotion_needs_a_task_upstream_that_makes_the_model(string model, string? problem)
    {
        static TaskNode Makes(string name, string model) =>
            Task(name) with
            {
                ForEach = "{{ [1] }}",
                Outputs =
                [
                    new OutputSpec
                    {
                        Name = "m",
                        Path = $"{name}/{{{{ item }}}}",
                        Model = model,
                    },
                ],
            };
        Assert.Equal(
            problem is null ? [] : [$"tasks.promote.promote.model unmade-model: {problem}"],
            Found(
                Makes("train", "delay"),
                Makes("fast", "speed/{{ item }}"),
                Makes("later", "late"),
                Task("promote", "train", "fast") with
                {
                    Kind = new TaskKind.Promote(model, "champion", BackfillPromotion.Skip),
                }
            )
        );
    }

    [Fact]
    public void Names_of_datasets_and_models()
    {
        var task = Task("t") with
        {
            Outputs =
            [
                new OutputSpec
                {
                    Name = "o",
                    Path = "{{ ds }}",
                    Dataset = "flights//x",
                    Model = "späť/{{ ds }}",
                },
            ],
        };
        Assert.Equal(
            [
                "tasks.t.outputs.o.dataset bad-name: the name of a dataset is names with / between them: a name cannot be empty",
                "tasks.t.outputs.o.model bad-name: the name of a model is names with / between them: a name has only a-z, A-Z, 0-9, '_', '-' and '.'; found 'ä' (put free text into `title:`)",
            ],
            Found(task)
        );
    }

    private static Pipeline With(string command) =>
        Pipeline(
            Task("first"),
            Task("extract", "first").Makes("raw", "raw/{{ ds }}"),
            Task("t", "extract").Runs(command).Makes("made", "made/{{ ds }}"),
            Task("later", "t")
        ) with
        {
            Params = [new ParamSpec { Name = "min_rows", Default = "1" }],
        };
}
