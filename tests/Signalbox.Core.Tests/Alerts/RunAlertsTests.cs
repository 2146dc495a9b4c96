using Signalbox.Core.Alerts;
using Signalbox.Core.Definitions;
using Signalbox.Core.Retry;
using Signalbox.Core.Runs;
using Signalbox.Core.Tests.Runs;

namespace Signalbox.Core.Tests.Alerts;

/// <summary>What people are told of what happens to a run.</summary>
public sealed class RunAlertsTests
{
    private static readonly RetryPolicy Twice = new() { Retries = 1, Delay = TimeSpan.FromMinutes(5) };

    [Fact]
    [Trait("Requirement", "S5")]
    public void A_failure_that_is_tried_again_is_told_to_nobody_unless_retries_are_asked_for()
    {
        var quiet = new Telling(Lab.Task("extract") with { Retry = Twice });
        quiet.Lab.Admit();
        quiet.Fail("extract");
        Assert.Equal(TaskState.UpForRetry, quiet.Lab["extract"].State);
        Assert.Empty(quiet.Raised);
        quiet.Lab.Advance(TimeSpan.FromMinutes(6));
        quiet.Succeed("extract");
        Assert.Equal(RunState.Success, quiet.Lab.RunState);
        Assert.Empty(quiet.Raised);
    }

    [Fact]
    [Trait("Requirement", "S154")]
    public void Each_retry_is_told_where_the_task_or_a_route_asks_for_it()
    {
        var asked = new Telling(Lab.Task("extract") with { Retry = Twice, OnRetry = ["team"] });
        asked.Lab.Admit();
        asked.Fail("extract");
        var told = Assert.Single(asked.Raised);
        Assert.Equal((AlertKind.Retried, AlertSeverity.Info), (told.Kind, told.Severity));
        Assert.Equal(["team"], told.Notify);
        Assert.Equal("extract of p: attempt 1 failed: boom; it is tried again in 5m", told.Message);

        var routed = new Telling(retries: true, Lab.Task("extract") with { Retry = Twice });
        routed.Lab.Admit();
        routed.Fail("extract");
        Assert.Equal(AlertKind.Retried, Assert.Single(routed.Raised).Kind);
    }

    [Fact]
    [Trait("Requirement", "S155")]
    public void The_last_failure_of_a_task_is_told_once_and_what_comes_after_it_is_not()
    {
        var telling = new Telling(
            Lab.Task("extract") with
            {
                Retry = Twice,
                OnFailure = ["oncall"],
            },
            Lab.Task("load", "extract"),
            Lab.Task("report", "load")
        );
        telling.Lab.Admit();
        telling.Fail("extract");
        telling.Lab.Advance(TimeSpan.FromMinutes(6));
        telling.Fail("extract");
        Assert.Equal(RunState.Failed, telling.Lab.RunState);
        var told = Assert.Single(telling.Raised);
        Assert.Equal((AlertKind.Failed, AlertSeverity.Error), (told.Kind, told.Severity));
        Assert.Equal("p/manual__1/extract", told.DedupKey);
        Assert.Equal(["oncall"], told.Notify);
        Assert.Equal("extract of p failed after 2 attempts: boom", told.Message);
        Assert.Contains(new AlertFact("class", "transient"), told.Facts);
        Assert.Contains(new AlertFact("attempts", "2"), told.Facts);
        // Should nothing of the run have been told, this is.
        Assert.Equal("p/manual__1", telling.IfUntold!.DedupKey);
    }

