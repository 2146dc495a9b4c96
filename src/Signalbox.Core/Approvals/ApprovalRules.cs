namespace Signalbox.Core.Approvals;

/// <summary>What one person answered.</summary>
/// <param name="Form">JSON object of the form's values; empty for a rejection.</param>
public sealed record ApprovalAnswer(string Who, bool Approves, string? Reason, string Form, DateTimeOffset At);

/// <summary>How far the answers have decided a question.</summary>
public enum ApprovalVerdict
{
    Open,
    Approved,
    Rejected,
}

/// <summary>Who may answer, and what the answers come to. Pure: the same answers in the same order always mean the same.</summary>
public static class ApprovalRules
{
    /// <summary>What the answers come to, in the order in which they came: what came after the deciding one does not count.</summary>
    public static ApprovalVerdict Judge(int quorum, IEnumerable<ApprovalAnswer> answers)
    {
        var approvals = 0;
        foreach (var answer in answers)
        {
            if (!answer.Approves)
            {
                return ApprovalVerdict.Rejected;
            }

            if (++approvals >= quorum)
            {
                return ApprovalVerdict.Approved;
            }
        }

        return ApprovalVerdict.Open;
    }

    /// <summary>Why a person may not answer; null when he may.</summary>
    /// <param name="author">Who started the run; null when the schedule did, or nobody knows.</param>
    /// <param name="groups">The groups of the project by name.</param>
    /// <param name="answers">What was answered so far.</param>
    public static string? Refusal(
        ApprovalSpec spec,
        string who,
        string? author,
        IReadOnlyDictionary<string, ImmutableArray<string>> groups,
        IEnumerable<ApprovalAnswer> answers
    )
    {
        if (People(spec, groups) is { } people && !people.Contains(who))
        {
            return $"{who} may not answer: asked are {string.Join(", ", spec.Who)}";
        }

        if (spec.NotAuthor && who == author)
        {
            return $"{who} started the run and may not answer for it (not_author): somebody else must";
        }

        foreach (var answer in answers)
        {
            if (answer.Who == who)
            {
                return $"{who} has {(answer.Approves ? "approved" : "rejected")} this already";
            }
        }

        return null;
    }

    /// <summary>Why the question can never be approved, however people answer; null when it can.</summary>
    public static string? Impossible(ApprovalSpec spec, string? author, IReadOnlyDictionary<string, ImmutableArray<string>> groups)
    {
        if (People(spec, groups) is not { } people)
        {
            return null;
        }

        var without = spec.NotAuthor && author is not null && people.Remove(author) ? $" beside {author}, who started the run," : "";
        return people.Count >= spec.Quorum
            ? null
            : $"the quorum is {spec.Quorum}, but `who`{without} names {(people.Count == 0 ? "nobody" : string.Join(", ", people.Order(StringComparer.Ordinal)))}";
    }

    /// <summary>Everybody who is named, also by a group; null when anybody may answer.</summary>
    private static HashSet<string>? People(ApprovalSpec spec, IReadOnlyDictionary<string, ImmutableArray<string>> groups)
    {
        if (spec.Who.IsDefaultOrEmpty)
        {
            return null;
        }

        var people = new HashSet<string>(StringComparer.Ordinal);
        foreach (var name in spec.Who)
        {
            if (groups.TryGetValue(name, out var members))
            {
                people.UnionWith(members);
            }
            else
            {
                people.Add(name);
            }
        }

        return people;
    }
}
