namespace Signalbox.Core.Expressions;

/// <summary>What a POSIX shell takes the text at some point of a command for.</summary>
internal enum ShellPlace
{
    Bare,
    SingleQuotes,
    DoubleQuotes,
    HereDocument,
    Comment,
    Backticks,
    DollarQuotes,
    ParameterExpansion,
    Arithmetic,

    /// <summary>Shells differ, or the text cannot be followed.</summary>
    Unclear,
}

/// <summary>The place of one value in a command.</summary>
/// <param name="Place">What the shell is reading there.</param>
/// <param name="AtWordStart">Nothing of the word stands before it.</param>
/// <param name="AtWordEnd">Nothing of the word stands behind it.</param>
/// <param name="WordIsName">What stands before it in the word could be the name of a variable, so an equals sign would assign.</param>
/// <param name="WordHasPattern">An opening bracket or brace stands before it in the word.</param>
/// <param name="AfterVariable"><c>$name</c> stands right before it, so letters would lengthen the name.</param>
/// <param name="BeforeRedirection">An angle bracket follows at once, so digits would be a file descriptor.</param>
/// <param name="Delimiter">Of the here-document it is in.</param>
/// <param name="Mistake">Set when no value can stand there.</param>
internal readonly record struct ShellSlot(
    ShellPlace Place,
    bool AtWordStart,
    bool AtWordEnd,
    bool WordIsName,
    bool WordHasPattern,
    bool AfterVariable,
    bool BeforeRedirection,
    string? Delimiter,
    string? Mistake
);
