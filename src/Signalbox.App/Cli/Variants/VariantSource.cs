using Signalbox.Core;
using Signalbox.Engine.Projects;
using Signalbox.Storage;

namespace Signalbox.App.Cli;

/// <summary>Finds the definition of a deployed variant.</summary>
internal static class VariantSource
{
    /// <exception cref="UserMistakeException">The pipeline has no such variant.</exception>
    public static StoredDefinition Find(Project project, CheckedFile live, string name)
    {
        var pipeline = live.Pipeline!.Name;
        using var store = ProjectOpening.FindStore(project);
        var variants = store?.Read(session => session.Variants(pipeline)) ?? [];
        return variants.FirstOrDefault(variant => variant.Name.Value == name) is { } found
            ? store!.Read(session => session.Definition(pipeline, found.Version))!
            : throw new UserMistakeException(
                $"{pipeline} has no variant `{name}`{Suggestion.DidYouMean(name, variants.Select(variant => variant.Name.Value))}; "
                    + $"`signalbox deploy FILE --as {name}` makes one"
            );
    }
}
