using System.Collections.Immutable;
using Signalbox.Core.Definitions;
using Signalbox.Core.Runs;
using Signalbox.Engine.Attempts;
using Signalbox.Engine.Executors;
using Signalbox.Storage;

namespace Signalbox.Engine.TaskKinds;

/// <summary>What an attempt comes down to.</summary>
public abstract record Work
{
    private Work() { }

    /// <summary>A command for the executor. It can be adopted after a restart.</summary>
    /// <param name="Environment">Variables beside those that every command sees.</param>
    public sealed record Command(CommandSpec Spec, ImmutableDictionary<string, string> Environment) : Work
    {
        public Command(CommandSpec spec)
            : this(spec, ImmutableDictionary<string, string>.Empty) { }
    }

    /// <summary>Something done here and now, in one transaction: it changes nothing but the store.</summary>
    public sealed record Inline(Outcome Outcome, Action<WriteSession>? Write = null) : Work;
}

/// <summary>What a look at the world showed.</summary>
public abstract record Sighting
{
    private Sighting() { }

    /// <param name="Result">JSON of what was found, for downstream tasks.</param>
    public sealed record Satisfied(string? Result) : Sighting;

    /// <param name="Reason">What is missing, a sentence.</param>
    /// <param name="Next">When to look again.</param>
    /// <param name="Write">Rows that belong to it.</param>
    public sealed record NotYet(string Reason, DateTimeOffset Next, Action<WriteSession>? Write = null) : Sighting
    {
        /// <summary>Whether the look itself failed, so that nobody knows how it is.</summary>
        public bool Failed { get; init; }
    }

    /// <summary>The wait has ended, well or not.</summary>
    /// <param name="Write">Rows that belong to the end: written in its transaction.</param>
    public sealed record Over(Outcome Outcome, Action<WriteSession>? Write = null) : Sighting;
}

/// <summary>The one list of task kinds: a case of <see cref="TaskKind"/> here, a file beside this one there.</summary>
public static class TaskKindList
{
    /// <summary>What a task that does not wait is to do.</summary>
    /// <exception cref="TaskRefused">It cannot be begun.</exception>
    public static Task<Work> PrepareAsync(AttemptContext context, CancellationToken cancellationToken) =>
        context.Node.Kind switch
        {
            var kind when context.Run.Namespace?.Skips(kind) is { } why => Task.FromResult<Work>(new Work.Inline(new Outcome.Skipped(why))),
            TaskKind.Shell kind => Task.FromResult(CommandTask.Prepare(kind, context)),
            TaskKind.Argv kind => Task.FromResult(CommandTask.Prepare(kind, context)),
            TaskKind.Script kind => Task.FromResult(ScriptTask.Prepare(kind, context)),
            TaskKind.Sql kind => SqlTask.PrepareAsync(kind, context, cancellationToken),
            TaskKind.Promote kind => PromoteTask.PrepareAsync(kind, context, cancellationToken),
            TaskKind.Load kind => Task.FromResult(LoadTask.Prepare(kind, context)),
            TaskKind.Http kind => Task.FromResult(HttpTask.Prepare(kind, context)),
            TaskKind.Noop => Task.FromResult<Work>(new Work.Inline(new Outcome.Succeeded(Result: null))),
            var waiting => throw new ArgumentException(
                $"A task of kind {waiting.GetType().Name} is looked at, not started.",
                nameof(context)
            ),
        };

    /// <summary>A look at whether a waiting task is satisfied. Errors of the world (permission, connection) are sightings, too.</summary>
    public static Task<Sighting> LookAsync(AttemptContext context, CancellationToken cancellationToken) =>
        context.Node.Kind switch
        {
            var kind when context.Run.Namespace?.Skips(kind) is { } why => Task.FromResult<Sighting>(
                new Sighting.Over(new Outcome.Skipped(why))
            ),
            TaskKind.WaitForFile kind => Task.FromResult(WaitForFileTask.Look(kind, context)),
            TaskKind.WaitForTime kind => Task.FromResult(WaitForTimeTask.Look(kind, context)),
            TaskKind.WaitForTask kind => WaitForTaskTask.LookAsync(kind, context, cancellationToken),
            TaskKind.WaitForS3 kind => WaitForS3Task.LookAsync(kind, context, cancellationToken),
            TaskKind.WaitForSql kind => WaitForSqlTask.LookAsync(kind, context, cancellationToken),
            TaskKind.WaitForHttp kind => WaitForHttpTask.LookAsync(kind, context, cancellationToken),
            TaskKind.WaitForMessage kind => WaitForMessageTask.LookAsync(kind, context, cancellationToken),
            TaskKind.WaitForDataset kind => WaitForDatasetTask.LookAsync(kind, context, cancellationToken),
            TaskKind.Approve kind => ApproveTask.LookAsync(kind, context, cancellationToken),
            TaskKind.Promote kind => PromoteTask.LookAsync(kind, context, cancellationToken),
            var working => throw new ArgumentException($"A task of kind {working.GetType().Name} does not wait.", nameof(context)),
        };
}
