using System.Text;
using Signalbox.Core;
using Signalbox.Core.Runs;

namespace Signalbox.App.Cli;

/// <summary>Aligned columns, the same on a terminal and in a pipe: nothing is cut and nothing is drawn around it.</summary>
internal static class TextTable
{
    public static void Write(TextWriter output, string[] head, IReadOnlyList<string[]> rows)
    {
        var widths = head.Select(cell => cell.Length).ToArray();
        foreach (var row in rows)
        {
            for (var i = 0; i < row.Length; i++)
            {
                widths[i] = Math.Max(widths[i], row[i].Length);
            }
        }

        output.WriteLine(Line(head, widths));
        foreach (var row in rows)
        {
            output.WriteLine(Line(row, widths));
        }
    }

    private static string Line(string[] cells, int[] widths)
    {
        var line = new StringBuilder();
        for (var i = 0; i < cells.Length; i++)
        {
            line.Append(cells[i]).Append(' ', widths[i] - cells[i].Length + 2);
        }

        return line.ToString().TrimEnd();
    }
}

/// <summary>Lengths of time and counts, short, for people.</summary>
internal static class Brief
{
    public static string Of(TimeSpan span) =>
        span < TimeSpan.FromMinutes(1) ? $"{span.TotalSeconds:0.0}s"
        : span < TimeSpan.FromHours(1) ? $"{span.Minutes}m{span.Seconds:00}s"
        : span < TimeSpan.FromDays(1) ? $"{span.Hours}h{span.Minutes:00}m"
        : $"{span.Days}d{span.Hours:00}h";

    /// <summary>From a start to an end, or to now; empty when there is no start.</summary>
    public static string Between(DateTimeOffset? start, DateTimeOffset? end, DateTimeOffset now) =>
        start is { } from ? Of((end ?? now) is var to && to > from ? to - from : TimeSpan.Zero) : "";

    public static string Count(long number, string one) => number == 1 ? $"1 {one}" : $"{number} {one}s";

    /// <summary>E.g. <c>7 success, 1 failed</c>, in the order of the states' names in the product.</summary>
    public static string States(IEnumerable<TaskRun> tasks) =>
        string.Join(
            ", ",
            tasks.GroupBy(task => task.State).OrderBy(group => group.Key).Select(group => $"{group.Count()} {Names.Of(group.Key)}")
        );

    /// <summary>What is said of a slice: its partition where it has one, else its logical date.</summary>
    public static string Slice(Run run) => run.Partition.Length > 0 ? run.Partition : InstantText.Utc(run.LogicalDate);
}
