using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Signalbox.Acceptance.Tests;

[assembly: AssemblyFixture(typeof(Signalbox.Page.Tests.ServedPage))]

namespace Signalbox.Page.Tests;

/// <summary>A server with runs of every kind, and a browser that has come in by the link that the server printed.</summary>
public sealed partial class ServedPage : IAsyncLifetime
{
    private static readonly string[] Flags =
    [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ];

    private readonly TestProject _project = new("shop");
    private readonly Dictionary<(bool Small, bool Dark), Task<IBrowserContext>> _shared = [];
    private IPlaywright? _playwright;
    private string _signedIn = "";

    internal TestProject Project => _project;

    internal TestServer Server { get; private set; } = null!;

    internal IBrowser Browser { get; private set; } = null!;

    /// <summary>The run of <c>broken</c>, whose task failed.</summary>
    public long Broken { get; private set; }

    /// <summary>The run of <c>flaky</c>, whose task waits for its next attempt.</summary>
    public long Flaky { get; private set; }

    /// <summary>The run that a message started, which has missed its deadline and waits.</summary>
    public long Late { get; private set; }

    /// <summary>The message that started no run.</summary>
    public long Letter { get; private set; }

    /// <summary>The run of <c>waits</c>, which waits for a file that never comes.</summary>
    public long Waits { get; private set; }

    public async ValueTask InitializeAsync()
    {
        Write();
        Server = await TestServer.StartAsync(_project);
        var link = HttpLink().Match(await Server.SaysAsync(line => line.Contains("/sign-in?token=", StringComparison.Ordinal))).Value;
        (await _project.CallAsync("backfill", "daily", "--from", "2001-01-01", "--to", "2001-01-03", "--reason", "the first days")).Expect(
            0
        );
        await _project.RunAsync("weekly", 0);
        await _project.RunAsync("train", 0, "--param", "loss=0.5");
        await _project.RunAsync("train", 0, "--param", "loss=0.25");
        Broken = (await _project.RunAsync("broken", 1)).Json.GetProperty("number").GetInt64();
        Flaky = await StartAsync("flaky");
        Waits = await StartAsync("waits");
        using var http = new HttpClient();
        var (_, started) = await http.PostAsync(Server.Address, "/hooks/landing", """{"n":1}""", "s3cret");
        Late = started.GetProperty("messages")[0].GetProperty("run").GetInt64();
        var (_, dead) = await http.PostAsync(Server.Address, "/hooks/landing", """{"n":"many"}""", "s3cret");
        Letter = dead.GetProperty("messages")[0].GetProperty("message").GetInt64();
        await Eventually.TrueAsync(() => _project.Lines("tried").Length > 0, TimeSpan.FromSeconds(30));

        _playwright = await Playwright.CreateAsync();
        Browser = await _playwright.Chromium.LaunchAsync(new() { ExecutablePath = "/usr/bin/chromium", Args = Flags });
        await using var context = await Browser.NewContextAsync();
        var page = await context.NewPageAsync();
        await page.GotoAsync(link);
        await page.WaitForURLAsync(Server.Address + "");
        await page.GetByRole(AriaRole.Navigation, new() { Name = "Views" }).WaitForAsync();
        _signedIn = await context.StorageStateAsync();
    }

    /// <summary>Opens a view in a browser profile of its own, signed in.</summary>
    internal async Task<SeenPage> OpenAsync(
        string path,
        bool small = false,
        bool dark = false,
        string zone = "Europe/Berlin",
        bool signedIn = true
    )
    {
        var context = await NewContextAsync(small, dark, zone, signedIn);
        return await OpenAsync(context, path, context.DisposeAsync);
    }

    /// <summary>Opens a view that is only looked at, in a profile that others share: it has the page's code compiled already.</summary>
    internal async Task<SeenPage> LookAsync(string path, bool small, bool dark)
    {
        Task<IBrowserContext> context;
        lock (_shared)
        {
            if (!_shared.TryGetValue((small, dark), out context!))
            {
                _shared[(small, dark)] = context = NewContextAsync(small, dark, "Europe/Berlin", signedIn: true);
            }
        }

        return await OpenAsync(await context, path, close: null);
    }

    private Task<IBrowserContext> NewContextAsync(bool small, bool dark, string zone, bool signedIn) =>
        Browser.NewContextAsync(
            new()
            {
                ViewportSize = small ? new() { Width = 390, Height = 844 } : new() { Width = 1280, Height = 860 },
                ColorScheme = dark ? ColorScheme.Dark : ColorScheme.Light,
                TimezoneId = zone,
                StorageState = signedIn ? _signedIn : null,
                ReducedMotion = ReducedMotion.Reduce,
            }
        );

    private async Task<SeenPage> OpenAsync(IBrowserContext context, string path, Func<ValueTask>? close)
    {
        var page = await context.NewPageAsync();
        var seen = new SeenPage(page, Server.Address, close ?? (async () => await page.CloseAsync()));
        await page.GotoAsync(new Uri(Server.Address, path).ToString());
        return seen;
    }

    public async ValueTask DisposeAsync()
    {
        if (Browser is not null)
        {
            await Browser.DisposeAsync();
        }

        _playwright?.Dispose();
        if (Server is not null)
        {
            await Server.DisposeAsync();
        }

        _project.Dispose();
    }

    /// <summary>Starts a run and does not wait for it.</summary>
    public async Task<long> StartAsync(string pipeline) =>
        (await _project.CallAsync("run", pipeline, "--detach", "--json")).Expect(0).Json.GetProperty("number").GetInt64();

