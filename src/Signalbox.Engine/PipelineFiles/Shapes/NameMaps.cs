using System.Collections.Immutable;

namespace Signalbox.Engine.PipelineFiles.Shapes;

/// <summary>Mappings from names to values.</summary>
internal static class NameMaps
{
    public const string IdentifierPattern = "^[A-Za-z_][A-Za-z0-9_]*$";

    public static readonly Shape<Named<string>[]> Environment = Of(Scalars.AnyText, "a mapping from names of variables to texts");

    /// <summary>The texts by name.</summary>
    public static ImmutableSortedDictionary<string, string> Sorted(Named<string>[] texts)
    {
        var sorted = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        foreach (var text in texts)
        {
            sorted[text.Name] = text.Value;
        }

        return sorted.ToImmutable();
    }

    /// <summary>Names that stand in environment variables and in expressions: letters, digits and <c>_</c>.</summary>
    public static NamesShape<T> Of<T>(Shape<T> value, string wanted, Func<T>? fallback = null) =>
        new(value, wanted, IdentifierPattern, IdentifierProblem, fallback);

    private static string? IdentifierProblem(string name)
    {
        if (name.Length is 0 or > Core.Slug.MaxLength)
        {
            return name.Length == 0 ? "a name cannot be empty" : $"a name has at most {Core.Slug.MaxLength} characters";
        }

        if (char.IsAsciiDigit(name[0]))
        {
            return "a name here begins with a letter or '_'";
        }

        return name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_') ? null : "a name here has only a-z, A-Z, 0-9 and '_'";
    }
}
