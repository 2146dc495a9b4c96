using System.Globalization;
using Signalbox.Core;
using Signalbox.Core.Reuse;
using Signalbox.Core.Runs;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Signalbox.App.Cli;

/// <summary>Progress on a terminal: one table that redraws, with what needs attention first when there is more than fits.</summary>
internal sealed class LiveDisplay : IRunDisplay
{
    private const int MostRows = 20;

    // The title, the heads of the columns, what is not shown, what is said, and the line of the cursor.
    private const int LinesBesideRows = 5;

    private readonly AttemptLogs _logs;
    private readonly Thread _painter;
    private readonly Lock _changing = new();
    private readonly AutoResetEvent _changed = new(initialState: false);
    private RunPicture? _picture;
    private string? _said;
    private bool _closed;

    public LiveDisplay(AttemptLogs logs)
    {
        _logs = logs;
        // Spectre's live display owns its thread from the first drawing to the last.
        _painter = new Thread(Paint) { IsBackground = true, Name = "display" };
        _painter.Start();
    }

    public bool Ticks => true;

    public void Show(RunPicture picture)
    {
        lock (_changing)
        {
            _picture = picture;
        }

        _changed.Set();
    }

    public void Say(string line)
    {
        lock (_changing)
        {
            _said = line;
        }

        _changed.Set();
    }

    public void Dispose()
    {
        lock (_changing)
        {
            _closed = true;
        }

        _changed.Set();
        _painter.Join();
        _changed.Dispose();
    }

    private void Paint()
    {
        var display = AnsiConsole.Live(new Text("")).Overflow(VerticalOverflow.Crop).Cropping(VerticalOverflowCropping.Bottom);
        display.Start(live =>
        {
            while (true)
            {
                _changed.WaitOne();
                RunPicture? picture;
                string? said;
                bool closed;
                lock (_changing)
                {
                    picture = _picture;
                    said = _said;
                    closed = _closed;
                }

                if (picture is not null)
                {
                    live.UpdateTarget(Draw(picture, closed ? null : said));
                    live.Refresh();
                }

                if (closed)
                {
                    return;
                }
            }
        });
    }

    private IRenderable Draw(RunPicture picture, string? said)
    {
        var run = picture.Run;
        var (shown, hidden) = Choose(picture, Math.Clamp(AnsiConsole.Profile.Height - LinesBesideRows, 3, MostRows));
        var cells = shown.Select(task => Cells(picture, task)).ToList();
        var spent = Brief.Between(run.StartedAt, run.EndedAt, picture.Now);
        var title =
            $"[bold]{Markup.Escape(run.Pipeline.Value)}[/] {Markup.Escape(Brief.Slice(run))}  run {run.Number}  {Coloured(Names.Of(run.State))}  {spent}";
        var rows = new List<IRenderable> { new Markup(title), LiveTable.Of(cells, AnsiConsole.Profile.Width) };
        if (hidden.Count > 0)
        {
            rows.Add(new Markup($"[dim]and {hidden.Count} more: {Brief.States(hidden)}[/]"));
        }

        if (run.RetryAt is { } retry)
        {
            rows.Add(new Markup($"[dim]in {Countdown(retry, picture.Now)}: {Markup.Escape(run.Reason ?? "")}[/]"));
        }

        if (said is not null)
        {
            rows.Add(new Markup($"[yellow]{Markup.Escape(said)}[/]"));
        }

        return new Rows(rows);
    }

    /// <summary>All rows in the order of the file when they fit, else those that need attention or move.</summary>
    private static (List<TaskRun> Shown, List<TaskRun> Hidden) Choose(RunPicture picture, int most)
    {
        // A mapped task is one row; its instances are shown while they run or when they failed.
        var rows = picture.Tasks.Where(task => !task.Key.IsInstance || Urgency(task) <= 3).ToList();
        if (rows.Count <= most)
        {
            return (rows, []);
        }

        var chosen = rows.Select((task, place) => (task, place))
            .OrderBy(row => row.task.Key.IsInstance ? Urgency(row.task) + 1 : Urgency(row.task))
            .ThenBy(row => row.place)
            .Take(most)
            .OrderBy(row => row.place)
            .Select(row => row.task)
            .ToList();
        return (chosen, [.. rows.Except(chosen)]);
    }

    private static int Urgency(TaskRun task) =>
        task.State switch
        {
            TaskState.Failed => 0,
            TaskState.Running or TaskState.Queued => 1,
            TaskState.UpForRetry => 2,
            TaskState.Blocked => 3,
            TaskState.UpForReschedule => 4,
            TaskState.Scheduled => 5,
            TaskState.None => 6,
            _ => 7,
        };

    private LiveRow Cells(RunPicture picture, TaskRun task)
    {
        var state = Names.Of(task.State);
        var progress = "";
        if (task.MapCount is > 0 and var count)
        {
            var ended = picture.Tasks.Count(each => each.Key.Task == task.Key.Task && each.Key.IsInstance && each.State.IsEnd());
            progress = $" {ended}/{count}";
        }

        return new LiveRow(
            task.Key.IsInstance ? $"  {RunPicture.Title(task)}" : task.Key.Task.Value,
            state,
            progress,
            picture.MaxAttempts(task.Key) > 1 || task.TryNumber > 1 ? picture.Attempts(task) : "",
            Brief.Between(task.StartedAt, task.EndedAt, picture.Now),
            Words(picture, task)
        );
    }

    private string Words(RunPicture picture, TaskRun task) =>
        task.State switch
        {
            TaskState.UpForRetry when task.DueAt is { } due =>
                $"next attempt in {Countdown(due, picture.Now)}: {task.Failure?.Message ?? task.Reason}",
            TaskState.UpForReschedule when task.DueAt is { } due => $"looks again in {Countdown(due, picture.Now)}: {task.Reason}",
            TaskState.Running when !task.IsExpanded => _logs.LastLine(picture, task) ?? "",
            TaskState.Success when CheckLines.NoteOf(task) is { } note => note,
            TaskState.Success when ReuseNote.Is(task.Reason) => task.Reason!,
            TaskState.Success when !task.IsExpanded => task.TryNumber > 0 ? _logs.LastLine(picture, task) ?? "" : task.Reason ?? "",
            _ => task.Reason ?? "",
        };

    private static string Countdown(DateTimeOffset due, DateTimeOffset now) =>
        due > now
            ? (
                due - now < TimeSpan.FromMinutes(1)
                    ? string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling((due - now).TotalSeconds)}s")
                    : Brief.Of(due - now)
            )
            : "0s";

    /// <summary>A state in its colour, as markup.</summary>
    public static string Coloured(string state) =>
        state switch
        {
            "success" => "[green]success[/]",
            "failed" or "upstream_failed" or "blocked" => $"[red]{state}[/]",
            "running" => "[blue]running[/]",
            "up_for_retry" or "up_for_reschedule" => $"[yellow]{state}[/]",
            _ => $"[dim]{state}[/]",
        };
}
