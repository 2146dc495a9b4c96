using System.Globalization;
using Signalbox.Core;
using Signalbox.Core.Runs;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Signalbox.App.Cli;

/// <summary>Progress on a terminal: one table that redraws, with what needs attention first when there is more than fits.</summary>
internal sealed class LiveDisplay : IRunDisplay
{
    private const int MostRows = 20;

    private readonly AttemptLogs _logs;
    private readonly Thread _painter;
    private readonly Lock _changing = new();
    private readonly AutoResetEvent _changed = new(initialState: false);
    private RunPicture? _picture;
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
                bool closed;
                lock (_changing)
                {
                    picture = _picture;
                    closed = _closed;
                }

                if (picture is not null)
                {
                    live.UpdateTarget(Draw(picture));
                    live.Refresh();
                }

                if (closed)
                {
                    return;
                }
            }
        });
    }

    private IRenderable Draw(RunPicture picture)
    {
        var run = picture.Run;
        var table = new Table { Border = TableBorder.None, ShowHeaders = true };
        table.AddColumns(
            new TableColumn(new Markup("[dim]task[/]")) { NoWrap = true },
            new TableColumn(new Markup("[dim]state[/]")) { NoWrap = true },
            new TableColumn(new Markup("[dim]attempt[/]")) { NoWrap = true },
            new TableColumn(new Markup("[dim]time[/]")) { NoWrap = true, Alignment = Justify.Right },
            new TableColumn(new Markup("[dim]last words[/]")) { NoWrap = true }
        );
        var (shown, hidden) = Choose(picture);
        foreach (var task in shown)
        {
            AddRow(table, picture, task);
        }

        var spent = Brief.Between(run.StartedAt, run.EndedAt, picture.Now);
        var title =
            $"[bold]{Markup.Escape(run.Pipeline.Value)}[/] {Markup.Escape(Brief.Slice(run))}  run {run.Number}  {Coloured(Names.Of(run.State))}  {spent}";
        var rows = new List<IRenderable> { new Markup(title), table };
        if (hidden.Count > 0)
        {
            rows.Add(new Markup($"[dim]and {hidden.Count} more: {Brief.States(hidden)}[/]"));
        }

        return new Rows(rows);
    }

    /// <summary>All rows in the order of the file when they fit, else those that need attention or move.</summary>
    private static (List<TaskRun> Shown, List<TaskRun> Hidden) Choose(RunPicture picture)
    {
        // A mapped task is one row; its instances are shown while they run or when they failed.
        var rows = picture.Tasks.Where(task => !task.Key.IsInstance || Urgency(task) <= 3).ToList();
        if (rows.Count <= MostRows)
        {
            return (rows, []);
        }

        var chosen = rows.Select((task, place) => (task, place))
            .OrderBy(row => row.task.Key.IsInstance ? Urgency(row.task) + 1 : Urgency(row.task))
            .ThenBy(row => row.place)
            .Take(MostRows)
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

    private void AddRow(Table table, RunPicture picture, TaskRun task)
    {
        var name = task.Key.IsInstance ? $"  {RunPicture.Title(task)}" : task.Key.Task.Value;
        var state = Coloured(Names.Of(task.State));
        if (task.MapCount is > 0 and var count)
        {
            var ended = picture.Tasks.Count(each => each.Key.Task == task.Key.Task && each.Key.IsInstance && each.State.IsEnd());
            state += $" {ended}/{count}";
        }

        table.AddRow(
            new Markup(Markup.Escape(name)),
            new Markup(state),
            new Markup(picture.MaxAttempts(task.Key) > 1 || task.TryNumber > 1 ? Markup.Escape(picture.Attempts(task)) : ""),
            new Markup(Brief.Between(task.StartedAt, task.EndedAt, picture.Now)),
            new Text(Words(picture, task), new Style(decoration: Decoration.Dim)) { Overflow = Overflow.Ellipsis }
        );
    }

    private string Words(RunPicture picture, TaskRun task) =>
        task.State switch
        {
            TaskState.UpForRetry when task.DueAt is { } due =>
                $"next attempt in {Countdown(due, picture.Now)}: {task.Failure?.Message ?? task.Reason}",
            TaskState.UpForReschedule when task.DueAt is { } due => $"looks again in {Countdown(due, picture.Now)}: {task.Reason}",
            TaskState.Running when !task.IsExpanded => _logs.LastLine(picture, task) ?? "",
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

    private static string Coloured(string state) =>
        state switch
        {
            "success" => "[green]success[/]",
            "failed" or "upstream_failed" or "blocked" => $"[red]{state}[/]",
            "running" => "[blue]running[/]",
            "up_for_retry" or "up_for_reschedule" => $"[yellow]{state}[/]",
            _ => $"[dim]{state}[/]",
        };
}
