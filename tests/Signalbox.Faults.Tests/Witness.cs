namespace Signalbox.Faults.Tests;

/// <summary>An attempt as the command itself wrote it down.</summary>
/// <param name="Number">The number that its caller gave it; 0 for one that nobody called.</param>
internal sealed record Seen(string Pipeline, string Run, string Task, int Attempt, int Pid, long Number)
{
    /// <summary>Null: it has not written that it ends.</summary>
    public int? EndedAtLine { get; set; }

    public required int BegunAtLine { get; init; }
}

/// <summary>The file to which each command appends a line when it begins and one when it ends. It lies outside the project.</summary>
/// <param name="mayBeginAgain">Whether an attempt may begin a second time when its first process is dead: nothing of its beginning was on the disk.</param>
internal sealed class Witness(string file, bool mayBeginAgain)
{
    private readonly Dictionary<(string Pipeline, string Run, string Task, int Attempt), Seen> _seen = [];
    private readonly Lock _guard = new();
    private long _read;
    private int _line;
    private readonly HashSet<(string Pipeline, string Run)> _ended = [];

    public string File => file;

    /// <summary>Attempts that were begun a second time under the same number, as sentences.</summary>
    public List<string> Mistakes { get; } = [];

    public IReadOnlyCollection<Seen> All
    {
        get
        {
            lock (_guard)
            {
                Read();
                return [.. _seen.Values];
            }
        }
    }

    /// <summary>Of how many runs that somebody called a command has come to its end.</summary>
    public int Ended
    {
        get
        {
            lock (_guard)
            {
                Read();
                return _ended.Count;
            }
        }
    }

    /// <summary>What has begun, has not ended, and has a living process.</summary>
    public List<Seen> Alive() => [.. All.Where(each => each.EndedAtLine is null && Machine.IsAlive(each.Pid))];

    private void Read()
    {
        if (!System.IO.File.Exists(file))
        {
            return;
        }

        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        stream.Position = _read;
        var text = new StreamReader(stream).ReadToEnd();
        var whole = text.LastIndexOf('\n') + 1;
        _read += System.Text.Encoding.UTF8.GetByteCount(text.AsSpan(0, whole));
        foreach (var line in text[..whole].Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            _line++;
            Take(line.Split(' '));
        }
    }

    private void Take(string[] words)
    {
        var key = (words[1], words[2], words[3], int.Parse(words[4]));
        var pid = int.Parse(words[5]);
        if (words[0] == "begin")
        {
            var begun = new Seen(words[1], words[2], words[3], key.Item4, pid, long.Parse(words[6])) { BegunAtLine = _line };
            if (mayBeginAgain && _seen.TryGetValue(key, out var earlier) && !Machine.IsAlive(earlier.Pid))
            {
                _seen[key] = begun;
            }
            else if (!_seen.TryAdd(key, begun))
            {
                Mistakes.Add($"{words[1]} {words[2]} {words[3]}: attempt {key.Item4} began twice, in processes {_seen[key].Pid} and {pid}");
            }
        }
        else if (_seen.TryGetValue(key, out var seen) && seen.Pid == pid)
        {
            seen.EndedAtLine = _line;
            if (seen.Number > 0)
            {
                _ended.Add((seen.Pipeline, seen.Run));
            }
        }
        else
        {
            Mistakes.Add($"{words[1]} {words[2]} {words[3]}: process {pid} ended attempt {key.Item4}, which it had not begun");
        }
    }
}
