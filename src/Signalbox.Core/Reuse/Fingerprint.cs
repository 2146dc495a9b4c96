using System.Security.Cryptography;
using System.Text;

namespace Signalbox.Core.Reuse;

/// <summary>Everything that the result of a task depends on, part by part, each with its hash: two tasks with the same fingerprint make the same.</summary>
/// <param name="Parts">
/// By name: <c>definition</c>, <c>command</c>, <c>params</c>, <c>date</c>, <c>item</c>, <c>source FILE</c>, <c>input NAME</c>, <c>upstream TASK.OUTPUT</c>.
/// </param>
public sealed record Fingerprint(ImmutableSortedDictionary<string, string> Parts)
{
    /// <summary>The name under which an input stands among the parts.</summary>
    public const string InputPrefix = "input ";

    /// <summary>The name under which a source file stands among the parts.</summary>
    public const string SourcePrefix = "source ";

    /// <summary>The name under which the output of a task before stands among the parts.</summary>
    public const string UpstreamPrefix = "upstream ";

    /// <summary>SHA-256 of all parts, lower-case hex.</summary>
    public string Hash { get; } =
        Convert.ToHexStringLower(
            SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(Parts.Select(part => $"{part.Key}\0{part.Value}\0"))))
        );

    /// <summary>Which parts are not what they were, in words; empty when all are.</summary>
    public string Against(Fingerprint earlier)
    {
        var changed = new List<string>();
        foreach (var name in Parts.Keys.Union(earlier.Parts.Keys, StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            var (now, then) = (Parts.GetValueOrDefault(name), earlier.Parts.GetValueOrDefault(name));
            if (now != then)
            {
                changed.Add(
                    then is null ? $"{name} is new"
                    : now is null ? $"{name} is gone"
                    : $"{name} changed"
                );
            }
        }

        return string.Join(", ", changed);
    }
}

/// <summary>What is noted at a task that may be left out.</summary>
public static class ReuseNote
{
    /// <summary>What the note of a task begins with whose outputs are those of an earlier success.</summary>
    public const string Hit = "HIT";

    /// <summary>What the note of a task begins with that had to run.</summary>
    public const string Miss = "MISS";

    /// <summary>Whether a reason is such a note.</summary>
    public static bool Is(string? reason) =>
        reason is not null && (reason.StartsWith(Hit, StringComparison.Ordinal) || reason.StartsWith(Miss, StringComparison.Ordinal));
}