    [Fact]
    [Trait("Requirement", "S5")]
    [Trait("Requirement", "S154")]
    public void A_failure_that_the_run_tries_again_is_told_when_its_own_retries_are_used_up()
    {
        var telling = new Telling(retries: true, Lab.Task("extract") with { OnFailure = ["oncall"] })
        {
            RunRetry = new RetryPolicy { Retries = 1, Delay = TimeSpan.FromMinutes(5) },
        };
        telling.Lab.Admit();
        telling.Fail("extract");
        var retried = Assert.Single(telling.Raised);
        Assert.Equal((AlertKind.Retried, AlertSeverity.Info, null), (retried.Kind, retried.Severity, retried.Task));
        Assert.Equal(
            "p: task extract failed; retry 1 of 1 of the run, from its failed tasks, starts at 2001-01-06T02:20:00Z",
            retried.Message
        );
        telling.Lab.Advance(TimeSpan.FromMinutes(5));
        telling.Fail("extract");
        Assert.Equal(RunState.Failed, telling.Lab.RunState);
        var told = Assert.Single(telling.Raised, alert => alert.Kind == AlertKind.Failed);
        Assert.Equal(("extract of p failed: boom", "p/manual__1/extract"), (told.Message, told.DedupKey));
    }

    [Fact]
    [Trait("Requirement", "S5")]
    public void A_failure_that_its_group_tries_again_is_told_when_the_groups_retries_are_used_up_or_would_not_mend_it()
    {
        static Telling Group(int retries)
        {
            var group = Lab.Task("load", "stage", "swap") with
            {
                Kind = new TaskKind.Group(),
                TriggerRule = TriggerRule.NoneFailedMinOneSuccess,
                Retry = new RetryPolicy { Retries = retries, Delay = TimeSpan.FromMinutes(5) },
            };
            var telling = new Telling(
                Lab.Task("stage") with
                {
                    OnFailure = ["oncall"],
                },
                Lab.Task("swap") with
                {
                    OnFailure = ["oncall"],
                },
                group,
                Lab.Task("beside") with
                {
                    OnFailure = ["oncall"],
                }
            );
            telling.Lab.Admit();
            return telling;
        }

        static IEnumerable<string> Told(Telling telling) =>
            telling.Raised.Where(alert => alert.Kind == AlertKind.Failed).Select(alert => alert.Task?.Value ?? "run");

        var telling = Group(retries: 1);
        telling.Fail("stage");
        telling.Fail("swap");
        Assert.Equal(TaskState.UpForRetry, telling.Lab["load"].State);
        Assert.Empty(Told(telling));
        telling.Fail("beside");
        Assert.Equal(["beside"], Told(telling));
        telling.Lab.Advance(TimeSpan.FromMinutes(5));
        telling.Succeed("stage");
        telling.Fail("swap");
        Assert.Equal(["beside", "swap"], Told(telling).Take(2));

        telling = Group(retries: 1);
        telling.Fail("stage", FailureClass.Auth);
        Assert.Equal(["stage"], Told(telling));

        // With it the try is lost: what fails after it is not tried again either.
        telling = Group(retries: 1);
        telling.Succeed("stage");
        telling.Lab.Mark("stage", TaskState.Failed);
        telling.Fail("swap");
        Assert.Equal(["swap"], Told(telling));

        telling = Group(retries: 0);
        telling.Fail("stage");
        Assert.Equal(["stage"], Told(telling));
    }

    [Fact]
    [Trait("Requirement", "S5")]
    public void A_failure_that_another_try_of_group_or_run_would_not_mend_is_told_at_once()
    {
        var wait = Lab.Task("look") with { Kind = new TaskKind.WaitForTime("06:00"), Timeout = TimeSpan.FromHours(1) };
        var group = Lab.Task("load", "look", "stage") with
        {
            Kind = new TaskKind.Group(),
            TriggerRule = TriggerRule.NoneFailedMinOneSuccess,
            Retry = Twice,
        };
        foreach (var telling in (Telling[])[new(wait, Lab.Task("stage"), group), new(wait, Lab.Task("stage")) { RunRetry = Twice }])
        {
            telling.Lab.Admit().Begin("stage");
            telling.Lab.Advance(TimeSpan.FromHours(1));
            Assert.Equal("look", Assert.Single(telling.Raised).Task?.Value);
        }
    }

