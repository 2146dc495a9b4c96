using System.Text.RegularExpressions;

namespace Signalbox.Core.Lint;

/// <summary>Finds where a source adds to what is there: a rerun adds it again.</summary>
internal static partial class AppendRule
{
    private const int Limit = 1000;

    private const string MendFile =
        "write the whole of it to a declared output, which is published over the one before, or allow it on this line";

    private const string MendTable =
        "delete what the run is about first, in the same transaction, or insert with `on conflict`, or use a `load:` task, which replaces the partition";

    /// <summary>Appends of the source itself.</summary>
    /// <param name="whole">All of the source, for what elsewhere in it makes an append harmless: a delete before it.</param>
    public static IEnumerable<Hit> Find(CodeText source, string whole) =>
        source.Language switch
        {
            SourceLanguage.Python => OfPython(source, whole),
            SourceLanguage.Sql => OfSql(source, whole),
            SourceLanguage.CSharp => OfCSharp(source),
            _ => OfShell(source),
        };

    private static IEnumerable<Hit> OfShell(CodeText source)
    {
        foreach (Match match in Redirection().Matches(source.Code))
        {
            // The name may stand in quotes, which the code has blanks for.
            var target = Word(source.Text, match.Index + match.Length);
            if (!IsOwn(target) && match.Index + 2 <= source.Text.Length)
            {
                yield return new Hit(
                    LintCodes.Append,
                    match.Index,
                    $"`>>` appends{(target.Length == 0 ? "" : $" to {target}")}, so a rerun adds the same again",
                    MendFile
                );
            }
        }
    }

    private static IEnumerable<Hit> OfPython(CodeText source, string whole)
    {
        foreach (Match match in PythonAppend().Matches(source.Uncommented))
        {
            // What stands in a text is no call.
            if (source.Code[match.Index] == ' ' && source.Text[match.Index] != ' ')
            {
                continue;
            }

            var isTable = match.Value.StartsWith("if_exists", StringComparison.Ordinal);
            var (start, end) = source.LineAround(match.Index);
            var line = source.Text[start..end];
            var table = ToTable().Match(line).Groups["table"];
            if (
                isTable
                    ? table.Success
                        ? IsMadeAnew(table.Value, whole)
                        : Delete().IsMatch(whole)
                    : IsOwn(line)
            )
            {
                continue;
            }

            yield return new Hit(
                LintCodes.Append,
                match.Index,
                isTable
                    ? $"`{match.Value}` appends to the table, so a rerun doubles its rows"
                    : $"`{match.Value}` appends to the file, so a rerun adds the same again",
                isTable ? MendTable : MendFile
            );
        }
    }

    private static IEnumerable<Hit> OfSql(CodeText source, string whole)
    {
        foreach (Match match in Insert().Matches(source.Code))
        {
            var table = match.Groups["table"].Value.Trim('"');
            var end = source.Code.IndexOf(';', match.Index);
            var statement = end < 0 ? source.Code[match.Index..] : source.Code[match.Index..end];
            if (Upsert().IsMatch(statement) || IsMadeAnew(table, whole))
            {
                continue;
            }

            yield return new Hit(
                LintCodes.Append,
                match.Index,
                $"`insert into {table}` without a delete or a key adds the same rows again at a rerun",
                MendTable
            );
        }
    }

    private static IEnumerable<Hit> OfCSharp(CodeText source)
    {
        foreach (Match match in CSharpAppend().Matches(source.Code))
        {
            yield return new Hit(
                LintCodes.Append,
                match.Index,
                $"`{match.Value}` appends to the file, so a rerun adds the same again",
                MendFile
            );
        }
    }

    /// <summary>Whether the table is emptied, or made by the source itself.</summary>
    private static bool IsMadeAnew(string table, string whole)
    {
        foreach (Match match in Anew().Matches(whole))
        {
            if (string.Equals(match.Groups["table"].Value.Trim('"'), table, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>What the attempt alone writes: its staged output, its result, a temporary file.</summary>
    private static bool IsOwn(string text) =>
        text.Contains(TaskEnvironment.Prefix, StringComparison.Ordinal)
        || text.Contains("outputs.", StringComparison.Ordinal)
        || text.Contains("/dev/", StringComparison.Ordinal)
        || text.Contains("TMPDIR", StringComparison.Ordinal)
        || text.Contains("tmp", StringComparison.OrdinalIgnoreCase)
        || text.Contains("tempfile", StringComparison.Ordinal);

    private static string Word(string text, int at)
    {
        var end = at;
        var quote = end < text.Length && text[end] is '"' or '\'' ? text[end++] : '\0';
        while (end < text.Length && text[end] != '\n' && (quote != '\0' ? text[end] != quote : IsWord(text, at, end)))
        {
            end++;
        }

        return text[at..Math.Min(text.Length, quote == '\0' ? end : end + 1)];
    }

    /// <summary>A word goes on up to a blank, except within braces.</summary>
    private static bool IsWord(string text, int start, int at) =>
        text[at] is not (' ' or '\t' or ';' or '&' or '|' or ')')
        || text.AsSpan(start, at - start).LastIndexOf("{{") > text.AsSpan(start, at - start).LastIndexOf("}}");

    [GeneratedRegex(@"(?<!>)>>(?!>)[ \t]*(?!\()", RegexOptions.ExplicitCapture, Limit)]
    private static partial Regex Redirection();

    [GeneratedRegex(
        @"\bif_exists\s*=\s*[""']append[""']|\bmode\s*=\s*[""']a[bt+]{0,2}[""']|\bopen\s*\([^()\n]*(\([^()\n]*\)[^()\n]*)?,\s*[""']a[bt+]{0,2}[""']",
        RegexOptions.ExplicitCapture,
        Limit
    )]
    private static partial Regex PythonAppend();

    [GeneratedRegex(@"\bto_sql\s*\(\s*(name\s*=\s*)?[""'](?<table>[\w.]+)[""']", RegexOptions.ExplicitCapture, Limit)]
    private static partial Regex ToTable();

    [GeneratedRegex(@"\b(delete\s+from|truncate)\b", RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase, Limit)]
    private static partial Regex Delete();

    [GeneratedRegex(
        @"(?<![\w.])insert\s+into\s+(table\s+)?(?<table>[\w.""{}]+( ?[\w.]+ ?\}\})?)",
        RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase,
        Limit
    )]
    private static partial Regex Insert();

    [GeneratedRegex(
        @"\bon\s+conflict\b|\bon\s+duplicate\s+key\b|\bnot\s+exists\b|\bnot\s+in\b|\boverwrite\b",
        RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase,
        Limit
    )]
    private static partial Regex Upsert();

    [GeneratedRegex(
        @"\b(delete\s+from|truncate(\s+table)?(\s+only)?|create\s+(or\s+replace\s+)?((temp|temporary|unlogged)\s+)?table)\s+(?<table>(?!if\b)[\w.""{}]+( ?[\w.]+ ?\}\})?)|\bcreate\s+(temp|temporary)\s+table\s+if\s+not\s+exists\s+(?<table>[\w.""{}]+)",
        RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase,
        Limit
    )]
    private static partial Regex Anew();

    [GeneratedRegex(
        @"\bFile\.(AppendAll\w+|AppendText)\b|\bFileMode\.Append\b|\bnew\s+StreamWriter\s*\([^()\n]*,\s*(append:\s*)?true\b",
        RegexOptions.ExplicitCapture,
        Limit
    )]
    private static partial Regex CSharpAppend();
}
