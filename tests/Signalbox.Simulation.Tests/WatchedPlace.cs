using Signalbox.Core.Retry;
using Signalbox.Engine.Outputs;
using Signalbox.Storage;

namespace Signalbox.Simulation.Tests;

/// <summary>The real place of files, of which some steps are refused, and every step of which is looked at from the side of the readers.</summary>
internal sealed class WatchedPlace(LocalPlace real, Life life, House house) : IPlace
{
    public PublicationKind KindOf(StagedOutput staged) => real.KindOf(staged);

    public async Task<Placed> PublishAsync(Placing placing, CancellationToken cancellationToken)
    {
        await StepAsync();
        var before = ContentOf(placing.Intent.Path);
        Placed placed;
        try
        {
            placed = await real.PublishAsync(placing, cancellationToken);
        }
        catch (IOException problem)
        {
            house.Guard(() =>
                throw new BrokenPromiseException($"I4: {placing.Intent.Path}: nobody touched what was to be published: {problem.Message}")
            );
            throw;
        }

        var content = ContentOf(placing.Intent.Path);
        if (content != before || placed.IsCurrent)
        {
            var isItself = !placed.IsCurrent || ContentHash.Of(placing.Intent.Path).Sha256 == placing.Intent.Sha256;
            house.Guard(() => house.Ledger.Published(placing.Intent, content, isItself));
        }

        life.Stage.Tell(
            $"  {Path.GetRelativePath(house.Project.Folder, placing.Intent.Path)} is of {content}{(placing.IsAgain ? " (again)" : "")}"
        );
        await StepAsync(isDone: true);
        return placed;
    }

    public async Task<Placed> SwitchAsync(Publication? current, Publication wanted, CancellationToken cancellationToken)
    {
        await StepAsync();
        var placed = await real.SwitchAsync(current, wanted, cancellationToken);
        life.Stage.Tell($"  {Path.GetRelativePath(house.Project.Folder, wanted.Path)} is of {ContentOf(wanted.Path)} again");
        await StepAsync(isDone: true);
        return placed;
    }

    public Task<string> ResolveAsync(Publication current, CancellationToken cancellationToken) =>
        ((IPlace)real).ResolveAsync(current, cancellationToken);

    public async Task ForgetAsync(Publication version, CancellationToken cancellationToken)
    {
        await StepAsync(isDone: true);
        await real.ForgetAsync(version, cancellationToken);
    }

    public Task SweepAsync(Func<string, bool> isOver, CancellationToken cancellationToken) => real.SweepAsync(isOver, cancellationToken);

    /// <summary>Whose content stands at a path: the key of the attempt, <c>none</c>, or <c>torn</c>.</summary>
    public static string ContentOf(string path)
    {
        if (File.Exists(path))
        {
            return File.ReadAllText(path) is var text && text == "half" ? "torn" : text;
        }

        if (!Directory.Exists(path))
        {
            return "none";
        }

        var parts = Directory.GetFiles(path).Order(StringComparer.Ordinal).Select(File.ReadAllText).ToList();
        return parts is [var one, var two] && one == two ? one : "torn";
    }

    private async Task StepAsync(bool isDone = false)
    {
        await Task.Yield();
        var trouble = house.Place;
        if (trouble.IsSlow)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(300), life.Time);
        }

        if (!isDone && trouble.Refusals > 0)
        {
            trouble.Refusals--;
            throw trouble.Refusals % 2 == 0
                ? new PlaceException(FailureClass.Transient, "the place refused")
                : new IOException("No space left on device");
        }
    }
}

/// <summary>What is the matter with the place where outputs go.</summary>
internal sealed class PlaceTrouble
{
    /// <summary>So many of the next steps are refused.</summary>
    public int Refusals { get; set; }

    public bool IsSlow { get; set; }

    public void Heal() => (Refusals, IsSlow) = (0, false);
}
