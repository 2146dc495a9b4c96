using System.Text;
using System.Text.Json;

namespace Mutants;

/// <summary>The page about what was found, from what was found of every target the last time.</summary>
internal static class Report
{
    /// <summary>What a target has to come to, of all mutants that are any different from the code.</summary>
    private const double Least = 0.9;

    /// <summary>Mutants that no test can kill, for they do the same: a line of the key, and one of the reason.</summary>
    private static Dictionary<string, string> Same()
    {
        var lines = File.ReadAllLines(Path.Combine(Target.Root, "faults", "Mutants", "equivalent.txt"))
            .Where(line => line.Length > 0 && line[0] != '#')
            .ToList();
        return lines.Chunk(2).ToDictionary(pair => pair[0], pair => pair[1].Trim(), StringComparer.Ordinal);
    }

    /// <returns>0 when every target that was tried comes to what it has to.</returns>
    public static int Write(string results)
    {
        var same = Same();
        var page = new StringBuilder(
            """
            # Mutation report

            Made by `faults/mutate.sh`, which anybody can run again. It plants every small change that it knows into the code that decides, one alive at a time, and runs the tests
            that come by it: a change that no test notices is a rule that nothing holds.

            What is changed: comparisons, arithmetic, bits, `and`/`or`, conditions (always true, always false), numbers, `true`/`false`, `??`, `?:`, `Min`/`Max`; a choice or a demand of a
            pattern; and what is left out: a statement, a `return`, a case, an arm, a field that a record is changed in. Texts of messages and
            fault points are not changed. `killed` are those that a test fails for, or never ends for; `the same` are those that no test could tell, with the reason below.

            | What | Mutants | Killed | The same | Survived | Killed of those that differ |
            |---|---|---|---|---|---|

            """
        );
        var left = new StringBuilder();
        var isMet = true;
        foreach (var target in Target.All)
        {
            var file = Path.Combine(results, target.Name + ".json");
            if (!File.Exists(file))
            {
                Console.Error.WriteLine($"{target.Name} was not tried yet: it is not in the page");
                continue;
            }

            var verdicts = JsonSerializer.Deserialize<List<Verdict>>(File.ReadAllText(file))!;
            var survived = verdicts.Where(verdict => verdict.Fate is Fate.Survived or Fate.Unseen).ToList();
            var equal = survived.Where(verdict => same.ContainsKey(verdict.Mutant.Key)).ToList();
            var killed = verdicts.Count - survived.Count;
            var score = (double)killed / (verdicts.Count - equal.Count);
            isMet &= score >= Least;
            page.Append(
                $"| {target.Name} | {verdicts.Count} | {killed} | {equal.Count} | {survived.Count - equal.Count} | {100 * score:0.0} % |\n"
            );
            left.Append(
                $"\n## {target.Name}\n\n{string.Join(", ", target.Files.Select(path => $"`{target.Of}/{path}`"))} by the tests `{string.Join("`, `", target.Tests)}` of {target.TestProject}.\n"
            );
            List(left, "The same", equal, verdict => $": {same[verdict.Mutant.Key]}");
            List(left, "Survived", [.. survived.Except(equal)], verdict => verdict.Fate == Fate.Unseen ? " (no test comes by)" : "");
        }

        File.WriteAllText(Path.Combine(Target.Root, "docs", "mutation-report.md"), page.Append(left).ToString());
        return isMet ? 0 : 1;
    }

    private static void List(StringBuilder text, string title, IReadOnlyList<Verdict> verdicts, Func<Verdict, string> more)
    {
        if (verdicts.Count > 0)
        {
            text.Append($"\n{title}:\n\n");
        }

        foreach (var verdict in verdicts)
        {
            var mutant = verdict.Mutant;
            text.Append(
                $"- `{Path.GetFileName(mutant.File)}`: {Quoted(mutant.Before)} becomes {(mutant.After is "left out" or "always true" or "always false" or "stays" or "case left out" or "arm left out" || mutant.After.StartsWith("without ", StringComparison.Ordinal) ? mutant.After : Quoted(mutant.After))}{more(verdict)}\n"
            );
        }
    }

    private static string Quoted(string code) => code.Contains('`', StringComparison.Ordinal) ? $"`` {code} ``" : $"`{code}`";
}
