namespace Signalbox.Faults.Tests;

/// <summary>Which commands lived when their server died, and whether each came to its own end as the same attempt.</summary>
internal sealed class Adoptions(Witness witness)
{
    private readonly List<Seen> _alive = [];

    /// <summary>The server has just died.</summary>
    public void ServerDied() => _alive.AddRange(witness.Alive());

    public void Judge(Verdict verdict)
    {
        var all = witness.All.ToLookup(each => (each.Pipeline, each.Run, each.Task));
        var adopted = _alive.Count(each =>
            each.EndedAtLine is not null && all[(each.Pipeline, each.Run, each.Task)].All(other => other.Attempt <= each.Attempt)
        );
        verdict.Counts["commands alive at a kill"] = _alive.Count;
        verdict.Counts["commands adopted"] = adopted;
        if (adopted < 0.95 * _alive.Count)
        {
            verdict.Findings.Add($"only {adopted} of {_alive.Count} commands were adopted");
        }
    }
}
