using System.Collections.Immutable;
using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Expressions;
using Signalbox.Core.Retry;
using Signalbox.Core.Runs;
using Signalbox.Engine.Outputs;

namespace Signalbox.Engine.Attempts;

/// <summary>One attempt as its task kind sees it: which slice it is about, what it may read, where it may write.</summary>
public sealed record AttemptContext
{
    public required EngineParts Parts { get; init; }

    public required Pipeline Pipeline { get; init; }

    public required Run Run { get; init; }

    public required TaskNode Node { get; init; }

    public required TaskRun Task { get; init; }

    public required int Number { get; init; }

    public required long Token { get; init; }

    /// <summary>The attempt's name, which what it stages elsewhere is called by.</summary>
    public required AttemptKey Key { get; init; }

    /// <summary>The attempt's own folder, absolute.</summary>
    public required string Folder { get; init; }

    /// <summary>The names that templates see.</summary>
    public required IScope Scope { get; init; }

    public ImmutableArray<StagedOutput> Outputs { get; init; } = [];

    /// <summary>Input name to absolute path.</summary>
    public ImmutableSortedDictionary<string, string> Inputs { get; init; } =
        ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);

    /// <summary>As <see cref="Attempt.Gpus"/>.</summary>
    public string? Gpus { get; init; }

    /// <summary>Rejected rows that the run was started to take in again; null for any other run.</summary>
    public string? Rejected { get; init; }

    /// <summary>Why there is the backfill that the run is of; null for any other run.</summary>
    public string? BackfillReason { get; init; }

    /// <summary>Input name to a path of this machine, of inputs that lie elsewhere and were brought here.</summary>
    public ImmutableSortedDictionary<string, string> Fetched { get; init; } =
        ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);

    public string ReportFile(string name) => Path.Combine(Folder, name);

    /// <summary>The text of a template.</summary>
    /// <param name="field">Where it stands in the task, for the message: <c>run</c>, <c>outputs.raw</c>.</param>
    /// <exception cref="TaskRefused">The template asks for what is not there.</exception>
    public string Render(string template, string field) => Templates.Render(template, Scope, $"tasks.{Node.Name}.{field}");

    /// <summary>The absolute path that a template of a path relative to the project folder means.</summary>
    public string RenderPath(string template, string field) => Path.Combine(Parts.Project.Folder, Render(template, field));
}

/// <summary>The user's work cannot be begun, or has failed, for the reason given; becomes an event of the run.</summary>
public sealed class TaskRefused(Failure failure) : Exception(failure.Message)
{
    public Failure Failure => failure;

    public static TaskRefused Because(FailureClass kind, string message, string rule) => new(new Failure(kind, message, rule));
}
