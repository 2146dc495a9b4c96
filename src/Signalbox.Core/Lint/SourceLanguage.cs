namespace Signalbox.Core.Lint;

/// <summary>The languages whose texts are looked through.</summary>
public enum SourceLanguage
{
    Shell,
    Python,
    Sql,
    CSharp,
}

/// <summary>Which language a file is written in, by the end of its name.</summary>
public static class SourceLanguages
{
    /// <summary>The language of a file; null for one that is not looked through.</summary>
    public static SourceLanguage? OfFile(string path) =>
        path[(path.LastIndexOf('.') + 1)..].ToLowerInvariant() switch
        {
            "sh" or "bash" => SourceLanguage.Shell,
            "py" => SourceLanguage.Python,
            "sql" => SourceLanguage.Sql,
            "cs" => SourceLanguage.CSharp,
            _ => null,
        };
}

/// <summary>A text that a task runs.</summary>
/// <param name="Task">The task.</param>
/// <param name="File">The file of the project it stands in, relative; null when it stands in the pipeline file.</param>
/// <param name="Field">The field that holds it or names its file, as in a <c>Diagnostic</c>: <c>tasks.features.run</c>.</param>
/// <param name="Language">What it is written in.</param>
/// <param name="Text">The text.</param>
public sealed record TaskSource(TaskName Task, string? File, string Field, SourceLanguage Language, string Text);
