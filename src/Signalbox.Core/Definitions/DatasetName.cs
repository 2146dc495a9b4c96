namespace Signalbox.Core.Definitions;

/// <summary>What may be the name of a dataset: a text such as <c>flights/raw</c>, without spaces and templates.</summary>
public static class DatasetName
{
    /// <summary>The longest name, in characters.</summary>
    public const int MaxLength = 200;

    /// <summary>What is wrong with a name and how to mend it; null when it is one.</summary>
    public static string? Problem(string name) =>
        name.Length == 0 ? "a dataset has a name, such as flights/raw"
        : name.Length > MaxLength ? $"the name of a dataset has at most {MaxLength} characters, not {name.Length}"
        : name.Contains("{{", StringComparison.Ordinal)
            ? $"`{name}` has {{{{ }}}} in it: who waits for a dataset names it, and which partition it is follows from the update"
        : name.Any(letter => char.IsWhiteSpace(letter) || char.IsControl(letter))
            ? $"`{name}` is no name of a dataset: it has a space in it"
        : null;
}
