using Signalbox.Core;
using Signalbox.Engine.Executors;

namespace Signalbox.Engine.Tests.Executors;

/// <summary>An executor, a directory for its attempts, and the end of each attempt as it is told.</summary>
internal sealed class Bench : IAsyncDisposable
{
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);
    private static int _last;
    private readonly Dictionary<AttemptKey, Observation> _ends = [];

    public Bench(string? folder = null, string? instance = null)
    {
        Instance = instance ?? $"t{Environment.ProcessId}x{Interlocked.Increment(ref _last)}";
        Folder = folder ?? Directory.CreateTempSubdirectory("signalbox-test-").FullName;
        Directory.CreateDirectory(Folder);
        Executor = new LocalExecutor(new LocalExecutorOptions { Instance = Instance });
    }

    public string Instance { get; }
    public string Folder { get; }
    public LocalExecutor Executor { get; }
    public static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public AttemptSpec Shell(string text, string name = "a1", Containment containment = Containment.Auto) =>
        Spec(new CommandSpec.Shell(text), name, containment);

    public AttemptSpec Run(params string[] argv) => Spec(new CommandSpec.Arguments([.. argv]), "a1", Containment.Auto);

    private AttemptSpec Spec(CommandSpec command, string name, Containment containment) =>
        new()
        {
            Key = AttemptKey.Of($"{Instance}-{name}"),
            Directory = $"{Folder}/{name}",
            WorkingDirectory = Folder,
            Command = command,
            Environment = new Dictionary<string, string> { ["PATH"] = "/usr/local/bin:/usr/bin:/bin" },
            Containment = containment,
        };

    /// <summary>Writes a text of several lines as a script in the folder, for a server that is given one line.</summary>
    public void WriteScript(string name, string text) => File.WriteAllText($"{Folder}/{name}.sh", text);

    public async Task<Observation> Start(AttemptSpec spec)
    {
        var result = await Executor.SubmitAsync(spec, maybeSubmittedBefore: false, Cancel);
        return Assert.IsType<SubmitResult.Started>(result).Now;
    }

    public async Task<Observation> RunToEnd(AttemptSpec spec)
    {
        await Start(spec);
        return await End(spec.Key);
    }

    public async Task<Observation> End(AttemptKey key)
    {
        Observation? end;
        using var late = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        late.CancelAfter(Deadline);
        while (!_ends.TryGetValue(key, out end))
        {
            var next = await Executor.Observations.ReadAsync(late.Token);
            _ends.Add(next.Key, next);
        }

        return end;
    }

    public static async Task Until(Func<bool> condition, string what)
    {
        var late = DateTime.UtcNow + Deadline;
        while (!condition())
        {
            Assert.True(DateTime.UtcNow < late, $"waited in vain: {what}");
            await Task.Delay(5, Cancel);
        }
    }

    /// <summary>Waits for a line that a command appends to a file in the folder.</summary>
    public async Task<string> Line(string file)
    {
        var path = $"{Folder}/{file}";
        await Until(() => File.Exists(path) && File.ReadAllText(path).EndsWith('\n'), $"a line in {file}");
        return File.ReadLines(path).First();
    }

    public static bool IsAlive(int pid)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            return stat[stat.LastIndexOf(')') + 2] is not ('Z' or 'X');
        }
        catch (IOException)
        {
            return false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Executor.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }
}
