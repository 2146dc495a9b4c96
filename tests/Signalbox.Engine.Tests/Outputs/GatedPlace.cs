using Signalbox.Engine.Outputs;
using Signalbox.Engine.Tests.Driving;
using Signalbox.Storage;

namespace Signalbox.Engine.Tests.Outputs;

/// <summary>The place of this machine, but a test decides when the step that makes content visible is taken, and what fails.</summary>
internal sealed class GatedPlace : IPlace
{
    private LocalPlace? _real;

    /// <summary>Set once a publication has come to its one atomic step.</summary>
    public TaskCompletionSource Came { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Opens the way for it.</summary>
    public ManualResetEventSlim Gate { get; } = new();

    public Func<Exception?> OnPublish { get; set; } = () => null;

    public int Published;

    public IPlace Around(Staging staging)
    {
        _real = new LocalPlace(staging);
        return this;
    }

    public PublicationKind KindOf(StagedOutput staged) => _real!.KindOf(staged);

    public async Task<Placed> PublishAsync(Placing placing, CancellationToken cancellationToken)
    {
        if (OnPublish() is { } problem)
        {
            throw problem;
        }

        Came.TrySetResult();
        Assert.True(Gate.Wait(House.Deadline, cancellationToken));
        var placed = await _real!.PublishAsync(placing, cancellationToken);
        Interlocked.Increment(ref Published);
        return placed;
    }

    public Task<Placed> SwitchAsync(Publication? current, Publication wanted, CancellationToken cancellationToken) =>
        _real!.SwitchAsync(current, wanted, cancellationToken);

    public Task ForgetAsync(Publication version, CancellationToken cancellationToken) => _real!.ForgetAsync(version, cancellationToken);

    public Task SweepAsync(Func<string, bool> isOver, CancellationToken cancellationToken) => _real!.SweepAsync(isOver, cancellationToken);
}

/// <summary>The staging of this machine, but nothing in it can be wiped.</summary>
internal sealed class StickyStaging(string stateFolder) : Staging(stateFolder)
{
    public override void Discard(string attempt) => throw new IOException("Directory not empty");
}
