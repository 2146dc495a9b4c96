using System.Text.RegularExpressions;

namespace Signalbox.Core.Lint;

/// <summary>Finds chance without a seed: a rerun draws other numbers.</summary>
internal static partial class ChanceRule
{
    private const int Limit = 1000;

    private const string Mend = "seed it with something of the run, such as its date, so that the same run draws the same numbers";

    public static IEnumerable<Hit> Find(CodeText source)
    {
        var (pattern, seed) = source.Language switch
        {
            SourceLanguage.Python => (Python(), PythonSeed()),
            SourceLanguage.Sql => (Sql(), SqlSeed()),
            SourceLanguage.CSharp => (CSharp(), null),
            _ => (Shell(), null),
        };
        foreach (Match match in pattern.Matches(source.Code))
        {
            var isIdentity =
                match.Value.Contains("uu", StringComparison.OrdinalIgnoreCase) || match.Value.Contains("Guid", StringComparison.Ordinal);
            if (seed is null || isIdentity || !seed.IsMatch(source.Code))
            {
                yield return new Hit(
                    LintCodes.Unseeded,
                    match.Index,
                    $"`{match.Value.TrimEnd('(').Trim()}` draws by chance, so a rerun gives another result",
                    isIdentity ? "make the identity from what the row is about, such as a hash of its key" : Mend
                );
            }
        }
    }

    [GeneratedRegex(
        @"(?<![\w.])(random\.(random|randint|randrange|choice|choices|shuffle|sample|uniform|gauss|normalvariate)\s*\(|(np|numpy)\.random\.(rand|randn|randint|random|choice|normal|uniform|shuffle|permutation)\s*\(|(np|numpy)\.random\.default_rng\s*\(\s*\)|random\.Random\s*\(\s*\)|uuid\.uuid[14]\s*\(|secrets\.\w+\s*\()",
        RegexOptions.ExplicitCapture,
        Limit
    )]
    private static partial Regex Python();

    [GeneratedRegex(@"(?<![\w.])(random|np\.random|numpy\.random)\.seed\s*\(\s*[^)\s]", RegexOptions.ExplicitCapture, Limit)]
    private static partial Regex PythonSeed();

    [GeneratedRegex(
        @"(?<![\w.])(random|gen_random_uuid|uuid|uuidv4|uuidv7|uuid_generate_v4|newid)\s*\(\s*\)|\busing\s+sample\b(?![^;]*\brepeatable\b)",
        RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase,
        Limit
    )]
    private static partial Regex Sql();

    [GeneratedRegex(@"\bsetseed\s*\(|\brepeatable\s*\(", RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase, Limit)]
    private static partial Regex SqlSeed();

    [GeneratedRegex(@"\bRandom\.Shared\b|\bnew\s+Random\s*\(\s*\)|\bGuid\.(NewGuid|CreateVersion7)\b", RegexOptions.ExplicitCapture, Limit)]
    private static partial Regex CSharp();

    [GeneratedRegex(@"\$\{?RANDOM\b|\buuidgen\b|(?<=\|\s*)shuf\b(?![^|;\n]*--random-source)", RegexOptions.ExplicitCapture, Limit)]
    private static partial Regex Shell();
}
