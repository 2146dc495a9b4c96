using System.Globalization;
using Signalbox.Core;
using Signalbox.Core.Runs;
using Signalbox.Storage;

namespace Signalbox.App.Cli;

/// <summary>
/// How people name a run: its number, its run id, <c>PIPELINE/RUN_ID</c> where several pipelines have that id, or <c>last</c>.
/// </summary>
internal static class RunReference
{
    public const string Help = "The number of a run, its run id, PIPELINE/RUN_ID, or `last`";

    /// <summary>A task of a run: <c>TASK</c>, or <c>TASK[3]</c> for an instance of a mapped task.</summary>
    public const string TaskHelp = "A task, or TASK[3] for an instance of a mapped one";

    /// <exception cref="UserMistakeException">There is no such run, or there are several.</exception>
    public static Run Find(ReadSession session, string text)
    {
        if (text == "last")
        {
            return session.Runs(new RunFilter(Limit: 1)) is [var last] ? last : throw new UserMistakeException("there is no run yet");
        }

        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return session.Run(new RunNumber(number))
                ?? throw new UserMistakeException($"there is no run {number}; `signalbox runs` lists them");
        }

        var slash = text.IndexOf('/', StringComparison.Ordinal);
        if (slash > 0 && session.Run(new PipelineName(text[..slash]), new RunId(text[(slash + 1)..])) is { } exact)
        {
            return exact;
        }

        var found = session.RunsNamed(new RunId(text));
        return found switch
        {
            [var one] => one,
            [] => throw new UserMistakeException($"there is no run `{text}`; `signalbox runs` lists them"),
            _ => throw new UserMistakeException(
                $"several pipelines have a run `{text}`; write {string.Join(" or ", found.Select(run => $"{run.Pipeline}/{text}"))}"
            ),
        };
    }

    /// <exception cref="UserMistakeException">The run has no such task.</exception>
    public static TaskKey Task(IReadOnlyCollection<TaskRun> tasks, Run run, string text)
    {
        var key = TaskKey.Parse(text);
        if (tasks.Any(task => task.Key == key))
        {
            return key;
        }

        var names = tasks.Select(task => task.Key.Task.Value).Distinct().ToList();
        if (names.Contains(key.Task.Value))
        {
            var count = tasks.Count(task => task.Key.Task == key.Task && task.Key.IsInstance);
            throw new UserMistakeException(
                count == 0
                    ? $"run {run.Number}: {key.Task} has no instances"
                    : $"run {run.Number}: {key.Task} has {Brief.Count(count, "instance")}, from {key.Task}[0] to {key.Task}[{count - 1}]"
            );
        }

        var advice = Suggestion.DidYouMean(key.Task.Value, names);
        throw new UserMistakeException(
            $"run {run.Number} has no task `{key.Task}`{(advice.Length > 0 ? advice : $"; it has {string.Join(", ", names.Take(20))}")}"
        );
    }
}
