using System.Collections.Immutable;
using System.Text;
using Signalbox.Core;
using Signalbox.Core.Time;
using Signalbox.Engine.PipelineFiles;
using Signalbox.Engine.Projects;

namespace Signalbox.Engine.Calendars;

/// <summary>A calendar that was looked for.</summary>
/// <param name="Calendar">Its days; null when there is a problem.</param>
/// <param name="Problem">What is wrong and how to mend it; null when there is none.</param>
/// <param name="Files">The full paths of the files that it was read from, or would be.</param>
public sealed record FoundCalendar(BusinessCalendar? Calendar, string? Problem, ImmutableArray<string> Files);

/// <summary>The calendars of a project: those that it declares, and files by their path.</summary>
/// <param name="folder">The project folder, full path.</param>
/// <param name="declared">By name.</param>
public sealed class CalendarShelf(string folder, IReadOnlyDictionary<string, CalendarSource> declared)
{
    /// <summary>Finds a calendar by its name, or by the path of its file.</summary>
    public FoundCalendar Find(string nameOrPath)
    {
        if (declared.TryGetValue(nameOrPath, out var source))
        {
            return Read(source);
        }

        if (nameOrPath.Contains('/') || nameOrPath.Contains('.'))
        {
            return Read(new CalendarSource([], Without: null, nameOrPath));
        }

        var near = Suggestion.DidYouMean(nameOrPath, declared.Keys);
        return new FoundCalendar(
            null,
            $"unknown calendar `{nameOrPath}`"
                + (
                    near.Length > 0 ? near
                    : declared.Count > 0 ? $"; known are {string.Join(", ", declared.Keys.Select(name => $"`{name}`"))}"
                    : $"; declare it in {Project.FileName}: calendars: {{ {nameOrPath}: calendars/{nameOrPath}.txt }}, or write the path of its file"
                ),
            []
        );
    }

    private FoundCalendar Read(CalendarSource source)
    {
        var without = Days(source.Without, out var first);
        var dates = Days(source.Dates, out var second);
        string[] files = [.. new[] { source.Without, source.Dates }.OfType<string>().Select(path => Path.Combine(folder, path))];
        return (first ?? second) is { } problem
            ? new FoundCalendar(null, problem, [.. files])
            : new FoundCalendar(new BusinessCalendar(source.Weekdays, without, dates), null, [.. files]);
    }

    private ImmutableArray<DateOnly> Days(string? path, out string? problem)
    {
        problem = null;
        if (path is null)
        {
            return [];
        }

        try
        {
            var parsed = CalendarText.Parse(Encoding.UTF8.GetString(PipelineFile.Load(Path.Combine(folder, path))));
            problem = parsed.Errors is [var error, ..]
                ? $"{path}:{error.Line}: {error.Message}{(parsed.Errors.Length > 1 ? $" (and {parsed.Errors.Length - 1} more)" : "")}"
                : null;
            return parsed.Days;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            problem = $"there is no calendar file {path} in the project";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problem = $"the calendar file {path} cannot be read: {e.Message.TrimEnd('.')}";
        }

        return [];
    }
}
