using System.Buffers;
using System.Collections.Frozen;
using System.Collections.Immutable;

namespace Signalbox.Engine.Processes;

/// <summary>
/// Tells a shell text that no shell needs to read: words of harmless characters, the first of them not a word of the shell's grammar.
/// </summary>
/// <remarks>
/// As <c>make</c> does. Such a text means the same run word by word by the launcher's own shell, which saves one shell per attempt.
/// Builtins without effect on the shell itself (<c>true</c>, <c>echo</c>, <c>printf</c>) are harmless: <c>sh -c</c> would take them too.
/// </remarks>
internal static class PlainCommand
{
    private static readonly SearchValues<char> Harmless = SearchValues.Create(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./,:=@%+- \t"
    );

    private static readonly FrozenSet<string> ShellWords = FrozenSet.ToFrozenSet([
        // special builtins: they act on, or end, the shell that runs them
        ".",
        ":",
        "break",
        "continue",
        "eval",
        "exec",
        "exit",
        "export",
        "readonly",
        "return",
        "set",
        "shift",
        "source",
        "times",
        "trap",
        "unset",
        // builtins that change the shell, or ask it about itself
        "alias",
        "bg",
        "bind",
        "builtin",
        "caller",
        "cd",
        "command",
        "compgen",
        "complete",
        "compopt",
        "coproc",
        "declare",
        "dirs",
        "disown",
        "enable",
        "fc",
        "fg",
        "getopts",
        "hash",
        "help",
        "history",
        "jobs",
        "kill",
        "let",
        "local",
        "logout",
        "mapfile",
        "newgrp",
        "popd",
        "pushd",
        "read",
        "readarray",
        "shopt",
        "suspend",
        "type",
        "typeset",
        "ulimit",
        "umask",
        "unalias",
        "wait",
        // the grammar
        "case",
        "do",
        "done",
        "elif",
        "else",
        "esac",
        "fi",
        "for",
        "function",
        "if",
        "in",
        "select",
        "then",
        "time",
        "until",
        "while",
    ]);

    /// <summary>The words of <paramref name="text"/>, when no shell needs to read it.</summary>
    public static bool TrySplit(string text, out ImmutableArray<string> words)
    {
        words = default;
        if (text.AsSpan().ContainsAnyExcept(Harmless))
        {
            return false;
        }

        var split = text.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
        if (split.Length == 0 || split[0].Contains('=') || ShellWords.Contains(split[0]))
        {
            return false;
        }

        words = ImmutableArray.Create(split);
        return true;
    }
}
