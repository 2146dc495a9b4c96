using Microsoft.CodeAnalysis;

namespace Mutants;

/// <summary>One small change of the source.</summary>
/// <param name="Number">Of the target, in the order of the text.</param>
/// <param name="Before">The code that is changed, on one line.</param>
/// <param name="After">What it is changed to, or what becomes of it.</param>
/// <param name="IsOfStart">In an initializer, so that it may be run once for a process only.</param>
public sealed record Mutant(int Number, string File, int Line, string Before, string After, bool IsOfStart)
{
    /// <summary>The same as long as the code is, wherever it moves to.</summary>
    public string Key => $"{Path.GetFileName(File)}: {Before} => {After}";

    internal static string OneLine(SyntaxNode node)
    {
        var text = string.Join(' ', node.ToString().Split((char[])[' ', '\n', '\r', '\t'], StringSplitOptions.RemoveEmptyEntries));
        return text.Length <= 100 ? text : text[..60] + " ... " + text[^30..];
    }
}

/// <summary>What became of a mutant.</summary>
public enum Fate
{
    Killed,

    /// <summary>It made a test go on without end.</summary>
    TimedOut,
    Survived,

    /// <summary>No test comes by.</summary>
    Unseen,
}

public sealed record Verdict(Mutant Mutant, Fate Fate, string? By);