    [Fact]
    public void It_does_not_matter_where_in_the_file_a_group_stands()
    {
        var group = Lab.Task("load", "stage") with { Kind = new TaskKind.Group(), Retry = Twice };
        var telling = new Telling(group, Lab.Task("stage"));
        telling.Lab.Admit();
        telling.Fail("stage");
        Assert.Equal(TaskState.UpForRetry, telling.Lab["load"].State);
        Assert.DoesNotContain(telling.Raised, alert => alert.Kind == AlertKind.Failed);
    }

    [Fact]
    [Trait("Requirement", "S159")]
    public void A_refused_sign_in_says_to_check_the_credentials()
    {
        var telling = new Telling(Lab.Task("extract") with { Retry = Twice });
        telling.Lab.Admit();
        telling.Fail("extract", FailureClass.Auth);
        Assert.Equal("extract of p failed: boom; check API credentials", Assert.Single(telling.Raised).Message);
    }

    [Fact]
    [Trait("Requirement", "S162")]
    public void A_full_disk_is_critical()
    {
        var telling = new Telling(Lab.Task("extract") with { Retry = Twice });
        telling.Lab.Admit();
        telling.Fail("extract", FailureClass.DiskFull);
        Assert.Equal(AlertSeverity.Critical, Assert.Single(telling.Raised).Severity);
    }

    [Fact]
    public void A_failed_check_is_told_with_what_it_blocks()
    {
        var telling = new Telling(Lab.Task("features"), Lab.Task("train", "features"), Lab.Task("publish", "train"));
        telling.Lab.Admit();
        telling.Lab.Fail("features", failure: FailureClass.Validation, check: true);
        var told = Assert.Single(telling.Raised);
        Assert.Equal(AlertKind.Blocked, told.Kind);
        Assert.Equal("features of p failed: boom; train, publish are blocked", told.Message);
    }

    [Fact]
    public void The_instances_of_a_mapped_task_share_the_key_that_keeps_all_but_the_first_away()
    {
        var telling = new Telling(Lab.Task("train") with { ForEach = "{{ [1, 2] }}" });
        telling.Lab.Admit();
        telling.Lab.Items("train", 2);
        telling.Fail("train", map: 0);
        telling.Fail("train", map: 1);
        Assert.Equal(2, telling.Raised.Count(alert => alert.OnceKey == telling.Raised[0].OnceKey));
        Assert.All(telling.Raised, alert => Assert.Equal("p/manual__1/train", alert.DedupKey));
    }

    [Fact]
    public void What_people_did_themselves_is_no_news()
    {
        var cancelled = new Telling(Lab.Task("extract"));
        cancelled.Lab.Admit().Begin("extract");
        cancelled.Lab.On(new RunEvent.CancelRequested(cancelled.Lab.Now, "not today"));
        cancelled.Lab.Ended("extract", new Outcome.Stopped());
        Assert.Equal(RunState.Cancelled, cancelled.Lab.RunState);
        Assert.Empty(cancelled.Raised);
        Assert.Null(cancelled.IfUntold);

        var marked = new Telling(Lab.Task("extract"));
        marked.Lab.Admit();
        marked.Lab.Mark("extract", TaskState.Failed);
        Assert.Empty(marked.Raised);
        Assert.Equal((RunState.Failed, null), (marked.Lab.RunState, marked.IfUntold));

        var after = new Telling(Lab.Task("extract"));
        after.Lab.Admit().Succeed("extract").Mark("extract", TaskState.Failed);
        Assert.Equal((RunState.Failed, null), (after.Lab.RunState, after.IfUntold));
    }

    [Fact]
    public void A_run_of_which_somebody_marked_one_task_and_another_failed_by_itself_is_told()
    {
        var telling = new Telling(Lab.Task("a"), Lab.Task("b"));
        telling.Lab.Admit().Mark("a", TaskState.Failed);
        telling.Fail("b");
        Assert.NotNull(telling.IfUntold);
    }

