using Signalbox.Core.Runs;

namespace Signalbox.Core.Tests.Simulation;

/// <summary>What happened in one simulated run, in few words: kept only when somebody will read it.</summary>
internal sealed class Story(bool isTold)
{
    private readonly List<string> _lines = [];

    public bool IsTold => isTold;

    public static string NameOf(RunEvent e) =>
        string.Concat(
            e.GetType()
                .Name.Select((c, i) => i > 0 && char.IsAsciiLetterUpper(c) ? $"_{char.ToLowerInvariant(c)}" : $"{char.ToLowerInvariant(c)}")
        );

    public void Tell(string line)
    {
        if (isTold)
        {
            _lines.Add(line);
        }
    }

    public void Tell(DateTimeOffset now, RunEvent e, Decision decision)
    {
        if (!isTold)
        {
            return;
        }

        _lines.Add($"{now:HH:mm:ss} {e}");
        foreach (var change in decision.Changes)
        {
            if (change is Change.HistoryAdded { Entry: var entry })
            {
                _lines.Add($"    {entry.Task?.ToString() ?? "run"}: {entry.From} --{entry.Event}--> {entry.To} ({entry.Reason})");
            }
        }

        foreach (var command in decision.Commands)
        {
            _lines.Add($"    do {command}");
        }
    }

    public override string ToString() => string.Join('\n', _lines.TakeLast(60));
}
