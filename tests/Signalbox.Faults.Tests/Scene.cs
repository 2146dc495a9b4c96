using System.Diagnostics;
using System.Text.Json;
using Signalbox.Acceptance.Tests;

namespace Signalbox.Faults.Tests;

/// <summary>
/// A server under load, something that is done to it again and again, and the question whether everything that was promised still holds.
/// </summary>
/// <remarks>
/// How often is short unless <c>SIGNALBOX_FAULTS</c> says <c>long</c>, or a number; <c>SIGNALBOX_FAULTS_MINUTES</c> ends it earlier. What came of
/// it is written to <c>artifacts/faults/NAME-TIME.json</c>, of which <c>docs/make-fault-report.py</c> makes the report.
/// </remarks>
/// <param name="name">One word.</param>
/// <param name="what">What is done, as a sentence of the report.</param>
/// <param name="shortly">How often in <c>./check</c>.</param>
/// <param name="atLength">How often for the report.</param>
public abstract class Scene(string name, string what, int shortly, int atLength)
{
    private const string Times = "SIGNALBOX_FAULTS";
    private const string Minutes = "SIGNALBOX_FAULTS_MINUTES";

    // In `./check` nothing is measured: the machine does much else.
    private const int SoonEnoughForAll = 120;
    private readonly Stopwatch _watch = new();
    private int _done;
    private Load? _load;
    private Adoptions? _adoptions;

    /// <summary>From a seed that is printed, so that a story can be told again.</summary>
    private protected Random Chance { get; } = new(Environment.TickCount);

    private protected Load Load => _load!;

    private protected TestProject Project => _load!.Project;

    private protected SortedDictionary<string, long> Counts { get; } = new(StringComparer.Ordinal);

    /// <summary>Promises that were broken while it went on.</summary>
    private protected List<string> Findings { get; } = [];

    private protected virtual TimeSpan Every => TimeSpan.FromSeconds(2);

    /// <summary>Further lines of <c>signalbox.yaml</c>.</summary>
    private protected virtual string Settings => "";

    /// <summary>Variables of the server alone.</summary>
    private protected virtual IReadOnlyDictionary<string, string> ServerEnvironment => new Dictionary<string, string>();

    /// <summary>Whether what is done may hit a task in earnest.</summary>
    private protected virtual bool MayFail => false;

    /// <summary>Whether what is done may take from the disk that an attempt had begun.</summary>
    private protected virtual bool MayBeginAgain => false;

    /// <summary>Why it cannot be played here; null when it can.</summary>
    private protected virtual string? Hindrance => null;

    private bool IsLate =>
        Environment.GetEnvironmentVariable(Minutes) is { Length: > 0 } minutes && _watch.Elapsed > TimeSpan.FromMinutes(int.Parse(minutes));

    private int HowOften =>
        Environment.GetEnvironmentVariable(Times) switch
        {
            null or "" => shortly,
            "long" => atLength,
            var number => int.Parse(number),
        };

    /// <summary>Before the project's files are written.</summary>
    private protected virtual Task PrepareAsync(string folder) => Task.CompletedTask;

    /// <summary>Does it while <see cref="Again"/> says so.</summary>
    /// <param name="isShort">Whether somebody waits for <c>./check</c>.</param>
    private protected abstract Task DisturbAsync(bool isShort);

    /// <summary>Whether it is to be done once more; the first time it is <paramref name="done"/> 0 times.</summary>
    private protected bool Again(int done)
    {
        _done = done;
        if (done % 10 == 0)
        {
            // For whoever watches a long play.
            var line =
                $"{DateTime.UtcNow:HH:mm:ss} {name}: {done} of {HowOften}, {Load.Acknowledged} acknowledged, {Findings.Count} findings\n";
            File.AppendAllText(Path.Combine(Folder(), $"{name}.log"), line);
        }

        return done < HowOften && !IsLate;
    }

    /// <summary>After everything has been compared.</summary>
    private protected virtual void CleanUp() { }