    [Fact]
    public void A_run_past_its_limit_is_told_once_and_not_task_by_task()
    {
        var telling = new Telling(Lab.Task("a"), Lab.Task("b")) { Limit = TimeSpan.FromHours(1) };
        telling.Lab.Admit().Begin("a").Begin("b");
        telling.Lab.Advance(TimeSpan.FromHours(2));
        telling.Lab.Ended("a", new Outcome.Stopped());
        telling.Lab.Ended("b", new Outcome.Stopped());
        Assert.Equal(RunState.Failed, telling.Lab.RunState);
        Assert.Single(telling.Raised.Select(alert => alert.OnceKey).Distinct());
        Assert.Equal("p failed: the run ran longer than its limit of 1h", telling.Raised[0].Message);
    }

    [Fact]
    [Trait("Requirement", "S155")]
    public void A_success_ends_the_trouble_and_a_failure_after_a_rerun_is_news_again()
    {
        var telling = new Telling(Lab.Task("extract"));
        telling.Lab.Admit();
        telling.Fail("extract");
        telling.Lab.Clear(Lab.Key("extract"));
        Assert.Equal([null, new TaskName("extract")], telling.Last.Released.OrderBy(task => task?.Value));
        telling.Lab.Admit();
        telling.Fail("extract");
        Assert.Equal(2, telling.Raised.Count);
        telling.Lab.Clear(Lab.Key("extract"));
        telling.Lab.Admit();
        telling.Succeed("extract");
        Assert.Equal([null, new TaskName("extract")], telling.Last.Recovered.OrderBy(task => task?.Value));
    }

    [Theory]
    [InlineData("verify-1", false)]
    [InlineData("shadow-1", false)]
    [InlineData("green", true)]
    public void A_trial_tells_nobody_and_a_variant_does(string space, bool tells)
    {
        var pipeline = Lab.Pipeline(Lab.Task("extract"));
        var run = RunSnapshot.Create(pipeline, Lab.NewRun(pipeline) with { Namespace = new RunNamespace(space) });
        RunAlerts alerts = RunAlerts.Nothing;
        Happens(new RunEvent.RunAdmitted(Lab.Start));
        Happens(new RunEvent.SlotGranted(Lab.Start, Lab.Key("extract")));
        var failed = new Outcome.Failed(new Failure(FailureClass.Transient, "boom"));
        Happens(new RunEvent.AttemptEnded(Lab.Start, Lab.Key("extract"), 1, failed, null, null));
        Assert.Equal(RunState.Failed, run.Run.State);
        Assert.Equal(tells, !alerts.IsEmpty);

        void Happens(RunEvent e)
        {
            var decision = RunDecider.Decide(run, e);
            run.Apply(decision);
            alerts = RunAlerts.Of(run, decision, retries: true);
        }
    }

    /// <summary>A bench that listens to what people are told.</summary>
    private sealed class Telling(bool retries, params TaskNode[] tasks)
    {
        private Lab? _lab;

        public Telling(params TaskNode[] tasks)
            : this(retries: false, tasks) { }

        public TimeSpan? Limit { get; init; }

        public RetryPolicy RunRetry { get; init; } = RetryPolicy.Default;

        public Lab Lab => _lab ??= new Lab(Lab.Pipeline(tasks) with { Timeout = Limit, RunRetry = RunRetry }, Heard);

        public List<Alert> Raised { get; } = [];

        public Alert? IfUntold { get; private set; }

        public RunAlerts Last { get; private set; } = RunAlerts.Nothing;

        public void Fail(string task, FailureClass failure = FailureClass.Transient, int map = -1) => Lab.Fail(task, map, failure);

        public void Succeed(string task) => Lab.Succeed(task);

        private void Heard(RunSnapshot run, Decision decision)
        {
            Last = RunAlerts.Of(run, decision, retries);
            Raised.AddRange(Last.Raised);
            IfUntold = Last.IfUntold ?? IfUntold;
        }
    }
}
