using Signalbox.Core.Approvals;
using Signalbox.Core.Definitions;
using static Signalbox.Core.Tests.Definitions.Made;

namespace Signalbox.Core.Tests.Definitions;

public sealed class ApprovalCheckTests
{
    [Fact]
    public void Every_mistake_of_a_question_is_found_at_its_place()
    {
        var spec = new ApprovalSpec
        {
            Message = "{{ tasks.late.result }}",
            Form =
            [
                new ParamSpec
                {
                    Name = "n",
                    Type = ParamType.Integer,
                    Minimum = 3,
                    Maximum = 1,
                },
            ],
            Who = ["alice", " "],
            Quorum = 0,
            OnTimeout = ApprovalDefault.Approve,
            RemindEvery = TimeSpan.Zero,
        };
        var found = PipelineChecker.Check(Pipeline(Asks(new TaskKind.Approve(spec)), Task("late", "ask")));
        Assert.Equal(
            [
                "tasks.ask.approve.message not-upstream",
                "tasks.ask.approve.form.n.minimum min-above-max",
                "tasks.ask.approve.quorum out-of-range",
                "tasks.ask.approve.remind_every out-of-range",
                "tasks.ask.approve.who[1] bad-name",
                "tasks.ask.approve.on_timeout form-without-default",
            ],
            found.Where(problem => problem.Severity == Severity.Error).Select(problem => $"{problem.Path} {problem.Code}")
        );
    }

    [Fact]
    public void A_question_says_what_it_asks() =>
        Assert.Contains(
            PipelineChecker.Check(Pipeline(Asks(new TaskKind.Approve(ApprovalSpec.Default)))),
            problem => problem is { Code: "no-message", Path: "tasks.ask.approve" }
        );

    [Theory]
    [InlineData("delay", "delay/{{ item.segment }}", true)]
    [InlineData("delay/{{ item.segment }}", "delay/{{ item.segment }}", true)]
    [InlineData("delay", "delay/north", true)]
    [InlineData("delay", "{{ item }}", true)]
    [InlineData("delay", "delays/{{ item }}", false)]
    [InlineData("delay", "delays", false)]
    [InlineData("delay/north", "delay", false)]
    [InlineData("delay/north", "delay/{{ item }}", true)]
    [InlineData("speed/{{ item }}", "delay/{{ item }}", false)]
    [Trait("Requirement", "S145")]
    public void A_model_can_be_promoted_by_its_name_or_by_that_of_all_models_above_it(string promoted, string made, bool isMade)
    {
        var train = Task("train") with
        {
            ForEach = "{{ [1] }}",
            Outputs =
            [
                new OutputSpec
                {
                    Name = "m",
                    Path = "m/{{ item }}",
                    Model = made,
                },
            ],
        };
        var promote = Task("promote", "train") with
        {
            ForEach = promoted.Contains('{', StringComparison.Ordinal) ? "{{ [1] }}" : null,
            Kind = new TaskKind.Promote(promoted, "champion", BackfillPromotion.Skip),
        };
        Assert.Equal(isMade, PipelineChecker.Check(Pipeline(train, promote)).All(problem => problem.Code != "unmade-model"));
    }

    [Fact]
    public void A_form_obeys_the_rules_of_parameters()
    {
        ParamSpec[] fields =
        [
            new()
            {
                Name = "limit",
                Type = ParamType.Integer,
                Minimum = 1,
            },
            new()
            {
                Name = "note",
                Type = ParamType.String,
                Default = "\"\"",
            },
        ];
        Assert.Equal("""{"limit":3,"note":""}""", ParamChecker.CheckForm([.. fields], """{"limit":3}""").Json);
        Assert.Equal(
            ["form.other: unknown field `other`; known are `limit`, `note`", "form.limit: `limit` is at least 1; 0 is less"],
            ParamChecker
                .CheckForm([.. fields], """{"limit":0,"other":1}""")
                .Problems.Select(problem => $"{problem.Path}: {problem.Message}")
        );
        Assert.Equal(
            "the field `limit` has no default: give a value",
            Assert.Single(ParamChecker.CheckForm([.. fields], "").Problems).Message
        );
    }

    private static TaskNode Asks(TaskKind kind) => Task("ask") with { Kind = kind, Timeout = TimeSpan.FromHours(1) };
}
