using System.Text;
using System.Text.RegularExpressions;

namespace Signalbox.Core.Triggers;

/// <summary>
/// Which paths a file trigger looks for: <c>*</c> stands for any characters but <c>/</c>, <c>?</c> for one of them, and <c>**</c>, alone between
/// two slashes, for any number of folders.
/// </summary>
/// <remarks>What stands for anything never stands for a name that begins with a dot: half-written files are hidden so.</remarks>
public sealed class ArrivalPattern
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(1);

    private readonly Regex _regex;

    private ArrivalPattern(string text, string root, bool isDeep, Regex regex)
    {
        Text = text;
        Root = root;
        IsDeep = isDeep;
        _regex = regex;
    }

    public string Text { get; }

    /// <summary>The folders before the first part that stands for anything, with the slash behind them; empty when there is none.</summary>
    public string Root { get; }

    /// <summary>Whether there are folders below <see cref="Root"/> to look into.</summary>
    public bool IsDeep { get; }

    /// <summary>Reads a pattern.</summary>
    /// <param name="problem">What is wrong and how to mend it; null exactly when there is a pattern.</param>
    public static ArrivalPattern? Parse(string text, out string? problem)
    {
        var parts = text.Split('/');
        for (var i = 0; i < parts.Length; i++)
        {
            if (parts[i].Contains("**", StringComparison.Ordinal) && (parts[i] != "**" || i == parts.Length - 1))
            {
                problem = $"`**` stands alone between slashes, e.g. landing/**/*.parquet, not as in `{text}`";
                return null;
            }
        }

        if (text.EndsWith('/'))
        {
            problem = $"`{text}` names a folder; write the files in it, e.g. {text}*.parquet";
            return null;
        }

        problem = null;
        var first = Array.FindIndex(parts, part => part.AsSpan().IndexOfAny('*', '?') >= 0);
        var whole = first < 0 ? parts.Length - 1 : first;
        var root = whole == 0 ? "" : string.Join('/', parts[..whole]) + "/";
        return new ArrivalPattern(text, root, first >= 0 && first < parts.Length - 1, RegexOf(parts));
    }

    /// <summary>Whether a path, with slashes and as the pattern from the same folder, is one of those.</summary>
    public bool Matches(string path) => _regex.IsMatch(path);

    private static Regex RegexOf(string[] parts)
    {
        var regex = new StringBuilder("^");
        for (var i = 0; i < parts.Length; i++)
        {
            if (parts[i] == "**")
            {
                regex.Append("(?:[^./][^/]*/)*");
                continue;
            }

            if (parts[i].StartsWith('*') || parts[i].StartsWith('?'))
            {
                regex.Append("(?!\\.)");
            }

            foreach (var c in parts[i])
            {
                regex.Append(
                    c switch
                    {
                        '*' => "[^/]*",
                        '?' => "[^/]",
                        _ => Regex.Escape(c.ToString()),
                    }
                );
            }

            if (i < parts.Length - 1)
            {
                regex.Append('/');
            }
        }

        return new Regex(regex.Append('$').ToString(), RegexOptions.CultureInvariant | RegexOptions.Singleline, Limit);
    }
}
