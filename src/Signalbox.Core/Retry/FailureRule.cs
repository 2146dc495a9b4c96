using System.Text.RegularExpressions;

namespace Signalbox.Core.Retry;

/// <summary>
/// A rule of the user: an attempt that ended so has a failure of this class. All that a rule names must fit; a rule that names neither exit codes
/// nor lines fits nothing.
/// </summary>
/// <param name="Class">The class; not one that only the server can know (lost, cancelled).</param>
public sealed record FailureRule(FailureClass Class)
{
    /// <summary>The longest pattern, in UTF-16 units.</summary>
    public const int LongestPattern = 1000;

    private const int SignalBase = 128;

    /// <summary>Exit codes, 1 to 255; 128 + n stands for signal n. Empty: any.</summary>
    public ImmutableArray<int> ExitCodes { get; init; } = [];

    /// <summary>
    /// A regular expression that the last lines of standard error match somewhere; <c>^</c> and <c>$</c> are the ends of a line. It is searched for in
    /// time that is linear in the text, so it has no lookaround and no back references. Null: any.
    /// </summary>
    public string? Lines { get; init; }

    /// <summary>How long the next attempt waits at least. Default: what the class says.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>The classes that a rule may name.</summary>
    public static bool IsClass(FailureClass kind) => kind is not (FailureClass.Lost or FailureClass.Cancelled);

    /// <summary>What is wrong with a pattern, a sentence; null when nothing is.</summary>
    public static string? PatternProblem(string pattern)
    {
        if (pattern.Length == 0)
        {
            return "it is empty, and would match everything";
        }

        if (pattern.Length > LongestPattern)
        {
            return $"it is longer than {LongestPattern} characters";
        }

        try
        {
            _ = Make(pattern);
            return null;
        }
        catch (NotSupportedException)
        {
            return "it uses lookaround, a back reference or an atomic group, which cannot be searched for in bounded time; write it without";
        }
        catch (ArgumentException problem)
        {
            return $"it is no regular expression: {problem.Message.TrimEnd('.')}";
        }
    }

    /// <summary>How the rule names itself where it decided; null when it does not fit.</summary>
    internal string? Match(FailureEvidence evidence)
    {
        if (ExitCodes.IsDefaultOrEmpty && Lines is null)
        {
            return null;
        }

        var code = evidence.ExitCode ?? (evidence.Signal is { } signal ? SignalBase + signal : null);
        if (!ExitCodes.IsDefaultOrEmpty && !(code is { } known && ExitCodes.Contains(known)))
        {
            return null;
        }

        if (Lines is null)
        {
            return $"your rule: exit code {code}";
        }

        return Make(Lines).IsMatch(evidence.LastLines)
            ? $"your rule: {(ExitCodes.IsDefaultOrEmpty ? "" : $"exit code {code} and ")}/{Lines}/"
            : null;
    }

    private static Regex Make(string pattern) =>
        new(pattern, RegexOptions.NonBacktracking | RegexOptions.Multiline | RegexOptions.CultureInvariant);
}
