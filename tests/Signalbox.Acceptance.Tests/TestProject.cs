namespace Signalbox.Acceptance.Tests;

/// <summary>A project in a folder of its own, with a name that breaks what does not quote.</summary>
internal sealed class TestProject : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("signalbox-acceptance-").FullName;

    public TestProject(string name = "pro ject's \"größe\" 東京")
    {
        Folder = Path.Combine(_root, name);
        Directory.CreateDirectory(Path.Combine(Folder, "pipelines"));
        Write("signalbox.yaml", "");
    }

    public string Folder { get; }

    /// <summary>Variables that calls see beside those of the tests.</summary>
    public Dictionary<string, string> Environment { get; } = [];

    public string PathOf(string relative) => Path.Combine(Folder, relative);

    public TestProject Write(string relative, string text)
    {
        var path = PathOf(relative);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return this;
    }

    /// <summary>Writes a pipeline file; its name is that of the file.</summary>
    public TestProject Pipeline(string name, string body) => Write($"pipelines/{name}.yaml", $"pipeline: {name}\n{body}");

    public string Read(string relative) => File.ReadAllText(PathOf(relative));

    public string[] Lines(string relative) => File.Exists(PathOf(relative)) ? File.ReadAllLines(PathOf(relative)) : [];

    /// <summary>Calls a verb in the project's folder.</summary>
    public Task<Called> CallAsync(params string[] arguments) => BuiltProgram.CallAsync(Folder, Environment, deadline: null, arguments);

    /// <summary>Runs a pipeline for a date and gives the document of its run.</summary>
    public async Task<RunSeen> RunAsync(string pipeline, int exitCode = 0, params string[] more) =>
        new((await CallAsync(["run", pipeline, "--json", .. more])).Expect(exitCode).Json);

    public async Task<RunSeen> RerunAsync(long run, int exitCode, params string[] how) =>
        new((await CallAsync(["rerun", $"{run}", "--json", .. how])).Expect(exitCode).Json);

    /// <summary>Waits until a run has ended, whoever runs it.</summary>
    public async Task<RunSeen> EndedAsync(long run, TimeSpan? deadline = null)
    {
        var watch = System.Diagnostics.Stopwatch.StartNew();
        while (true)
        {
            var seen = new RunSeen((await CallAsync("runs", "show", $"{run}", "--json")).Expect(0).Json.GetProperty("run"));
            if (seen.State is "success" or "failed" or "cancelled")
            {
                return seen;
            }

            Assert.True(watch.Elapsed < (deadline ?? TimeSpan.FromSeconds(30)), $"run {run} is still {seen.Json}");
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }
    }

    public void Dispose()
    {
        // A command that outlives its server writes to the end: its folder may fill while it is wiped.
        var late = DateTime.UtcNow.AddSeconds(10);
        while (Directory.Exists(_root))
        {
            try
            {
                Directory.Delete(_root, recursive: true);
            }
            catch (IOException) when (DateTime.UtcNow < late)
            {
                Thread.Sleep(50);
            }
        }
    }
}
