using Signalbox.Core.Expressions;

namespace Signalbox.Core.Tests.Expressions;

public sealed class TemplateTests
{
    [Theory]
    [Trait("Requirement", "S29")]
    [InlineData(
        "python features.py --run-date {{ ds }} --output s3://bucket/features/date={{ ds }}",
        "python features.py --run-date 2024-03-10 --output s3://bucket/features/date=2024-03-10"
    )]
    [InlineData("plain", "plain")]
    [InlineData("", "")]
    [InlineData("{ a } }} {{ '{{' }} {{ \"}}\" }} ${#list}", "{ a } }} {{ }} ${#list}")]
    [InlineData("{{ '{%' }}{{ '{#' }}", "{%{#")]
    [InlineData("a {{- ds -}} b", "a2024-03-10b")]
    [InlineData("{{ {'a': {'b': 1}}.a.b }}", "1")]
    [InlineData("{{{'a': 1}}}", "{\"a\":1}")]
    [InlineData("{{ds}}{{ts}}", "2024-03-102024-03-10T02:15:00+00:00")]
    [InlineData("{{ 1.0 }} {{ 3 }} {{ true }} {{ 0.1 + 0.2 }} {{ 1e30 }}", "1.0 3 true 0.30000000000000004 1e+30")]
    public void Text_and_expressions_are_rendered(string template, string expected) => Assert.Equal(expected, Sample.Render(template));

    [Theory]
    [Trait("Requirement", "S125")]
    [InlineData("{{ dag_run.conf[\"source_key\"] }}", "in/a b.parquet")]
    [InlineData("{{ dag_run.conf.source_bucket }}/{{ dag_run.conf['triggered_by'] }}", "landing/lambda")]
    [InlineData("{{ dag_run.conf.get('absent', 'other') }}", "other")]
    [InlineData("{{ params.min_rows }}", "1000")]
    public void What_a_trigger_sent_is_usable(string template, string expected) => Assert.Equal(expected, Sample.Render(template));

    [Theory]
    [InlineData("ds_nodash", "20240310")]
    [InlineData("ts", "2024-03-10T02:15:00+00:00")]
    [InlineData("ts_nodash", "20240310T021500")]
    [InlineData("ts_nodash_with_tz", "20240310T021500+0000")]
    [InlineData("logical_date", "2024-03-10T02:15:00+00:00")]
    [InlineData("execution_date.year", "2024")]
    [InlineData("data_interval_end | ds", "2024-03-11")]
    [InlineData("data_interval_start.strftime('%Y/%m/%d/%H')", "2024/03/10/02")]
    [InlineData("yesterday_ds ~ ' ' ~ tomorrow_ds ~ ' ' ~ next_ds", "2024-03-09 2024-03-11 2024-03-11")]
    [InlineData("prev_ds | default('none before')", "none before")]
    [InlineData("run_id ~ dag.dag_id ~ task.task_id ~ ti.try_number", "r1daily_flightstrain2")]
    [InlineData("task_instance.map_index", "-1")]
    [InlineData("macros.ds_add(ds, -10)", "2024-02-29")]
    [InlineData("macros.ds_format(ds, '%Y-%m-%d', '%d.%m.%y')", "10.03.24")]
    [InlineData("(macros.datetime.strptime(ds, '%Y-%m-%d') - macros.timedelta(days=1)).strftime('%j')", "069")]
    [InlineData("(logical_date - macros.timedelta(hours=3)) | ts", "2024-03-09T23:15:00+00:00")]
    [InlineData("logical_date.add(days=1) | ds", "2024-03-11")]
    [InlineData("ti.xcom_pull(task_ids='extract').rows", "42")]
    [InlineData("ti.xcom_pull('extract', key='rows')", "42")]
    [InlineData("ti.xcom_pull(task_ids=['extract'])[0].files | join('+')", "a+b")]
    [InlineData("ds.replace('-', '/')", "2024/03/10")]
    [InlineData("ds[:7]", "2024-03")]
    public void Airflow_names_mean_what_they_mean_there(string expression, string expected) =>
        Assert.Equal(expected, Sample.Eval(expression).ToString());

