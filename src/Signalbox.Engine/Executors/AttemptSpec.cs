using System.Collections.Immutable;
using Signalbox.Core;
using Signalbox.Core.Definitions;

namespace Signalbox.Engine.Executors;

/// <summary>What an executor needs to start an attempt.</summary>
public sealed record AttemptSpec
{
    /// <summary>The attempt.</summary>
    public required AttemptKey Key { get; init; }

    /// <summary>Absolute path of the attempt's own directory (<see cref="AttemptFiles"/>); made when it is not there. Any characters but NUL.</summary>
    public required string Directory { get; init; }

    /// <summary>Absolute path of the directory the command starts in.</summary>
    public required string WorkingDirectory { get; init; }

    /// <summary>What to run.</summary>
    public required CommandSpec Command { get; init; }

    /// <summary>
    /// The whole environment of the command; nothing is inherited from the server. The executor adds <see cref="TaskEnvironment.AttemptKey"/>, and
    /// <c>TMPDIR</c> when it is not given. Names are letters, digits and <c>_</c>: a shell drops all others.
    /// </summary>
    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    /// <summary>How firmly the process tree is held together. Default: <see cref="Containment.Auto"/>.</summary>
    public Containment Containment { get; init; }

    /// <summary>What the attempt may use at most; the executor enforces what its engine can. Null: no limit of its own.</summary>
    public ResourceSpec? Resources { get; init; }

    /// <summary>The name by which the executor knows the attempt afterwards.</summary>
    public AttemptRef Ref => new(Key, Directory);
}

/// <summary>A command, with or without a shell.</summary>
public abstract record CommandSpec
{
    private CommandSpec() { }

    /// <summary>A program and its arguments, exactly as given. A program without <c>/</c> is looked up in the <c>PATH</c> of the attempt.</summary>
    public sealed record Arguments(ImmutableArray<string> Argv) : CommandSpec;

    /// <summary>A text for <c>/bin/sh</c>.</summary>
    public sealed record Shell(string Text) : CommandSpec;
}

/// <summary>How the processes of an attempt are held together, so that none runs on after its end.</summary>
public enum Containment
{
    /// <summary>What the executor was set to: <see cref="LocalExecutorOptions.DefaultContainment"/>.</summary>
    Auto,

    /// <summary>
    /// Session, descent and the marker in the environment: free, and finds all but a process that left all three behind.
    /// </summary>
    Session,

    /// <summary>A control group per attempt where the machine lets us make one, and always the session as well.</summary>
    ControlGroup,
}

/// <summary>The answer to a submission.</summary>
public abstract record SubmitResult
{
    private SubmitResult() { }

    /// <summary>The attempt runs, started by this call.</summary>
    public sealed record Started(Observation Now) : SubmitResult;

    /// <summary>The attempt had been started before; it runs and is watched, or has ended as <paramref name="Now"/> says. No further final observation follows for one that has ended.</summary>
    public sealed record AlreadyKnown(Observation Now) : SubmitResult;

    /// <summary>Nothing was started.</summary>
    /// <param name="Reason">A sentence for users that names what is wrong.</param>
    /// <param name="Transient">True when the machine lacked something for the moment (processes, memory, descriptors): submit again later.</param>
    public sealed record Refused(string Reason, bool Transient) : SubmitResult;
}
