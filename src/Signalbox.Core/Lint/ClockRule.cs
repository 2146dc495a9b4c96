using System.Text.RegularExpressions;

namespace Signalbox.Core.Lint;

/// <summary>Finds where a source asks what time it is: a result that depends on it cannot be made again.</summary>
internal static partial class ClockRule
{
    private const int Limit = 1000;

    public static IEnumerable<Hit> Find(CodeText source)
    {
        var (code, pattern) = source.Language switch
        {
            SourceLanguage.Python => (source.Code, Python()),
            SourceLanguage.Sql => (source.Code, Sql()),
            SourceLanguage.CSharp => (source.Code, CSharp()),
            _ => (source.Code, Shell()),
        };
        foreach (Match match in pattern.Matches(code))
        {
            var shown = source.Text.Substring(match.Index, match.Length).Trim();
            if (source.Language == SourceLanguage.Shell)
            {
                if (GivesDate(source.Text, match.Index + match.Length))
                {
                    continue;
                }

                shown = Command(source.Text, match.Index, shown);
            }

            shown += shown.EndsWith('(') ? ")" : "";
            yield return IsInPath(source, match.Index, match.Index + match.Length)
                ? new Hit(
                    LintCodes.WallClockPath,
                    match.Index,
                    $"the wall clock (`{shown}`) is in the path, so a rerun or a backfill writes to another place",
                    $"use the run date: {RunDate(source.Language)}"
                )
                : new Hit(
                    LintCodes.WallClock,
                    match.Index,
                    $"`{shown}` reads the wall clock, so a rerun or a backfill gives another result",
                    $"use the run date: {RunDate(source.Language)}{(IsStopwatch(shown) ? "; to measure a length of time there is time.monotonic()" : "")}"
                );
        }

        if (source.Language == SourceLanguage.Sql)
        {
            foreach (Match match in SqliteNow().Matches(source.Uncommented))
            {
                yield return new Hit(
                    LintCodes.WallClock,
                    match.Index,
                    $"`{match.Value}` reads the wall clock, so a rerun or a backfill gives another result",
                    $"use the run date: {RunDate(source.Language)}"
                );
            }
        }
    }

    private static string RunDate(SourceLanguage language) =>
        language switch
        {
            SourceLanguage.Python => $"os.environ[\"{TaskEnvironment.Ds}\"] or an argument, --date {{{{ ds }}}}",
            SourceLanguage.Sql => "{{ ds }}, or a value that the program binds",
            SourceLanguage.CSharp => $"Environment.GetEnvironmentVariable(\"{TaskEnvironment.Ds}\") or an argument, --date {{{{ ds }}}}",
            _ => $"{{{{ ds }}}} or ${TaskEnvironment.Ds}",
        };

    private static bool IsStopwatch(string shown) => shown.StartsWith("time.time", StringComparison.Ordinal);

    /// <summary><c>date -d TEXT</c> prints a date that it is given, unless that is told from today: <c>yesterday</c>, <c>-1 day</c>.</summary>
    private static bool GivesDate(string text, int after)
    {
        var end = text.AsSpan(after).IndexOfAny(")`\n;|");
        var arguments = end < 0 ? text[after..] : text.Substring(after, end);
        var given = Given().Match(arguments);
        return given.Success && !Relative().IsMatch(given.Groups["what"].Value);
    }

    /// <summary>The whole of <c>$(date +%F)</c>, for the message.</summary>
    private static string Command(string text, int start, string shown)
    {
        var close = text[start] switch
        {
            '$' => ')',
            '`' => '`',
            _ => '\0',
        };
        var end = close == '\0' ? -1 : text.IndexOf(close, start + 1);
        return end > 0 && end - start < 60 && !text.AsSpan(start, end - start).Contains('\n') ? text[start..(end + 1)] : shown;
    }

    private static bool IsInPath(CodeText source, int start, int end)
    {
        if (source.Language == SourceLanguage.Shell)
        {
            while (start > 0 && source.Text[start - 1] is not (' ' or '\t' or '\n' or ';' or '"' or '\'' or '>' or '<' or '('))
            {
                start--;
            }

            while (end < source.Text.Length && source.Text[end] is not (' ' or '\t' or '\n' or ';' or '"' or '\'' or '>' or '<' or ')'))
            {
                end++;
            }

            return source.Text.AsSpan(start, end - start).Contains('/');
        }

        var line = source.LineAround(start);
        foreach (var literal in source.Literals)
        {
            if (
                literal.Start <= line.End
                && literal.End >= line.Start
                && PathLike().IsMatch(source.Text.Substring(literal.Start, literal.Length))
            )
            {
                return true;
            }
        }

        return false;
    }

    [GeneratedRegex(
        @"\b((datetime|dt)\.(now|utcnow|today)\s*\(|date\.today\s*\(|time\.(time|time_ns)\s*\(|time\.(localtime|gmtime|ctime)\s*\(\s*\)|time\.strftime\s*\(\s*\)|Timestamp\.(now|utcnow|today)\s*\(|(pendulum|arrow)\.(now|utcnow|today)\s*\(|timezone\.now\s*\()",
        RegexOptions.ExplicitCapture,
        Limit
    )]
    private static partial Regex Python();

    [GeneratedRegex(
        @"(?<![\w.""])((current_date|current_timestamp|current_time|localtimestamp|localtime)(?![\w.""])|(now|today|sysdate|getdate|getutcdate|sysdatetime|clock_timestamp|transaction_timestamp|statement_timestamp|get_current_timestamp|get_current_time)\s*\(\s*\))",
        RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase,
        Limit
    )]
    private static partial Regex Sql();

    [GeneratedRegex(
        @"\b(date|datetime|time|julianday|unixepoch|strftime)\s*\((\s*'[^'\n]*'\s*,)?\s*'now'",
        RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase,
        Limit
    )]
    private static partial Regex SqliteNow();

    [GeneratedRegex(
        @"\bDateTime(Offset)?\.(Now|UtcNow|Today)\b|\bTimeProvider\.System\.Get(Utc|Local)Now\s*\(",
        RegexOptions.ExplicitCapture,
        Limit
    )]
    private static partial Regex CSharp();

    [GeneratedRegex(
        @"(\$\(|`)\s*(TZ=\S+\s+)?date\b|(?<=(^|[;&|]|\b(then|do|else)\s)[ \t]*)date(?=\s|$)|\$\{?EPOCH(SECONDS|REALTIME)\b|\b(datetime|dt)\.(now|utcnow|today)\s*\(|\bdate\.today\s*\(",
        RegexOptions.ExplicitCapture | RegexOptions.Multiline,
        Limit
    )]
    private static partial Regex Shell();

    [GeneratedRegex(@"\s(-\w*[dr]|--date|--reference|-j)[ =]?(?<what>.*)", RegexOptions.ExplicitCapture | RegexOptions.Singleline, Limit)]
    private static partial Regex Given();

    [GeneratedRegex(
        @"^\s*[""']?\s*(now|today|yesterday|tomorrow|last|next|[+-]?\s*\d{1,3}\s*(sec|min|hour|day|week|month|year))",
        RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase,
        Limit
    )]
    private static partial Regex Relative();

    [GeneratedRegex(
        @"\w/|/\w|\.(csv|parquet|json|jsonl|pkl|pickle|joblib|txt|tsv|avro|orc|onnx|pt|h5)\b",
        RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase,
        Limit
    )]
    private static partial Regex PathLike();
}
