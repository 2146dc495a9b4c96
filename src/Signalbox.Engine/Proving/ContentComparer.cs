using System.Collections.Immutable;
using System.Text;
using System.Text.RegularExpressions;
using Signalbox.Core.Definitions;
using Signalbox.Core.Proving;
using Signalbox.DuckDb.Work;
using Signalbox.Engine.Outputs;
using Signalbox.Engine.Processes;

namespace Signalbox.Engine.Proving;

/// <summary>Compares two files or folders: by their bytes, and where these differ by their rows, which DuckDB reads in a child process, or lines.</summary>
/// <param name="worker">The program's own command for work in a child process.</param>
/// <param name="folder">A folder of its own for requests and what DuckDB spills; made when it is needed.</param>
public sealed partial class ContentComparer(ImmutableArray<string> worker, string folder)
{
    // A longer text is looked at as bytes.
    private const long MostText = 64L << 20;
    private const int MostLines = 10;
    private const int LongestLine = 300;

    private int _asked;

    /// <summary>Compares what two runs left.</summary>
    /// <param name="first">A path; null when there is nothing.</param>
    /// <param name="second">A path; null when there is nothing.</param>
    /// <param name="counts">What counts; null: every byte.</param>
    /// <param name="known">What is known of the task beside: its lint, the shift of the clock.</param>
    public async Task<ComparedOutput> CompareAsync(
        string? task,
        string output,
        string path,
        string? first,
        string? second,
        IdempotencySpec? counts,
        Sighted known,
        CancellationToken cancellationToken
    )
    {
        var (one, other) = (Seen(first), Seen(second));
        var result = new ComparedOutput(task, output, path, one, other, Same: true, "", null, null, null, []);
        if (one is null || other is null)
        {
            return one is null && other is null
                ? result with
                {
                    Message = "neither run left it",
                }
                : Different(result, known with { InFirst = one is not null, InSecond = other is not null });
        }

        if (one.Sha256 == other.Sha256)
        {
            return result with { Message = $"the same after both runs ({Size(one)})" };
        }

        if (DataSource.Find(first!, out _) is not null && DataSource.Find(second!, out _) is not null)
        {
            var rows = await AskAsync(first!, second!, counts, cancellationToken);
            if (Doubled(first!, second!) is { } once)
            {
                return Different(
                    result with
                    {
                        First = one with { Rows = once },
                        Second = other with { Rows = 2 * once },
                        // Without a head its columns are not what the reader took them for.
                        Rows = rows with
                        {
                            Columns = [],
                            Samples = [],
                        },
                    },
                    known with
                    {
                        FirstRows = once,
                        SecondRows = 2 * once,
                        Continues = true,
                    }
                );
            }

            if (rows.First.Error is null && rows.Second.Error is null)
            {
                return ByRows(result, rows, counts, known);
            }
        }

        return ByLines(result, first!, second!, known);
    }

    private ComparedOutput ByRows(ComparedOutput result, CompareResponse rows, IdempotencySpec? counts, Sighted known)
    {
        result = result with
        {
            First = result.First! with { Rows = rows.First.Rows },
            Second = result.Second! with { Rows = rows.Second.Rows },
            Rows = rows,
        };
        var schema = rows.Columns.Any(column => column.First is null || column.Second is null || column.First.Type != column.Second.Type);
        var sameRows = rows is { OnlyFirst: 0, OnlySecond: 0 } && !schema;
        if (sameRows && (rows.SameOrder ? counts is not null : counts is { AnyOrder: true }))
        {
            return result with { Message = $"the same rows after both runs, by what counts ({rows.First.Rows} rows)" };
        }

        return Different(
            result,
            known with
            {
                FirstRows = rows.First.Rows,
                SecondRows = rows.Second.Rows,
                OnlyFirst = schema ? null : rows.OnlyFirst,
                OnlySecond = schema ? null : rows.OnlySecond,
                SameOrder = rows.SameOrder,
                DifferingColumns = [.. rows.Columns.Where(column => column.Differs).Select(column => column.Name)],
                TimeColumns = [.. rows.Columns.Where(column => column.IsTime).Select(column => (column.Name, column.ShiftSeconds ?? 0))],
            }
        );
    }

    /// <summary>
    /// The rows of a text of rows that the second has twice, byte for byte; null where it is not so. A first line with a number in it is a
    /// row and no head, which the reader of data files cannot know.
    /// </summary>
    private static long? Doubled(string first, string second)
    {
        if (Lines(first) is not { Length: > 0 } one || Lines(second) is not { } other || other.Length != 2 * one.Length)
        {
            return null;
        }

        var twice = other.AsSpan(0, one.Length).SequenceEqual(one) && other.AsSpan(one.Length).SequenceEqual(one);
        var hasHead = !one[0].StartsWith('{') && !one[0].Split(',', '\t', ';').Any(cell => double.TryParse(cell, out _));
        return twice ? one.Length - (hasHead ? 1 : 0) : null;
    }

