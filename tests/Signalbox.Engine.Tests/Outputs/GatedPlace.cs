using Signalbox.Engine.Outputs;
using Signalbox.Engine.Tests.Driving;

namespace Signalbox.Engine.Tests.Outputs;

/// <summary>The place of this machine, but a test decides when the step that makes content visible is taken, and what fails.</summary>
internal sealed class GatedPlace(string stateFolder) : IPlace
{
    private readonly LocalPlace _real = new(stateFolder);

    /// <summary>Set once a publication has come to its one atomic step.</summary>
    public TaskCompletionSource Came { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Opens the way for it.</summary>
    public ManualResetEventSlim Gate { get; } = new();

    public Func<Exception?> OnDiscard { get; set; } = () => null;

    public Func<Exception?> OnPublish { get; set; } = () => null;

    public int Published;

    public StagedOutput Locate(string attempt, string output, string target) => _real.Locate(attempt, output, target);

    public void Prepare(StagedOutput staged) => _real.Prepare(staged);

    public bool HasContent(StagedOutput staged) => _real.HasContent(staged);

    public ContentHash Seal(StagedOutput staged) => _real.Seal(staged);

    public void Publish(StagedOutput staged, string sha256)
    {
        if (OnPublish() is { } problem)
        {
            throw problem;
        }

        Came.TrySetResult();
        Assert.True(Gate.Wait(House.Deadline));
        _real.Publish(staged, sha256);
        Interlocked.Increment(ref Published);
    }

    public void Discard(string attempt)
    {
        if (OnDiscard() is { } problem)
        {
            throw problem;
        }

        _real.Discard(attempt);
    }

    public IEnumerable<string> Staged() => _real.Staged();
}