    [Theory]
    [InlineData("partition", "2024-03-10")]
    [InlineData("pipeline", "daily_flights")]
    [InlineData("tasks.extract.result.files[-1]", "b")]
    [InlineData("tasks.extract.outputs.raw", "s3://b/raw")]
    [InlineData("tasks['evaluate'].metrics.auc", "0.71")]
    [InlineData("item.segment", "long haul")]
    [InlineData("outputs.model", "/stage/7/model.json")]
    [InlineData("inputs['raw']", "/data/raw file.parquet")]
    [InlineData("models['delay'].champion.metrics.auc", "0.74")]
    public void Our_own_names_are_there(string expression, string expected) => Assert.Equal(expected, Sample.Eval(expression).ToString());

    [Fact]
    public void A_single_expression_gives_the_value_itself()
    {
        var template = Template.Parse(" {{ params.codes }}\n").Value;

        Assert.True(template.IsSingleExpression);
        Assert.Equal(Value.Of([Value.Of("ORD"), Value.Of("JFK")]), template.Evaluate(Sample.Scope).Value);
        Assert.Equal(Value.Of("x 1000"), Template.Parse("x {{ params.min_rows }}").Value.Evaluate(Sample.Scope).Value);
    }

    [Theory]
    [InlineData("{{ dss }}", 1, 4, "unknown name `dss`; did you mean `ds`?")]
    [InlineData("a\nb {{ params.min_row }}", 2, 6, "`params` has no `min_row`; did you mean `min_rows`?")]
    [InlineData("{{ tasks.extrct.result }}", 1, 4, "`tasks` has no `extrct`; did you mean `extract`?")]
    [InlineData("{{ ds | uper }}", 1, 9, "unknown filter `uper`; did you mean `upper`?")]
    [InlineData("{{ lenght(ds) }}", 1, 4, "unknown function `lenght`; did you mean `length`?")]
    [InlineData("x {{ ds", 1, 3, "`{{` is not closed by `}}`")]
    [InlineData("x {{", 1, 3, "`{{` is not closed by `}}`")]
    [InlineData("{{ }}", 1, 4, "there is no expression between the braces")]
    [InlineData("{{ 'a }}", 1, 4, "this text has no closing '")]
    [InlineData(
        "{% if x %}",
        1,
        1,
        "statements ({% %}) are not supported: use a conditional expression or `for_each`; for the plain characters write {{ '{%' }}"
    )]
    [InlineData("{# x #}", 1, 1, "comments ({# #}) are not supported: use the file's own; for the plain characters write {{ '{#' }}")]
    [InlineData("{{ a = 1 }}", 1, 6, "`=` assigns nothing here; compare with `==`")]
    [InlineData("{{ ds ds }}", 1, 7, "`ds` is not expected here; the expression should end with `}}`")]
    [InlineData("{{ (ds }}", 1, 8, "`}` is not expected here; this parenthesis has no closing `)`")]
    [InlineData(
        "{{ params.nothing }}",
        1,
        4,
        "`params.nothing` is null, which has no text; write `| default('...')` to say what should stand here"
    )]
    [InlineData(
        "{{ params.nothing.x }}",
        1,
        4,
        "`params.nothing` is null, so it has no `x`; write `| default(...)` to say what should stand here"
    )]
    [InlineData("{{ 1 // 0 }}", 1, 4, "division by zero")]
    [InlineData("{{ 9223372036854775807 + 1 }}", 1, 4, "the result is too large for an integer")]
    [InlineData(
        "{{ ds < 3 }}",
        1,
        4,
        "text and an integer have no order; convert one of them with `| int`, `| float`, `| string` or `| date`"
    )]
    [InlineData("{{ ti.xcom_pull }}", 1, 4, "`ti.xcom_pull` is a function, which has no text; call it with parentheses")]
    [InlineData("{{ ds.__class__ }}", 1, 4, "`ds` is text and has no `__class__`")]
    [InlineData("{{ ds.format('x') }}", 1, 4, "`ds` is text and has no function `format`")]
    [InlineData("{{ ds | replace('a') }}", 1, 4, "`replace` needs the argument `new`")]
    [InlineData("{{ round(1.5, precison=1) }}", 1, 4, "`round` has no argument `precison`; did you mean `precision`?")]
    [InlineData("{{ 1x }}", 1, 4, "`1x` is neither a number nor a name; put quotes around a text")]
    [InlineData("{{ a && b }}", 1, 6, "`&` is not an operator; write `and`")]
    public void A_mistake_names_its_place_and_the_mending(string template, int line, int column, string message)
    {
        var error = Sample.Error(template);

        Assert.Equal((line, column, message), (error.Line, error.Column, error.Message));
    }