    private void Write()
    {
        WriteWhatAsks();
        _project.Pipeline(
            "daily",
            """
            title: Sums of every day
            owner: data
            tags: [example]
            schedule: { cron: "30 2 * * *", timezone: Europe/Berlin }
            params:
              rows: { type: integer, default: 3, minimum: 1, description: how many there are }
            tasks:
              extract:
                run: |
                  printf 'reading \033[31mred\033[0m\n'; seq -f 'line %g' 1 2000
                  { echo id,amount; seq -f '%g,7' 1 {{ params.rows }}; } > {{ outputs.raw }}
                  echo '{"rows": 3, "source": "shop"}' > "$SIGNALBOX_RESULT"
                outputs:
                  raw: { path: "data/raw/{{ ds }}.csv", checks: [{ not_null: [id] }, { row_count: { min: 1 } }] }
              sums:
                needs: [extract]
                run: cp {{ inputs.raw }} {{ outputs.sums }}
                inputs: { raw: "{{ tasks.extract.outputs.raw }}" }
                outputs: { sums: { path: "data/sums/{{ ds }}.csv", dataset: shop/sums } }
                retries: 2
                retry_delay: 5m
            """
        );
        _project.Pipeline(
            "train",
            """
            tags: [models]
            params: { loss: { type: number, default: 1 } }
            tasks:
              fit:
                run: |
                  echo {{ params.loss }} > {{ outputs.model }}
                  echo '{"log_loss": {{ params.loss }}}' > "$SIGNALBOX_METRICS"
                outputs: { model: { path: "models/churn.txt", model: churn } }
              better:
                needs: [fit]
                promote: { model: churn, alias: champion }
            """
        );
        _project.Pipeline(
            "broken",
            """
            tasks:
              stop: { run: "echo no such table >&2; exit 3" }
              after: { needs: [stop], run: "true" }
            """
        );
        _project.Pipeline(
            "flaky",
            """
            tasks:
              fetch: { run: "echo again >> tried; exit 75", retries: 2, retry_delay: 1h }
            """
        );
        const string Waiting = """
            tasks:
              file: { wait_for: { file: never.csv }, every: 1h }
              load: { needs: [file], run: "true" }
            """;
        _project.Pipeline("waits", Waiting);
        _project.Pipeline("held", Waiting);
        _project.Pipeline(
            "later",
            """
            schedule: 0 0 1 1 *
            start: 2100-01-01
            run: "true"
            """
        );
    }

    private void WriteWhatAsks()
    {
        _project.Secret("hook", "s3cret");
        _project.Pipeline(
            "landing",
            """
            triggers: [{ webhook: { bearer: secret:hook } }]
            params: { n: { type: integer } }
            sla: { within: 1s }
            tasks:
              landed: { wait_for: { file: never.csv }, every: 1h }
            """
        );
        _project.Pipeline(
            "weekly",
            """
            tasks:
              sum:
                run: echo 7 > {{ outputs.sum }}
                outputs: { sum: { path: "data/weekly.csv", dataset: shop/weekly, freshness: 1s } }
            """
        );
        _project.Pipeline(
            "gate",
            """
            params: { round: { type: integer, default: 1 } }
            tasks:
              ask: { approve: { message: "release round {{ params.round }}?", form: { limit: { type: integer, minimum: 1 } } }, timeout: 1h }
              release: { needs: [ask], run: "echo {{ tasks.ask.result.form.limit }} >> released" }
            """
        );
    }

    [GeneratedRegex(@"http://\S+", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex HttpLink();
}

/// <summary>A page in the browser, and what went wrong in it.</summary>
internal sealed class SeenPage : IAsyncDisposable
{
    private static readonly string Axe = File.ReadAllText(Path.Combine(BuiltProgram.Root, "page/node_modules/axe-core/axe.min.js"));

    private readonly Func<ValueTask> _close;
    private readonly List<string> _problems = [];

    public SeenPage(IPage page, Uri home, Func<ValueTask> close)
    {
        (Page, _close) = (page, close);
        page.SetDefaultTimeout(20_000);
        page.PageError += (_, error) => _problems.Add(error);
        page.Console += (_, message) => _problems.AddRange(message.Type == "error" ? [message.Text] : []);
        page.Request += (_, request) =>
            _problems.AddRange(new Uri(request.Url).Authority == home.Authority ? [] : [$"it asks {request.Url}"]);
    }

    public IPage Page { get; }

    /// <summary>Whatever a browser complained of, and every request to another host.</summary>
    public IReadOnlyList<string> Problems => _problems;

    public Task SeesAsync(string text) => Page.GetByText(text).First.WaitForAsync();

    public ILocator Button(string name) => Page.GetByRole(AriaRole.Button, new() { Name = name, Exact = true });

    /// <summary>What axe-core finds that keeps people out.</summary>
    public async Task<string[]> SeriousAsync()
    {
        await Page.EvaluateAsync(Axe);
        var found = await Page.EvaluateAsync<JsonElement>(
            "async () => (await axe.run(document, { resultTypes: ['violations'] })).violations.map(v => ({ impact: v.impact, id: v.id, nodes: v.nodes.slice(0, 3).map(n => n.html + ' ' + n.failureSummary) }))"
        );
        return
        [
            .. found
                .EnumerateArray()
                .Where(one => one.GetProperty("impact").GetString() is "serious" or "critical")
                .Select(one => $"{one.GetProperty("id")}: {one.GetProperty("nodes")}"),
        ];
    }

    public ValueTask DisposeAsync() => _close();
}
