using Signalbox.Core;
using Signalbox.Core.Breakers;

namespace Signalbox.Storage;

public partial class ReadSession
{
    private static readonly Sql AllBreakers = new(
        "select kind, name, failures, opened_ms, probe_ms, reason from breakers order by kind, name"
    );
    private static readonly Sql OneBreaker = new(
        "select kind, name, failures, opened_ms, probe_ms, reason from breakers where kind = @kind and name = @name"
    );
    private static readonly Sql RetriesOfTarget = new(
        "select at_ms from target_retries where target = @target and at_ms > @since_ms order by at_ms"
    );

    /// <summary>Every breaker that is not closed without a failure.</summary>
    public IReadOnlyList<Breaker> Breakers() => Use(AllBreakers).All(BreakerOf);

    /// <summary>A breaker; null when it is closed without a failure.</summary>
    public Breaker? BreakerNamed(BreakerKey key) =>
        Use(OneBreaker).Set("@kind", Names.Of(key.Kind)).Set("@name", key.Name).All(BreakerOf) is [var one] ? one : null;

    /// <summary>When tasks on a target were tried again after an instant, in order.</summary>
    public IReadOnlyList<DateTimeOffset> RetriesOf(string target, DateTimeOffset since) =>
        Use(RetriesOfTarget).Set("@target", target).Set("@since_ms", since).All(row => row.Time());

    private static Breaker BreakerOf(Statement row) =>
        new(new BreakerKey(Names.BreakerKindOf(row.Text())!.Value, row.Text()))
        {
            Failures = row.Int(),
            OpenedAt = row.TimeOrNull(),
            ProbeAt = row.TimeOrNull(),
            Reason = row.TextOrNull(),
        };
}

public sealed partial class WriteSession
{
    private static readonly Sql PutBreaker = new(
        """
        insert into breakers (kind, name, failures, opened_ms, probe_ms, reason)
        values (@kind, @name, @failures, @opened_ms, @probe_ms, @reason)
        on conflict (kind, name) do update set failures = excluded.failures, opened_ms = excluded.opened_ms,
            probe_ms = excluded.probe_ms, reason = excluded.reason
        """
    );
    private static readonly Sql DropBreaker = new("delete from breakers where kind = @kind and name = @name");
    private static readonly Sql PutRetry = new("insert into target_retries (target, at_ms) values (@target, @at_ms)");
    private static readonly Sql DropRetries = new("delete from target_retries where target = @target and at_ms <= @until_ms");

    /// <summary>Keeps a breaker as it stands.</summary>
    public void SaveBreaker(Breaker breaker)
    {
        if (breaker.Failures == 0)
        {
            RemoveBreaker(breaker.Key);
            return;
        }

        Use(PutBreaker)
            .Set("@kind", Names.Of(breaker.Key.Kind))
            .Set("@name", breaker.Key.Name)
            .Set("@failures", breaker.Failures)
            .Set("@opened_ms", breaker.OpenedAt)
            .Set("@probe_ms", breaker.ProbeAt)
            .Set("@reason", breaker.Reason)
            .Execute();
    }

    /// <summary>Closes a breaker and forgets its failures. False: there was nothing to forget.</summary>
    public bool RemoveBreaker(BreakerKey key) => Use(DropBreaker).Set("@kind", Names.Of(key.Kind)).Set("@name", key.Name).Execute() == 1;

    /// <summary>A task on a target is tried again; what lies before <paramref name="until"/> counts no more and is forgotten.</summary>
    public void AddRetryOf(string target, DateTimeOffset at, DateTimeOffset until)
    {
        Use(DropRetries).Set("@target", target).Set("@until_ms", until).Execute();
        Use(PutRetry).Set("@target", target).Set("@at_ms", at).Execute();
    }
}