    [Fact]
    public void All_mistakes_of_a_text_are_reported_at_once()
    {
        Assert.Equal([6, 16], Template.Parse("{{ (( }} {{ ds |}}").Errors.Select(error => error.Offset));
        Assert.Equal(
            ["unknown name `x1`", "unknown name `x2`"],
            Template.Parse("{{ x1 }} {{ x2 }}").Value.Render(new Value.Map([])).Errors.Select(e => e.Message)
        );
    }

    [Fact]
    public void References_are_listed_with_their_places()
    {
        var template = Template.Parse(
            "{{ tasks.extract.result[item.i] }} {{ params['a'] | default(ds) }} {{ ti.xcom_pull(task_ids=['x', 'y']) }} {{ dag_run.conf.get('k') }}"
        );

        Assert.Equal(
            [
                "tasks.extract.result@3",
                "item.i@24",
                "params.a@38?",
                "ds@60",
                "ti.xcom_pull@70",
                "tasks.x.result@93",
                "tasks.y.result@98",
                "dag_run.conf.k@110?",
            ],
            template.Value.References().Select(reference => $"{reference}@{reference.Offset}{(reference.IsOptional ? "?" : "")}")
        );
    }

    [Theory]
    [InlineData(
        "tasks.evaluate.metrics.auc > models['delay'].champion.metrics.auc",
        false,
        "tasks.evaluate.metrics.auc = 0.71 > models['delay'].champion.metrics.auc = 0.74 is false"
    )]
    [InlineData("params.on and params.min_rows >= 10", true, "params.on is true; params.min_rows = 1000 >= 10 is true")]
    [InlineData("params.on or missing", true, "params.on is true")]
    [InlineData("not params.codes", false, "params.codes = [\"ORD\",\"JFK\"] is true")]
    [InlineData("'X' in params.codes", false, "'X' in params.codes = [\"ORD\",\"JFK\"] is false")]
    [InlineData(
        "tasks.evaluate.metrics.auc > models['new'].champion.metrics.auc | default(0)",
        true,
        "tasks.evaluate.metrics.auc = 0.71 > models['new'].champion.metrics.auc | default(0) = 0 is true"
    )]
    public void A_condition_explains_itself_with_the_values(string condition, bool holds, string text) =>
        Assert.Equal(new Explanation(holds, text), Template.Parse("{{ " + condition + " }}").Value.Explain(Sample.Scope).Value);

    [Fact]
    public void A_name_is_looked_up_only_when_it_is_used()
    {
        var asked = 0;
        var scope = new Value.Map([
            new(
                "tasks",
                Value.Of(
                    new Value.Map([
                        new(
                            "a",
                            Value.Of(
                                new TaskScope(() =>
                                {
                                    asked++;
                                    return Value.Of(1);
                                })
                            )
                        ),
                    ])
                )
            ),
        ]);

        Assert.Equal("1", Template.Parse("{{ 1 if true else tasks.a.result }}").Value.Render(scope).Value);
        Assert.Equal(0, asked);
        Assert.Equal("1", Template.Parse("{{ tasks.a.result }}").Value.Render(scope).Value);
        Assert.Equal(1, asked);
    }
}
