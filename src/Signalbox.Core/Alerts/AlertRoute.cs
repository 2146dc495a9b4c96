namespace Signalbox.Core.Alerts;

/// <summary>Which alerts go to which channels. Every route that matches counts; what a route does not state matches everything.</summary>
public sealed record AlertRoute
{
    /// <summary>Names of channels. At least one.</summary>
    public required ImmutableArray<string> To { get; init; }

    /// <summary>Names of pipelines, where <c>*</c> stands for any characters. Empty: all, also what is about no pipeline.</summary>
    public ImmutableArray<string> Pipelines { get; init; } = [];

    /// <summary>Tags; a pipeline needs one of them. Empty: all.</summary>
    public ImmutableArray<string> Tags { get; init; } = [];

    /// <summary>The least severity. Default info: all.</summary>
    public AlertSeverity Severity { get; init; } = AlertSeverity.Info;

    /// <summary>Kinds. Empty: all but retried, which have to be asked for by name.</summary>
    public ImmutableArray<AlertKind> Kinds { get; init; } = [];

    /// <summary>
    /// Whether an alert goes this way. One of the kind resolved never does: it goes where the trouble was told.
    /// </summary>
    public bool Matches(Alert alert) =>
        alert.Severity >= Severity && Matches(alert.Kind) && MatchesPipeline(alert.Pipeline?.Value, alert.Tags);

    /// <summary>Whether alerts of a kind may go this way.</summary>
    public bool Matches(AlertKind kind) =>
        kind != AlertKind.Resolved && (Kinds.IsDefaultOrEmpty ? kind != AlertKind.Retried : Kinds.Contains(kind));

    /// <summary>Whether alerts about a pipeline may go this way.</summary>
    /// <param name="pipeline">Null for what is about no pipeline.</param>
    public bool MatchesPipeline(string? pipeline, ImmutableArray<string> tags) =>
        (Pipelines.IsDefaultOrEmpty || (pipeline is not null && Pipelines.Any(pattern => IsLike(pipeline, pattern))))
        && (Tags.IsDefaultOrEmpty || (!tags.IsDefault && Tags.Any(tag => tags.Contains(tag))));

    /// <summary>Whether a name is one that a pattern stands for.</summary>
    private static bool IsLike(ReadOnlySpan<char> name, ReadOnlySpan<char> pattern)
    {
        var star = pattern.IndexOf('*');
        if (star < 0)
        {
            return name.SequenceEqual(pattern);
        }

        if (!name.StartsWith(pattern[..star]))
        {
            return false;
        }

        var rest = pattern[(star + 1)..];
        for (var from = star; from <= name.Length; from++)
        {
            if (IsLike(name[from..], rest))
            {
                return true;
            }
        }

        return false;
    }
}
