using Signalbox.Core.Definitions;

namespace Signalbox.Core.Checks;

/// <summary>Where rows go that a check with <see cref="CheckSeverity.Quarantine"/> rejects.</summary>
public static class Rejects
{
    /// <summary>The folder of all rejected rows for which no check names another.</summary>
    public const string DefaultFolder = ".signalbox/rejected";

    /// <summary>Whether rows of the output may be rejected.</summary>
    public static bool HasQuarantine(this OutputSpec output) => output.Checks.Any(check => check.Severity == CheckSeverity.Quarantine);

    /// <summary>The template of the folder in which the output's rejected rows are kept. All checks of an output have the same.</summary>
    public static string QuarantineFolder(this OutputSpec output) =>
        output.Checks.Select(check => check.QuarantineFolder).FirstOrDefault(folder => folder is not null) ?? DefaultFolder;

    /// <summary>
    /// The file of an output's rejected rows, relative to the project folder. It goes by the slice and not by the run: what a later run
    /// for the same date rejects takes the place of what an earlier one did, as its output does.
    /// </summary>
    /// <param name="folder">The rendered folder.</param>
    /// <param name="slice">The partition, or the logical date where there is none.</param>
    /// <param name="task">Also which instance of a mapped task.</param>
    public static string PathOf(string folder, PipelineName pipeline, TaskKey task, string output, string slice)
    {
        var instance = task.IsInstance ? $"-{task.MapIndex}" : "";
        return $"{folder.TrimEnd('/')}/{pipeline}/{task.Task}/{output}/{Safe(slice)}{instance}.parquet";
    }

    private static string Safe(string text) =>
        string.Create(
            text.Length,
            text,
            static (span, from) =>
            {
                for (var i = 0; i < span.Length; i++)
                {
                    span[i] = char.IsAsciiLetterOrDigit(from[i]) || from[i] is '-' or '_' or '.' or '=' ? from[i] : '_';
                }
            }
        );
}
