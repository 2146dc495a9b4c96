using Signalbox.Core.Alerts;
using Signalbox.Core.Breakers;
using Signalbox.Core.Runs;
using Signalbox.Core.Sla;
using Signalbox.Core.Triggers;
using Signalbox.Engine.Alerts;
using Signalbox.Engine.Attempts;
using Signalbox.Engine.Backfills;
using Signalbox.Engine.Deadlines;
using Signalbox.Engine.Driving;
using Signalbox.Engine.Outputs;
using Signalbox.Engine.Triggers;
using Signalbox.Storage;

namespace Signalbox.Engine.Tests.Driving;

/// <summary>
/// Goes through every state that something kept can have. A state is an end, or somebody of a running server moves on what is in it; who adds a state says here
/// which. That the owners of runs, tasks and attempts do it is shown by the simulation of Core after each step, of the rest by the weeks of the whole engine.
/// </summary>
public sealed class OwnerTests
{
    private static readonly Dictionary<Enum, Type> Owners = new()
    {
        [RunState.Queued] = typeof(Dispatcher),
        [RunState.Running] = typeof(RunDriver),
        [TaskState.None] = typeof(RunDriver),
        [TaskState.Scheduled] = typeof(Dispatcher),
        [TaskState.Queued] = typeof(RunDriver),
        [TaskState.Running] = typeof(RunDriver),
        [TaskState.UpForRetry] = typeof(RunTimers),
        [TaskState.UpForReschedule] = typeof(RunTimers),
        [AttemptState.Submitting] = typeof(AttemptRunner),
        [AttemptState.Running] = typeof(AttemptRunner),
        [AttemptState.Publishing] = typeof(Publisher),
        [PublicationState.Prepared] = typeof(Publisher),
        [RejectedState.Prepared] = typeof(Publisher),
        [BackfillState.Running] = typeof(BackfillRunner),
        [BackfillItemState.Pending] = typeof(BackfillRunner),
        [BackfillItemState.Running] = typeof(BackfillRunner),
        [InboxState.Waiting] = typeof(InboxDesk),
        [DeliveryState.Waiting] = typeof(AlertCourier),
        [DeadlineState.Open] = typeof(DeadlineWatch),
        [BreakerState.Open] = typeof(BreakerBook),
        [BreakerState.HalfOpen] = typeof(BreakerBook),
    };

    /// <summary>What stays as it is until a person says otherwise, as people asked for.</summary>
    private static readonly Enum[] OfPeople = [BackfillState.Paused];

    private static readonly Enum[] Ends =
    [
        .. Enum.GetValues<RunState>().Where(state => state.IsEnd()).Cast<Enum>(),
        .. Enum.GetValues<TaskState>().Where(state => state.IsEnd()).Cast<Enum>(),
        .. Enum.GetValues<AttemptState>().Where(state => state.IsEnd()).Cast<Enum>(),
        PublicationState.Published,
        PublicationState.Aborted,
        RejectedState.Kept,
        RejectedState.Replaced,
        RejectedState.Aborted,
        VerdictState.Idempotent,
        VerdictState.NotIdempotent,
        BackfillState.Success,
        BackfillState.Failed,
        BackfillState.Cancelled,
        BackfillItemState.Success,
        BackfillItemState.Failed,
        BackfillItemState.Cancelled,
        BackfillItemState.Skipped,
        InboxState.Started,
        InboxState.Signalled,
        InboxState.Ignored,
        InboxState.Dead,
        InboxState.Dropped,
        DeliveryState.Delivered,
        DeliveryState.GivenUp,
        DeadlineState.Met,
        DeadlineState.Missed,
        BreakerState.Closed,
    ];

    [Fact]
    [Trait("Requirement", "S8")]
    public void Every_state_of_what_is_kept_is_an_end_or_has_an_owner()
    {
        var states = new[] { typeof(RunState).Assembly, typeof(Store).Assembly }
            .SelectMany(assembly => assembly.GetTypes())
            .Where(type => type.IsEnum && type.IsPublic && type.Name.EndsWith("State", StringComparison.Ordinal))
            .SelectMany(type => Enum.GetValues(type).Cast<Enum>())
            .ToHashSet();
        var known = Owners.Keys.Concat(OfPeople).Concat(Ends).ToList();
        Assert.Equal(known.Count, known.Distinct().Count());
        Assert.Empty(states.Where(state => !known.Contains(state)).Select(state => $"{state.GetType().Name}.{state} has no owner"));
        Assert.DoesNotContain(known, state => !states.Contains(state));
    }
}