    private protected async Task PlayAsync()
    {
        if (Hindrance is { } hindrance)
        {
            Assert.Skip(hindrance);
        }

        using var project = new TestProject("faults");
        _watch.Start();
        Verdict verdict;
        try
        {
            await PrepareAsync(project.Folder);
            await using var load = new Load(project, new Witness(project.Folder + ".witness", MayBeginAgain), Every);
            _load = load.Write(Settings);
            _adoptions = new Adoptions(load.Witness);
            await load.BeginAsync();
            await DisturbAsync(HowOften == shortly);
            await using var last = StartServer();
            await last.ReadyAsync();
            await LoadedAsync();
            await load.EndAsync();
            verdict = await Verdict.OfAsync(load, MayFail);
            _adoptions.Judge(verdict);
        }
        finally
        {
            CleanUp();
        }

        foreach (var (what, count) in Counts)
        {
            verdict.Counts[what] = count;
        }

        Findings.AddRange(verdict.Findings);
        if (verdict.Counts["calls acknowledged"] == 0 || verdict.Counts["published"] == 0 || verdict.Counts["ticks"] == 0)
        {
            Findings.Add("it shows nothing: there was no load");
        }

        Write(verdict.Counts);
        Assert.True(Findings.Count == 0, string.Join('\n', Findings.Take(20)));
    }

    private protected Served StartServer(IReadOnlyDictionary<string, string>? environment = null) =>
        Served.Start(Project.Folder, Load.Port, environment ?? ServerEnvironment);

    /// <summary>On a busy machine a short play may be over before it had a load: then the last server has it.</summary>
    private async Task LoadedAsync()
    {
        var watch = Stopwatch.StartNew();
        while ((Load.Acknowledged == 0 || !Has("made") || !Has("ticked")) && watch.Elapsed < TimeSpan.FromSeconds(SoonEnoughForAll))
        {
            await RestAsync(0.1);
        }

        bool Has(string pipeline) => Load.Witness.All.Any(each => each.Pipeline == pipeline && each.EndedAtLine is not null);
    }

    /// <summary>What was away is back: a call must be answered soon.</summary>
    private protected async Task AnsweredAgainAsync(int seconds = 10)
    {
        var (watch, most) = (Stopwatch.StartNew(), TimeSpan.FromSeconds(HowOften == shortly ? SoonEnoughForAll : seconds));
        using var late = new CancellationTokenSource(most);
        if (!await Load.AskAsync("called", late.Token))
        {
            Findings.Add($"no call was answered within {most.TotalSeconds} s");
            return;
        }

        Counts["slowest answer after it, ms"] = Math.Max(
            Counts.GetValueOrDefault("slowest answer after it, ms"),
            (long)watch.Elapsed.TotalMilliseconds
        );
    }

    /// <summary>Kills a server, counts what ran, and looks at what readers see.</summary>
    private protected async Task KillAsync(Served server)
    {
        await server.KillAsync();
        Died();
        await server.DisposeAsync();
    }

    /// <summary>The server has died.</summary>
    private protected void Died()
    {
        Count("kills");
        _adoptions!.ServerDied();
        if (Verdict.Torn(Project.Folder) is { } torn)
        {
            Findings.Add(torn);
        }
    }

    private protected void Count(string what) => Counts[what] = Counts.GetValueOrDefault(what) + 1;

    private protected static Task RestAsync(double seconds) =>
        Task.Delay(TimeSpan.FromSeconds(seconds), TestContext.Current.CancellationToken);

    private protected double Between(double least, double most) => least + (Chance.NextDouble() * (most - least));

    private void Write(SortedDictionary<string, long> counts)
    {
        using var stream = File.Create(Path.Combine(Folder(), $"{name}-{DateTime.UtcNow:yyyyMMdd-HHmmss}-{Environment.ProcessId}.json"));
        using var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true });
        writer.WriteStartObject();
        writer.WriteString("scene", name);
        writer.WriteString("what", what);
        writer.WriteNumber("times", _done);
        writer.WriteNumber("seconds", (long)_watch.Elapsed.TotalSeconds);
        writer.WriteString("at", DateTime.UtcNow.ToString("yyyy-MM-dd HH:mm'Z'"));
        writer.WriteStartObject("counts");
        foreach (var (each, count) in counts)
        {
            writer.WriteNumber(each, count);
        }

        writer.WriteEndObject();
        writer.WriteStartArray("findings");
        Findings.ForEach(writer.WriteStringValue);
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static string Folder() => Directory.CreateDirectory(Path.Combine(BuiltProgram.Root, "artifacts", "faults")).FullName;
}
