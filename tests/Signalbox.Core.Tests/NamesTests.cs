using Signalbox.Core.Runs;

namespace Signalbox.Core.Tests;

public sealed class NamesTests
{
    [Fact]
    public void Every_state_has_a_word_that_reads_back()
    {
        foreach (var state in Enum.GetValues<TaskState>())
        {
            Assert.Equal(state, Names.TaskStateOf(Names.Of(state)));
        }

        foreach (var state in Enum.GetValues<RunState>())
        {
            Assert.Equal(state, Names.RunStateOf(Names.Of(state)));
        }

        foreach (var state in Enum.GetValues<AttemptState>())
        {
            Assert.Equal(state, Names.AttemptStateOf(Names.Of(state)));
        }

        foreach (var kind in Enum.GetValues<Core.Retry.FailureClass>())
        {
            Assert.Equal(kind, Names.FailureClassOf(Names.Of(kind)));
        }

        foreach (var rule in Enum.GetValues<Core.Definitions.TriggerRule>())
        {
            Assert.Equal(rule, Names.TriggerRuleOf(Names.Of(rule)));
        }
    }

    [Fact]
    public void Words_are_those_of_Airflow()
    {
        Assert.Equal("up_for_retry", Names.Of(TaskState.UpForRetry));
        Assert.Equal("upstream_failed", Names.Of(TaskState.UpstreamFailed));
        Assert.Equal("none_failed_min_one_success", Names.Of(Core.Definitions.TriggerRule.NoneFailedMinOneSuccess));
    }

    [Fact]
    public void An_unknown_word_is_no_state() => Assert.Null(Names.TaskStateOf("Success"));
}
