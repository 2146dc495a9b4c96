using Spectre.Console;
using Spectre.Console.Rendering;

namespace Signalbox.App.Cli;

/// <summary>One line of the live display, as plain text.</summary>
/// <param name="Progress">What stands behind the state: how many instances have ended.</param>
/// <param name="Words">The last line of its log, or why it stands where it stands.</param>
internal sealed record LiveRow(string Task, string State, string Progress, string Attempt, string Time, string Words);

/// <summary>
/// The table of the live display: one line a task whatever the width, for a line that wraps would push others off the screen. Long names lose
/// their middle, because what tells them apart stands at an end; the last words get the room that is left.
/// </summary>
internal static class LiveTable
{
    private const int Gap = 2;
    private const int LeastName = 8;

    private static readonly LiveRow Head = new("task", "state", "", "attempt", "time", "last words");

    public static IRenderable Of(IReadOnlyList<LiveRow> rows, int width)
    {
        var hasAttempts = rows.Any(row => row.Attempt.Length > 0);
        int Widest(Func<LiveRow, string> text) => rows.Append(Head).Max(row => Cells(text(row)));
        var state = Widest(row => row.State + row.Progress);
        var attempt = hasAttempts ? Widest(row => row.Attempt) + Gap : 0;
        var time = Widest(row => row.Time);
        // The last column of a terminal stays free: some wrap when it is written.
        var left = width - 1 - state - attempt - time - (3 * Gap);
        var name = Math.Min(Widest(row => row.Task), Math.Max(LeastName, left * 3 / 5));
        var words = Math.Max(0, left - name);
        return new Rows(rows.Prepend(Head).Select(Line));

        Markup Line(LiveRow row)
        {
            var isHead = ReferenceEquals(row, Head);
            var shownState = isHead ? "state" : LiveDisplay.Coloured(row.State) + row.Progress;
            var line =
                Padded(WithoutMiddle(row.Task, name), name + Gap)
                + shownState
                + new string(' ', state + Gap - Cells(row.State + row.Progress))
                + (hasAttempts ? Padded(row.Attempt, attempt) : "")
                + new string(' ', time - Cells(row.Time))
                + row.Time
                + new string(' ', Gap)
                + $"[dim]{Markup.Escape(Cut(row.Words, words))}[/]";
            return new Markup(isHead ? $"[dim]{line}[/]" : line);
        }
    }

    private static string Padded(string text, int width) => Markup.Escape(text) + new string(' ', Math.Max(0, width - Cells(text)));

    private static string Cut(string text, int width) =>
        Cells(text) <= width ? text
        : width <= 1 ? ""
        : Start(text, width - 1) + "…";

    private static string WithoutMiddle(string text, int width)
    {
        if (Cells(text) <= width)
        {
            return text;
        }

        // Of names that end in numbers, the number.
        var end = text[^Math.Min(text.Length, width / 3)..];
        return Cut(Start(text, width - 1 - Cells(end)) + "…" + end, width);
    }

    private static string Start(string text, int width) => Segment.Truncate(new Segment(text), Math.Max(0, width))?.Text ?? "";

    private static int Cells(string text) => new Segment(text).CellCount();
}