    private static ComparedOutput ByLines(ComparedOutput result, string first, string second, Sighted known)
    {
        if (Lines(first) is not { } one || Lines(second) is not { } other)
        {
            return Different(result, known);
        }

        var differing = new List<string>();
        var looksLikeTime = one.Length == other.Length;
        for (var i = 0; i < Math.Max(one.Length, other.Length) && (looksLikeTime || differing.Count < MostLines); i++)
        {
            var (a, b) = (i < one.Length ? one[i] : null, i < other.Length ? other[i] : null);
            if (a != b)
            {
                looksLikeTime &= a is not null && b is not null && TimesMasked(a) == TimesMasked(b);
                if (differing.Count < MostLines)
                {
                    differing.Add($"line {i + 1}: {Shown(a)} after the first run, {Shown(b)} after the second");
                }
            }
        }

        var sorted = one.Length == other.Length && one.Order(StringComparer.Ordinal).SequenceEqual(other.Order(StringComparer.Ordinal));
        return Different(
            result with
            {
                First = result.First! with { Rows = one.Length },
                Second = result.Second! with { Rows = other.Length },
                Lines = [.. differing],
            },
            known with
            {
                FirstRows = one.Length,
                SecondRows = other.Length,
                OnlyFirst = sorted ? 0 : null,
                OnlySecond = sorted ? 0 : null,
                SameOrder = !sorted,
                Continues = other.Length > one.Length && other.AsSpan(0, one.Length).SequenceEqual(one),
                LooksLikeTime = looksLikeTime && differing.Count > 0,
            }
        );
    }

    private static ComparedOutput Different(ComparedOutput result, Sighted seen)
    {
        var cause = CauseFinder.Find(seen);
        return result with { Same = false, Message = Sentence(result, seen), Cause = cause?.Cause, Evidence = cause?.Evidence };
    }

    private static string Sentence(ComparedOutput result, Sighted seen)
    {
        const string Beginning = "Task is not idempotent: ";
        if (!seen.InFirst || !seen.InSecond)
        {
            return $"{Beginning}it is there after the {(seen.InFirst ? "first" : "second")} run and not after the {(seen.InFirst ? "second" : "first")}";
        }

        var what = result.Rows is null ? "lines" : "rows";
        if (seen.FirstRows != seen.SecondRows)
        {
            return $"{Beginning}{seen.FirstRows} {what} after first run, {seen.SecondRows} after second";
        }

        return seen.FirstRows is null
                ? $"{Beginning}{result.First!.Bytes} bytes after first run, {result.Second!.Bytes} other bytes after second"
            : seen is { OnlyFirst: 0, OnlySecond: 0 }
                ? seen.SameOrder ? $"{Beginning}the same {seen.FirstRows} {what} after both runs, in other bytes"
                    : $"{Beginning}the same {seen.FirstRows} {what} after both runs, in another order"
            : seen.OnlyFirst is { } differ ? $"{Beginning}{seen.FirstRows} {what} after both runs, {differ} of them differ"
            : result.Rows is not null ? $"{Beginning}{seen.FirstRows} {what} after both runs, in other columns"
            : $"{Beginning}{seen.FirstRows} {what} after both runs, not the same";
    }

    private async Task<CompareResponse> AskAsync(string first, string second, IdempotencySpec? counts, CancellationToken cancellationToken)
    {
        var number = Interlocked.Increment(ref _asked);
        var request = new CompareRequest
        {
            First = first,
            Second = second,
            Ignore = counts?.Ignore ?? [],
            Tolerance = counts?.Tolerance ?? new IdempotencySpec().Tolerance,
        };
        try
        {
            return (CompareResponse)
                await WorkerCall.AskAsync(worker, Path.Combine(folder, $"compare-{number}"), request, cancellationToken);
        }
        catch (IOException problem)
        {
            throw new IOException($"the rows of {first} and {second} cannot be compared: {problem.Message}", problem);
        }
    }

    private static ContentSeen? Seen(string? path)
    {
        if (path is null || !Path.Exists(path))
        {
            return null;
        }

        var content = ContentHash.Of(path);
        return new ContentSeen(content.Sha256, content.Bytes, Rows: null);
    }

    private static string Size(ContentSeen seen) => seen.Rows is { } rows ? $"{rows} rows" : $"{seen.Bytes} bytes";

    /// <summary>The lines of a text; null when it is none, or a folder, or too long.</summary>
    private static string[]? Lines(string path)
    {
        if (!File.Exists(path) || new FileInfo(path).Length > MostText)
        {
            return null;
        }

        try
        {
            var text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(File.ReadAllBytes(path));
            var lines = text.Split('\n');
            return text.Contains('\0') ? null
                : lines[^1].Length == 0 ? lines[..^1]
                : lines;
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    private static string Shown(string? line) =>
        line is null ? "nothing" : $"`{(line.Length > LongestLine ? line[..LongestLine] + "…" : line)}`";

    /// <summary>A line with its dates and times made the same.</summary>
    private static string TimesMasked(string line) => Times().Replace(line, "T");

    [GeneratedRegex(
        @"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}([.,]\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?|\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?|\b1\d{9}(\d{3})?(\.\d+)?\b|\b20\d{6}\b",
        RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking
    )]
    private static partial Regex Times();
}
