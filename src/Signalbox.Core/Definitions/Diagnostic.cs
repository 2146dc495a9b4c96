namespace Signalbox.Core.Definitions;

/// <summary>A mistake, or a warning, in a definition. Found all at once, returned, never thrown.</summary>
/// <param name="Code">A stable name in kebab-case, e.g. <c>unknown-task</c>.</param>
/// <param name="Severity">Errors refuse the definition; warnings are shown.</param>
/// <param name="Path">
/// The field, from the root: keys joined by dots, positions in brackets, e.g. <c>tasks.features.needs[1]</c>. The front end knows at
/// which line and column it stands.
/// </param>
/// <param name="Message">What is wrong and how to mend it, a sentence without a full stop at the end.</param>
/// <param name="Offset">Characters into the field's text, for a mistake inside a template or an expression.</param>
public sealed record Diagnostic(string Code, Severity Severity, string Path, string Message, int Offset = 0);

public enum Severity
{
    Error,
    Warning,
}
