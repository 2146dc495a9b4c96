using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Signalbox.Acceptance.Tests;

namespace Signalbox.Faults.Tests;

/// <summary>
/// A project with everything that makes runs, and callers who go on calling whether anybody answers or not. What they were told is the ledger.
/// </summary>
internal sealed class Load : IAsyncDisposable
{
    private const string HookSecret = "s3cret";
    private const int MostUnfinished = 40;
    private const int MostHeld = 5;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(150);

    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(20) };
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _callers = [];
    private readonly string _folder;
    private long _number;

    /// <param name="every">How often the schedule is due.</param>
    public Load(TestProject project, Witness witness, TimeSpan every)
    {
        _folder = project.Folder;
        Project = project;
        Every = every;
        Witness = witness;
        Address = new Uri($"http://127.0.0.1:{Port}");
    }

    public TestProject Project { get; }

    public int Port { get; } = Machine.FreePort();

    public Uri Address { get; }

    public Witness Witness { get; }

    /// <summary>How often the schedule is due.</summary>
    public TimeSpan Every { get; }

    /// <summary>The numbers of runs that callers were told of, by the key of the call. A key is never used for two wishes.</summary>
    public ConcurrentDictionary<string, long> Runs { get; } = [];

    /// <summary>The numbers of messages that senders were told of, by what they sent.</summary>
    public ConcurrentDictionary<long, long> Messages { get; } = [];

    /// <summary>Calls that were made, each under a key of its own and again until it was answered.</summary>
    public ConcurrentDictionary<string, byte> Wishes { get; } = [];

    /// <summary>Calls that nobody answered, or that were answered with a refusal.</summary>
    public long Unanswered;

    // Callers wait until more of what they asked for has ended.
    private bool HasEnough => Acknowledged - Witness.Ended > MostUnfinished;

    public int Acknowledged => Runs.Count + Messages.Count;

    /// <summary>Writes the project's files; the state it may have already stays.</summary>
    public Load Write(string settings = "")
    {
        var witness = $"'{Witness.File}'";
        var about = "$SIGNALBOX_PIPELINE $SIGNALBOX_RUN_ID $SIGNALBOX_TASK $SIGNALBOX_ATTEMPT $$";
        // What a fault makes of a task that it hits is a failure like another, and is tried again; so is what is lost with its machine, and
        // here machines are lost more often than in the years that the default is for.
        const string trials = "    timeout: 10m\n    retries: 20\n    retry_delay: 200ms\n    lost_budget: 1000\n";
        Project
            .Write("signalbox.yaml", $"max_active_tasks: 24\n{settings}")
            .Pipeline("called", Body("n", Task("first", 0.1) + Task("second", 0.1, needs: "first")))
            .Pipeline("long", Body("n", Task("slow", 4)))
            .Pipeline(
                "hooked",
                $"triggers: [{{ webhook: {{ bearer: secret:hook, max_per_minute: 1000000 }} }}]\n{Body("n", Task("main", 0.05))}"
            )
            .Pipeline(
                "ticked",
                $"schedule: {{ every: {Every.TotalSeconds:0}s }}\ncatchup: all\nmax_catchup: 100000\nmax_active_runs: 8\ntasks:\n"
                    + Task("main", 0, number: "0")
            )
            .Pipeline(
                "made",
                Body(
                    "n",
                    Task(
                        "make",
                        0,
                        more: "for i in 1 2 3; do echo {{ params.n }} > {{ outputs.folder }}/$i; done; echo {{ params.n }} > {{ outputs.file }}"
                    )
                        + "    outputs:\n"
                        + "      folder: { path: data/folder/, dataset: folder, keep: 1 }\n"
                        + "      file: { path: data/file.txt, dataset: file, keep: 1 }\n"
                )
            )
            .Secret("hook", HookSecret);
        return this;

        static string Body(string param, string tasks) =>
            $"params: {{ {param}: {{ type: integer }} }}\nmax_active_runs: 8\ntasks:\n{tasks}";

        string Task(string name, double seconds, string? needs = null, string number = "{{ params.n }}", string? more = null) =>
            $"  {name}:\n{trials}"
            + (needs is null ? "" : $"    needs: [{needs}]\n")
            + "    run: |\n"
            + $"      echo \"begin {about} {number}\" >> {witness}\n"
            + (more is null ? "" : $"      {more}\n")
            + (seconds > 0 ? $"      sleep {seconds}\n" : "")
            + $"      echo \"end {about}\" >> {witness}\n";
    }

    /// <summary>Begins to call.</summary>
    public async Task BeginAsync()
    {
        var token = (await Project.CallAsync("tokens", "create", "harness", "--role", "admin", "--json")).Expect(0).Json;
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token.GetProperty("token").GetString());
        _callers.Add(CallAsync("called", Pause));
        _callers.Add(CallAsync("made", Pause * 3));
        _callers.Add(CallAsync("long", Pause * 5));
        _callers.Add(SendAsync());
    }

    /// <summary>Asks for a run, again and again until it is told of it.</summary>
    /// <returns>False when it was over before.</returns>
    public Task<bool> AskAsync(string pipeline, CancellationToken most)
    {
        var number = Interlocked.Increment(ref _number);
        var key = $"key-{number}";
        return UntilAnsweredAsync(
            key,
            () =>
            {
                var request = new HttpRequestMessage(HttpMethod.Post, new Uri(Address, $"/api/pipelines/{pipeline}/runs"))
                {
                    Content = Json($$"""{"params": {"n": {{number}} } }"""),
                };
                request.Headers.Add("Idempotency-Key", key);
                return request;
            },
            HttpStatusCode.Created,
            answer => Runs[key] = answer.GetProperty("number").GetInt64(),
            most
        );
    }

    /// <summary>Sends a message, again and again until it is told that it was kept.</summary>
    public Task<bool> SendAsync(CancellationToken most)
    {
        var number = Interlocked.Increment(ref _number);
        return UntilAnsweredAsync(
            $"message-{number}",
            () =>
            {
                var request = new HttpRequestMessage(HttpMethod.Post, new Uri(Address, "/hooks/hooked"))
                {
                    Content = Json($$"""{"n": {{number}}}"""),
                };
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", HookSecret);
                request.Headers.Add("X-Signalbox-Delivery", $"message-{number}");
                return request;
            },
            HttpStatusCode.Accepted,
            answer => Messages[number] = answer.GetProperty("messages")[0].GetProperty("message").GetInt64(),
            most
        );
    }

    /// <summary>Asks for a run as a person does who does not wait for it, and takes what is printed for an answer.</summary>
    public async Task CallByCommandLineAsync()
    {
        var number = Interlocked.Increment(ref _number);
        var key = $"line-{number}";
        Wishes.TryAdd(key, 0);
        var called = await Project.CallAsync("run", "called", "--param", $"n={number}", "--run-id", key, "--detach", "--json");
        if (called.ExitCode == 0)
        {
            Runs[key] = called.Json.GetProperty("number").GetInt64();
        }
        else
        {
            Interlocked.Increment(ref Unanswered);
        }
    }

    /// <summary>Ends the calls. A call that is under way ends as it does: what it is told still counts.</summary>
    public async Task EndAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_callers);
    }

    public async Task<JsonElement> GetAsync(string path)
    {
        using var response = await _http.GetAsync(new Uri(Address, path), TestContext.Current.CancellationToken);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(response.IsSuccessStatusCode, $"{path} is answered with {(int)response.StatusCode}: {text}");
        using var document = JsonDocument.Parse(text);
        return document.RootElement.Clone();
    }

    /// <summary>All items of a list that is sent in pages.</summary>
    public async Task<List<JsonElement>> AllAsync(string path)
    {
        var items = new List<JsonElement>();
        var after = "";
        while (true)
        {
            var page = await GetAsync($"{path}{(path.Contains('?') ? '&' : '?')}limit=1000{after}");
            items.AddRange(page.GetProperty("items").EnumerateArray());
            if (page.GetProperty("next") is not { ValueKind: not JsonValueKind.Null } next)
            {
                return items;
            }

            after = $"&after={next}";
        }
    }

    public async ValueTask DisposeAsync()
    {
        await EndAsync();
        _http.Dispose();
        _stop.Dispose();
    }

    private async Task CallAsync(string pipeline, TimeSpan pause)
    {
        while (await RestAsync(pause))
        {
            await AskAsync(pipeline, _stop.Token);
        }
    }

    private async Task SendAsync()
    {
        while (await RestAsync(Pause))
        {
            await SendAsync(_stop.Token);
        }
    }

    private async Task<bool> UntilAnsweredAsync(
        string key,
        Func<HttpRequestMessage> make,
        HttpStatusCode expected,
        Action<JsonElement> acknowledged,
        CancellationToken most
    )
    {
        Wishes.TryAdd(key, 0);
        while (!most.IsCancellationRequested)
        {
            try
            {
                using var request = make();
                // One that is under way goes on when it is over: what it is told counts.
                using var response = await _http.SendAsync(request);
                var text = await response.Content.ReadAsStringAsync();
                if (response.StatusCode == expected)
                {
                    using var document = JsonDocument.Parse(text);
                    acknowledged(document.RootElement);
                    return true;
                }

                Assert.True((int)response.StatusCode is >= 500 or 429 or 409, $"{request.RequestUri}: {(int)response.StatusCode} {text}");
            }
            catch (Exception away) when (away is HttpRequestException or IOException or TaskCanceledException)
            {
                // Nobody knows whether it was kept.
            }

            Interlocked.Increment(ref Unanswered);
            await Task.Delay(Pause, most).ContinueWith(_ => { }, TaskScheduler.Default);
        }

        return false;
    }

    /// <returns>False: it is over.</returns>
    private async Task<bool> RestAsync(TimeSpan pause)
    {
        try
        {
            await Task.Delay(pause, _stop.Token);
            // Held back, not stopped: a run that failed never gives its place to another.
            for (var held = 0; HasEnough && held < MostHeld; held++)
            {
                await Task.Delay(Pause * 4, _stop.Token);
            }

            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private static StringContent Json(string text) => new(text, Encoding.UTF8, "application/json");
}
