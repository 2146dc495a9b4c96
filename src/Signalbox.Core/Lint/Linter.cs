using System.Text.RegularExpressions;
using Signalbox.Core.Definitions;

namespace Signalbox.Core.Lint;

/// <summary>
/// Finds what can be seen of a pipeline without running it that keeps it from being run again safely: the wall clock, appends, chance, names
/// that say nothing, settings that are missing.
/// </summary>
/// <remarks>
/// Pure: the sources are read by the caller. Comments in sources do not count, and what a text in quotes says counts only where it is a
/// statement of SQL. The rules see lines, not meaning: what one of them takes wrongly for a fault is allowed on its line with a comment,
/// <c>signalbox: allow CODE</c> (see <see cref="Allowance"/>).
/// </remarks>
public static partial class Linter
{
    private const int Limit = 1000;

    /// <summary>Everything found, task by task in the order of the file.</summary>
    /// <param name="pipeline">A pipeline without mistakes.</param>
    /// <param name="sources">The texts that its tasks run, those of its own fields too (<see cref="TaskSources.OfDefinition"/>).</param>
    public static ImmutableArray<Finding> Check(Pipeline pipeline, IEnumerable<TaskSource> sources)
    {
        var byTask = sources.ToLookup(source => source.Task);
        var found = ImmutableArray.CreateBuilder<Finding>();
        DefinitionRules.Check(pipeline, found);
        foreach (var task in pipeline.Tasks)
        {
            DefinitionRules.Check(task, found);
            foreach (var source in byTask[task.Name])
            {
                foreach (var hit in Hits(source).Distinct().OrderBy(hit => hit.Offset))
                {
                    if (!Allowance.Silences(source.Text, hit.Offset, hit.Code))
                    {
                        found.Add(new Finding(hit.Code, task.Name, source.File, source.Field, hit.Offset, hit.Message, hit.Mend));
                    }
                }
            }
        }

        return found.DrainToImmutable();
    }

    private static IEnumerable<Hit> Hits(TaskSource source)
    {
        var code = CodeText.Of(source.Text, source.Language);
        var whole = code.Uncommented;
        foreach (var hit in Hits(code, whole))
        {
            yield return hit;
        }

        if (source.Language == SourceLanguage.Sql)
        {
            yield break;
        }

        foreach (var literal in code.Literals)
        {
            var text = source.Text.Substring(literal.Start, literal.Length);
            var language =
                !literal.IsDocumentation && Statement().IsMatch(text) ? SourceLanguage.Sql
                : source.Language == SourceLanguage.Shell && GoesToPython(source.Text, literal.Start) ? SourceLanguage.Python
                : (SourceLanguage?)null;
            if (language is { } inner)
            {
                foreach (var hit in Hits(CodeText.Of(text, inner), whole))
                {
                    yield return hit with
                    {
                        Offset = hit.Offset + literal.Start,
                    };
                }
            }
        }
    }

    private static IEnumerable<Hit> Hits(CodeText code, string whole) =>
        ClockRule.Find(code).Concat(AppendRule.Find(code, whole)).Concat(NameRule.Find(code)).Concat(ChanceRule.Find(code));

    /// <summary>Whether a text of a shell command is a program for Python: <c>python3 -c '...'</c> or a here-document.</summary>
    private static bool GoesToPython(string text, int start)
    {
        var line = text.LastIndexOf('\n', Math.Max(0, start - 2)) + 1;
        return ToPython().IsMatch(text[line..start]);
    }

    [GeneratedRegex(
        @"^\s*(select\b.+\bfrom\b|select\s+[\w.]+\s*\(|insert\s+(or\s+\w+\s+)?into\b|update\s+\S+\s+set\b|delete\s+from\b|merge\s+into\b|create\s+(or\s+replace\s+)?(temp\w*\s+)?(table|view)\b|copy\s+|with\s+\w+\s+as\b|begin\s*;|truncate\b)",
        RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase | RegexOptions.Singleline,
        Limit
    )]
    private static partial Regex Statement();

    [GeneratedRegex(@"\bpython[\d.]*\s+(-\w+\s+)*(-c\s*[""']$|-?\s*<<-?\s*[""']?\w+[""']?.*$)", RegexOptions.ExplicitCapture, Limit)]
    private static partial Regex ToPython();
}
