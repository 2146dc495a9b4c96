using System.Collections.Immutable;
using Signalbox.Core.Lint;
using Signalbox.Engine.PipelineFiles;

namespace Signalbox.Engine.Linting;

/// <summary>A warning, or a mistake, at its place.</summary>
/// <param name="Problem">Where it is and what is wrong.</param>
/// <param name="Task">The task it is about; null where that is not told.</param>
/// <param name="Mend">How to mend it; null where the message says so itself.</param>
public sealed record LintProblem(Problem Problem, string? Task, string? Mend)
{
    /// <summary>As <see cref="Problem"/> prints itself, with how to mend it, and the code that a line can allow.</summary>
    public override string ToString() => $"{Problem}{(Mend is null ? "" : $"; {Mend}")} ({Problem.Code})";
}

/// <summary>What was seen of one pipeline file.</summary>
/// <param name="Problems">In the order of their places, the pipeline file first.</param>
/// <param name="Checklist">Empty when the file has mistakes.</param>
public sealed record LintReport(ImmutableArray<LintProblem> Problems, ImmutableArray<ChecklistItem> Checklist);
