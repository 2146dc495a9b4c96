using Signalbox.Core.Definitions;

namespace Signalbox.Core.Runs;

/// <summary>
/// The name of a place apart where a run's outputs go instead of the places that readers know, so that what it makes can be compared, or
/// switched to, without anybody reading it by accident. Obeys <see cref="Slug"/>, in lower case.
/// </summary>
/// <remarks>
/// What a run in it may do goes by its name: <c>verify-…</c> is a proof (tables go to a schema apart, nothing is promoted), <c>shadow-…</c> a
/// comparison (nothing is loaded, promoted or told to anybody); every other name is a deployed variant such as <c>green</c> (tables go to its
/// schema, nothing is promoted until the variant is). A run in a namespace makes no versions of models and is never "the run of that date".
/// </remarks>
public readonly record struct RunNamespace(string Value)
{
    /// <summary>What the name of a proof begins with.</summary>
    public const string VerifyPrefix = "verify-";

    /// <summary>What the name of a comparison begins with.</summary>
    public const string ShadowPrefix = "shadow-";

    /// <summary>What people call the live version of a pipeline, beside variants such as <c>green</c>. It is no namespace.</summary>
    public const string Blue = "blue";

    public bool IsVerify => Value.StartsWith(VerifyPrefix, StringComparison.Ordinal);

    public bool IsShadow => Value.StartsWith(ShadowPrefix, StringComparison.Ordinal);

    /// <summary>Whether it is that of a deployed variant.</summary>
    public bool IsVariant => !IsVerify && !IsShadow;

    /// <summary>
    /// Why a task of this kind does not run in the namespace, a sentence; null when it does. In a comparison nothing reaches anybody: no load, no
    /// promotion, no question to people, no request that changes something.
    /// </summary>
    public string? Skips(TaskKind kind) =>
        kind switch
        {
            TaskKind.Promote => $"this run is in the namespace {Value}: it moves no alias that others read",
            TaskKind.Approve when IsShadow => $"this run is a comparison ({Value}): it asks nobody anything",
            TaskKind.Http { IsSafe: false } when IsShadow => $"this run is a comparison ({Value}): it sends nothing to anybody",
            _ => null,
        };

    /// <summary>The name of a variant as people write it: <see cref="Blue"/> where there is no namespace.</summary>
    public static string NameOf(RunNamespace? variant) => variant?.Value ?? Blue;

    /// <summary>The schema of its tables: a name that every database takes without quotes.</summary>
    public string Schema => "signalbox_" + Value.Replace('-', '_').Replace('.', '_');

    /// <summary>Null when a text is the name of a variant, else a sentence that says what is wrong and how to mend it.</summary>
    public static string? VariantProblem(string text) =>
        Slug.Problem(text)
        ?? (
            text.Any(char.IsAsciiLetterUpper) ? $"a variant's name is in lower case: `{text.ToLowerInvariant()}`"
            : text == Blue ? $"`{Blue}` is the live version, which the file in pipelines/ defines; take another name, such as `green`"
            : new RunNamespace(text).IsVariant ? null
            : $"names that begin with `{VerifyPrefix}` or `{ShadowPrefix}` are the program's own; take another, such as `green`"
        );

    public override string ToString() => Value;
}
