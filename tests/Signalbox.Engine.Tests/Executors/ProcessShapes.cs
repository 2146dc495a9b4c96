namespace Signalbox.Engine.Tests.Executors;

/// <summary>
/// The shapes that the processes of an attempt take, and how a test finds them again: each leaf is a sleep of a length that nothing else on the
/// machine sleeps.
/// </summary>
internal static class ProcessShapes
{
    private const string Placeholder = "NAP";
    private static int _naps;

    /// <summary>A name, how many sleeps it makes, and the shell text, in which <c>NAP</c> is the sleep and <c>up</c> the file that says it stands.</summary>
    public static readonly (string Name, int Count, string Text)[] All =
    [
        ("plain child", 1, "echo up >>up; NAP"),
        ("background child", 1, "NAP & echo up >>up; wait"),
        ("grandchild", 1, "sh -c 'sh -c \"echo up >>up; NAP; true\"; true'; true"),
        ("pipe holder", 2, "NAP | NAP & echo up >>up; wait"),
        ("own session", 1, "echo up >>up; setsid -w NAP; true"),
        ("double fork", 2, "(setsid sh -c 'NAP & echo up >>up' &); NAP"),
        ("nohup", 2, "nohup NAP >/dev/null 2>&1 & echo up >>up; NAP"),
        ("ignores TERM", 1, "trap '' TERM; echo up >>up; NAP; NAP; NAP"),
        ("session that ignores TERM", 2, "trap '' TERM; setsid sh -c 'echo up >>up; NAP; NAP' & NAP; NAP"),
    ];

    /// <summary>All shapes in one attempt.</summary>
    public static (string Name, int Count, string Text) Together { get; } =
        ("all at once", All.Sum(shape => shape.Count), string.Concat(All.Select(shape => $"({shape.Text}) & ")) + "wait");

    /// <summary>A sleep that nothing else on the machine sleeps.</summary>
    public static string NewNap() => $"sleep 4{Interlocked.Increment(ref _naps)}.{Environment.ProcessId}";

    /// <summary>The shell text of a shape with its sleeps.</summary>
    public static string TextWith(string shape, string nap) => shape.Replace(Placeholder, nap);

    /// <summary>The living processes that sleep so.</summary>
    public static List<string> Napping(string nap)
    {
        var found = new List<string>();
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder), out var pid))
            {
                continue;
            }

            try
            {
                var words = File.ReadAllText($"{folder}/cmdline").Split('\0');
                if (words.Length == 3 && nap.EndsWith(" " + words[1]) && words[0].EndsWith("sleep") && Bench.IsAlive(pid))
                {
                    found.Add($"{pid} {string.Join(' ', words)}");
                }
            }
            catch (IOException)
            {
                // It ended between the listing and the look.
            }
        }

        return found;
    }
}
