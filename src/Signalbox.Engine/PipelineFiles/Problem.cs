using Signalbox.Core.Definitions;

namespace Signalbox.Engine.PipelineFiles;

/// <summary>A mistake, or a warning, at a place of a file.</summary>
/// <param name="File">The path as it was given to the reader.</param>
/// <param name="Line">1 for the first line. Lines end with LF, CR LF or CR.</param>
/// <param name="Column">1 for the first character, counted in UTF-16 code units as editors do; a tab counts one.</param>
/// <param name="Severity">An error refuses the file; a warning is shown.</param>
/// <param name="Code">A stable name in kebab-case.</param>
/// <param name="Message">What is wrong and how to mend it, without a full stop at the end.</param>
public sealed record Problem(string File, int Line, int Column, Severity Severity, string Code, string Message)
{
    /// <summary><c>file:line:column: message</c>, which editors and terminals turn into a link.</summary>
    public override string ToString() =>
        Severity == Severity.Warning ? $"{File}:{Line}:{Column}: warning: {Message}" : $"{File}:{Line}:{Column}: {Message}";
}
