using Signalbox.Core.Retry;
using Signalbox.Engine.Outputs.Tables;
using Signalbox.Storage;

namespace Signalbox.Engine.Outputs;

/// <summary>
/// Where outputs are published: the seam behind which a file system, an object store or a database keeps the one promise of publishing, that
/// a reader sees the old version or the new one.
/// </summary>
/// <remarks>
/// The protocol is stage, audit, publish, record. What is published lies in <see cref="Staging"/>, audited and durable, and the intent to
/// publish it is a row. Every step may be asked for again after a crash, and finds what it had done. A path is published to by one at a time.
/// What a place refuses it throws as <see cref="PlaceException"/> or <see cref="IOException"/>; nothing that readers see has changed then.
/// </remarks>
public interface IPlace
{
    /// <summary>What an output is here.</summary>
    PublicationKind KindOf(StagedOutput staged);

    /// <summary>Makes what is staged visible at its target in one atomic step; does nothing when it already happened.</summary>
    Task<Placed> PublishAsync(Placing placing, CancellationToken cancellationToken);

    /// <summary>Makes a kept version current again in one atomic step, and keeps the one that was; does nothing when it already happened.</summary>
    /// <param name="current">The version that readers see; null when nothing stands there.</param>
    /// <param name="wanted">A version with <see cref="Publication.Kept"/>.</param>
    Task<Placed> SwitchAsync(Publication? current, Publication wanted, CancellationToken cancellationToken);

    /// <summary>Where what readers see of a version lies: its path, or, where they are led on by a pointer, what that leads to.</summary>
    /// <param name="current">The version that is current at its path.</param>
    Task<string> ResolveAsync(Publication current, CancellationToken cancellationToken) => Task.FromResult(current.Path);

    /// <summary>Drops the content of a version that is not current.</summary>
    Task ForgetAsync(Publication version, CancellationToken cancellationToken);

    /// <summary>Drops what attempts left here that are over: staging prefixes, staging tables. Only what is ours by its name.</summary>
    /// <param name="isOver">Whether an attempt, by its key, is over.</param>
    Task SweepAsync(Func<string, bool> isOver, CancellationToken cancellationToken);
}

/// <summary>One output of one attempt, before anyone can read it.</summary>
/// <param name="Output">The output's name.</param>
/// <param name="Path">Absolute path where the command writes; the file name is the target's, so that tools see the right ending.</param>
/// <param name="Target">Absolute path or address where readers will find it, without a trailing slash.</param>
/// <param name="IsFolder">Whether it is a folder.</param>
public sealed record StagedOutput(string Output, string Path, string Target, bool IsFolder);

/// <summary>What is to be published.</summary>
/// <param name="Intent">The row that says so; <see cref="Publication.Sha256"/> is of what is staged.</param>
/// <param name="Replaced">The version that readers see now; null when none was ever published there.</param>
/// <param name="Keep">How many replaced versions are kept; 0 keeps none.</param>
/// <param name="IsAgain">Whether an earlier engine may have taken the step already.</param>
public sealed record Placing(StagedOutput Staged, Publication Intent, Publication? Replaced, int Keep, bool IsAgain);

/// <summary>What became of it.</summary>
/// <param name="Kept">Where the replaced version can be found again; null when it is gone.</param>
/// <param name="IsCurrent">False when another version has replaced it meanwhile.</param>
public sealed record Placed(string? Kept, bool IsCurrent = true);

/// <summary>A place refused: nothing that readers see has changed.</summary>
public sealed class PlaceException(FailureClass failure, string message, Exception? cause = null) : Exception(message, cause)
{
    public FailureClass Class => failure;

    /// <summary>The evidence for the class, such as <c>SQLSTATE 42P01</c>; null when the place itself knows.</summary>
    public string? Rule
    {
        get => field ?? (InnerException as PlaceException)?.Rule;
        init;
    }

    /// <summary>Whether single rows are at fault, without which the others might be taken.</summary>
    public bool IsOfRows
    {
        get => field || InnerException is PlaceException { IsOfRows: true };
        init;
    }

    /// <summary>Which rows those are; null where nobody knows.</summary>
    public RefusedRows? Refused { get; init; }
}
