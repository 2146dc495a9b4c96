using System.Collections.Immutable;
using Signalbox.Core.Approvals;

namespace Signalbox.Core.Tests.Approvals;

public sealed class ApprovalRulesTests
{
    private static readonly ImmutableSortedDictionary<string, ImmutableArray<string>> Groups = ImmutableSortedDictionary<
        string,
        ImmutableArray<string>
    >.Empty.Add("leads", ["bob", "carol"]);

    [Theory]
    [InlineData(1, "", ApprovalVerdict.Open)]
    [InlineData(1, "a", ApprovalVerdict.Approved)]
    [InlineData(2, "a", ApprovalVerdict.Open)]
    [InlineData(2, "ab", ApprovalVerdict.Approved)]
    [InlineData(2, "aB", ApprovalVerdict.Rejected)]
    [InlineData(1, "aB", ApprovalVerdict.Approved)]
    [InlineData(3, "aBc", ApprovalVerdict.Rejected)]
    public void The_first_answers_that_decide_count_and_one_rejection_is_enough(int quorum, string answers, ApprovalVerdict verdict) =>
        Assert.Equal(
            verdict,
            ApprovalRules.Judge(quorum, answers.Select(who => Answer(char.ToLowerInvariant(who).ToString(), char.IsLower(who))))
        );

    [Theory]
    [InlineData("alice", null)]
    [InlineData("bob", null)]
    [InlineData("leads", "leads may not answer: asked are alice, leads")]
    [InlineData("mallory", "mallory may not answer: asked are alice, leads")]
    public void Only_who_is_named_or_is_in_a_group_that_is_named_may_answer(string who, string? refusal) =>
        Assert.Equal(refusal, ApprovalRules.Refusal(new ApprovalSpec { Who = ["alice", "leads"] }, who, author: "alice", Groups, []));

    [Fact]
    public void With_four_eyes_the_author_may_not_answer_and_nobody_answers_twice()
    {
        var spec = new ApprovalSpec { NotAuthor = true, Quorum = 2 };
        Assert.Contains("started the run", ApprovalRules.Refusal(spec, "alice", "alice", Groups, []), StringComparison.Ordinal);
        Assert.Null(ApprovalRules.Refusal(spec, "bob", "alice", Groups, []));
        Assert.Null(ApprovalRules.Refusal(spec, "alice", author: null, Groups, []));
        Assert.Contains(
            "approved this already",
            ApprovalRules.Refusal(spec, "bob", "alice", Groups, [Answer("bob", approves: true)]),
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData(2, false, null)]
    [InlineData(3, false, null)]
    [InlineData(3, true, "the quorum is 3, but `who` beside bob, who started the run, names alice, carol")]
    [InlineData(4, false, "the quorum is 4, but `who` names alice, bob, carol")]
    public void A_quorum_that_can_never_be_reached_is_seen_at_once(int quorum, bool notAuthor, string? problem) =>
        Assert.Equal(
            problem,
            ApprovalRules.Impossible(
                new ApprovalSpec
                {
                    Who = ["alice", "leads"],
                    Quorum = quorum,
                    NotAuthor = notAuthor,
                },
                "bob",
                Groups
            )
        );

    private static ApprovalAnswer Answer(string who, bool approves) => new(who, approves, null, "{}", DateTimeOffset.UnixEpoch);
}
