namespace Signalbox.Engine.Executors;

/// <summary>How attempts are run on this machine.</summary>
public sealed record LocalExecutorOptions
{
    /// <summary>
    /// The name of this installation: the first part of every attempt key, and of the control group. A DNS-1123 label.
    /// </summary>
    public required string Instance { get; init; }

    /// <summary>
    /// What <see cref="Containment.Auto"/> means. Default: <see cref="Containment.Session"/>, which costs nothing per attempt.
    /// </summary>
    public Containment DefaultContainment { get; init; } = Containment.Session;

    /// <summary>
    /// The folder below which the directories of all attempts lie. What is marked with a key of this installation but lives elsewhere, as
    /// the commands of a project that was copied do, is not owned. Null: the key alone decides.
    /// </summary>
    public string? Root { get; init; }

    /// <summary>The clock. Default: the system's.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}

/// <summary>
/// The engine could not be asked, so nothing is known: ask again later. Never a reason to call an attempt lost.
/// </summary>
public sealed class ExecutorUnreachableException(string message, Exception? inner = null) : Exception(message, inner);
