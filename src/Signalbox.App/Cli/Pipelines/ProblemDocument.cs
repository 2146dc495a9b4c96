using Signalbox.Core;
using Signalbox.Engine.PipelineFiles;

namespace Signalbox.App.Cli;

/// <summary>One mistake in the list of <c>validate --json</c>.</summary>
internal sealed record ProblemDocument(string File, int Line, int Column, string Severity, string Code, string Message)
{
    public static ProblemDocument Of(Problem problem) =>
        new(problem.File, problem.Line, problem.Column, Names.Of(problem.Severity), problem.Code, problem.Message);
}
