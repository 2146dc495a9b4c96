namespace Signalbox.Core.Pools;

/// <content>What circuit breakers and retry budgets of targets hold back.</content>
public sealed partial class Admission
{
    private readonly Dictionary<string, Held> _targets = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Held> _retriesLeft = new(StringComparer.Ordinal);

    /// <summary>What the circuit breaker and the retry budget of a target let through.</summary>
    /// <param name="attempts">Attempts at one time. Null: any number.</param>
    /// <param name="retries">Retries that may begin from now on. Null: any number.</param>
    public void SetTarget(string target, Held? attempts, Held? retries)
    {
        Put(_targets, attempts);
        Put(_retriesLeft, retries);
        Unpark(Limit.OfTarget(target));

        void Put(Dictionary<string, Held> all, Held? held)
        {
            if (held is null)
            {
                all.Remove(target);
            }
            else
            {
                all[target] = held;
            }
        }
    }

    /// <summary>What its target holds a lane back by.</summary>
    private Hindrance? HeldBy(Lane lane) =>
        lane.Target is not { } target ? null
        : _targets.TryGetValue(target, out var attempts) && _used.GetValueOrDefault(Limit.OfTarget(target)) >= attempts.Most
            ? new Hindrance("breaker", attempts.Reason)
        : lane.IsRetry && _retriesLeft.TryGetValue(target, out var retries) && retries.Most <= 0
            ? new Hindrance("retry_budget", retries.Reason)
        : null;
}
