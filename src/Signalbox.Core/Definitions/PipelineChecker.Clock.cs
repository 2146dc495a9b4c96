using Signalbox.Core.Expressions;

namespace Signalbox.Core.Definitions;

public sealed partial class PipelineChecker
{
    /// <summary>Ways to ask what time it is, of shells, Python and SQL. Those that end in a letter must end a word there.</summary>
    private static readonly string[] Clocks =
    [
        "$(date",
        "`date",
        "datetime.now",
        "datetime.utcnow",
        "datetime.today",
        "date.today",
        "today()",
        "current_date",
        "current_timestamp",
        "time.time()",
        "now()",
    ];

    /// <summary>A result that depends on the wall clock cannot be made again: warned of once for a text.</summary>
    private void CheckClock(string text, string path)
    {
        foreach (var clock in Clocks)
        {
            for (
                var at = text.IndexOf(clock, StringComparison.OrdinalIgnoreCase);
                at >= 0;
                at = text.IndexOf(clock, at + 1, StringComparison.OrdinalIgnoreCase)
            )
            {
                if (!IsWord(text, at, clock) || ConvertsDate(text, at, clock))
                {
                    continue;
                }

                Warn(
                    "wall-clock",
                    path,
                    $"`{text.Substring(at, clock.Length)}` reads the wall clock, so a rerun or a backfill gives another result; use the run's date: {{{{ ds }}}} or ${TaskEnvironment.Ds}",
                    at
                );
                return;
            }
        }
    }

    private static bool IsWord(string text, int at, string clock)
    {
        var end = at + clock.Length;
        var startsWord = !IsWordCharacter(clock[0]) || at == 0 || !IsWordCharacter(text[at - 1]);
        var endsWord = !IsWordCharacter(clock[^1]) || end == text.Length || !IsWordCharacter(text[end]);
        return startsWord && endsWord;
    }

    private static bool IsWordCharacter(char c) => char.IsAsciiLetterOrDigit(c) || c == '_';

    /// <summary><c>$(date -d TEXT)</c> prints a date that it is given, not the wall clock's.</summary>
    private static bool ConvertsDate(string text, int at, string clock)
    {
        if (clock is not ("$(date" or "`date"))
        {
            return false;
        }

        var rest = text.AsSpan(at + clock.Length);
        var end = rest.IndexOfAny(')', '`', '\n');
        rest = end < 0 ? rest : rest[..end];
        return rest.Contains(" -d", StringComparison.Ordinal)
            || rest.Contains(" -ud", StringComparison.Ordinal)
            || rest.Contains(" --date", StringComparison.Ordinal)
            || rest.Contains(" -r", StringComparison.Ordinal)
            || rest.Contains(" -j", StringComparison.Ordinal);
    }

    /// <summary>The first <c>{{ name</c> in a script whose name is one of templates.</summary>
    private static (string Name, int Offset)? TemplateInScript(string text)
    {
        for (var at = text.IndexOf("{{ ", StringComparison.Ordinal); at >= 0; at = text.IndexOf("{{ ", at + 1, StringComparison.Ordinal))
        {
            var start = at + 3;
            var end = start;
            while (end < text.Length && IsWordCharacter(text[end]))
            {
                end++;
            }

            var name = text[start..end];
            if (TemplateNames.Roots.Contains(name) && text.IndexOf("}}", end, StringComparison.Ordinal) >= 0)
            {
                return (name, at);
            }
        }

        return null;
    }
}
