using Signalbox.Core.Breakers;

namespace Signalbox.App.Cli;

/// <content>What circuit breakers and retry budgets hold.</content>
internal sealed partial class Reasons
{
    /// <summary>What a circuit breaker holds.</summary>
    private void AddBreaker(List<WhyReason> reasons, BreakerKey key)
    {
        if (session.BreakerNamed(key) is { OpenedAt: not null } breaker)
        {
            reasons.Add(new("breaker", breaker.SentenceAt(now)));
        }
    }

    private void AddBudget(List<WhyReason> reasons, string target)
    {
        if (project.Targets.GetValueOrDefault(target)?.Budget is { } budget)
        {
            var spent = session.RetriesOf(target, now - budget.Per).Count;
            reasons.Add(
                new(
                    "retry_budget",
                    $"target {target} bears {budget.Retries} {(budget.Retries == 1 ? "retry" : "retries")} within {Brief.Of(budget.Per)}; {spent} {(spent == 1 ? "was" : "were")} made"
                )
            );
        }
    }
}
