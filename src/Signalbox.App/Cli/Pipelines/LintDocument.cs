using Signalbox.Core;
using Signalbox.Core.Lint;
using Signalbox.Engine.Linting;

namespace Signalbox.App.Cli;

/// <summary>What <c>lint --json</c> prints.</summary>
internal sealed record LintDocument(LintProblemDocument[] Problems, LintChecklistDocument[] Checklists);

/// <summary>One problem, as <c>validate --json</c> has it, with its task and how to mend it.</summary>
internal sealed record LintProblemDocument(
    string File,
    int Line,
    int Column,
    string Severity,
    string Code,
    string Message,
    string? Mend,
    string? Task
)
{
    public static LintProblemDocument Of(LintProblem found) =>
        new(
            found.Problem.File,
            found.Problem.Line,
            found.Problem.Column,
            Names.Of(found.Problem.Severity),
            found.Problem.Code,
            found.Problem.Message,
            found.Mend,
            found.Task
        );
}

/// <summary>The checklist of one pipeline.</summary>
internal sealed record LintChecklistDocument(string Pipeline, string File, LintItemDocument[] Items);

internal sealed record LintItemDocument(string Item, bool Passed, string Detail)
{
    public static LintItemDocument Of(ChecklistItem item) => new(item.Item, item.Passed, item.Detail);
}
