using System.Text.RegularExpressions;

namespace Signalbox.Core.Lint;

/// <summary>Finds names that say nothing of which version they are: <c>latest.pkl</c>, <c>model_final.joblib</c>.</summary>
internal static partial class NameRule
{
    private const int Limit = 1000;

    private const string Mend =
        "put the run's date into the name and declare it as an output with `model: NAME`: each publication is a version of its own, and `promote` moves an alias such as champion";

    /// <summary>Files of models that a source names.</summary>
    public static IEnumerable<Hit> Find(CodeText source)
    {
        if (source.Language == SourceLanguage.Sql)
        {
            yield break;
        }

        foreach (Match match in Artifact().Matches(source.Uncommented))
        {
            if (Mutable().IsMatch(Stem(match.Value)))
            {
                yield return new Hit(LintCodes.MutableName, match.Index, Message(match.Value), Mend);
            }
        }
    }

    /// <summary>The path of an output.</summary>
    public static Hit? OfPath(string path)
    {
        foreach (var part in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            // What a value makes of the name is known only in a run.
            if (!part.Contains("{{", StringComparison.Ordinal) && Mutable().IsMatch(Stem(part)))
            {
                return new Hit(LintCodes.MutableName, Math.Max(0, path.IndexOf(part, StringComparison.Ordinal)), Message(part), Mend);
            }
        }

        return null;
    }

    private static string Message(string name) =>
        $"mutable artifact path: `{name}` is another thing after each run, and nothing says which";

    private static string Stem(string name)
    {
        name = name[(name.LastIndexOf('/') + 1)..];
        var dot = name.IndexOf('.');
        return dot > 0 ? name[..dot] : name;
    }

    [GeneratedRegex(
        @"[\w\-./]+\.(pkl|pickle|joblib|pt|pth|onnx|h5|keras|safetensors|ckpt|model)\b",
        RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase,
        Limit
    )]
    private static partial Regex Artifact();

    [GeneratedRegex(@"(^|[^a-z0-9])(latest|final|newest|current)($|[^a-z])", RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase, Limit)]
    private static partial Regex Mutable();
}
