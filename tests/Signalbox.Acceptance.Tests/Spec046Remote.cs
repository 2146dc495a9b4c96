using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Signalbox.Acceptance.Tests;

/// <summary>docs/specs/046-remote.md: verbs that ask a server.</summary>
public sealed partial class Spec046Remote
{
    private const string Pipelines = """
        params: { rows: { type: integer, default: 1 }, tag: { type: string, default: "-" } }
        tasks:
          extract: { run: 'echo "rows $SIGNALBOX_PARAMS"; cat "$SIGNALBOX_PARAMS"' }
          load: { needs: [extract], run: 'test ! -e broken' }
        """;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    [Trait("Requirement", "S22")]
    [Trait("Requirement", "S16")]
    public async Task A_machine_without_the_project_starts_watches_and_changes_runs()
    {
        using var project = new TestProject().Pipeline("daily", Pipelines);
        await using var server = await TestServer.StartAsync(project);
        using var away = new Away(server.Address, await ApiClient.TokenAsync(project, "admin"));

        var ran = (await away.CallAsync("run", "daily", "--date", "2001-01-05", "--param", "rows=7", "--param", "tag=7")).Expect(0);
        Assert.Contains("extract success", ran.Output, StringComparison.Ordinal);
        Assert.Matches("run 1 of daily for 2001-01-05[^ ]*: success", ran.Output);
        var shown = (await away.CallAsync("runs", "show", "last", "--json")).Expect(0).Json.GetProperty("run");
        var local = (await project.CallAsync("runs", "show", "last", "--json")).Expect(0).Json.GetProperty("run");
        Assert.Equal(local.GetRawText(), shown.GetRawText());
        Assert.Equal("""{"rows":7,"tag":"7"}""", Compact(shown.GetProperty("params")));
        Assert.Equal(
            (await project.CallAsync("logs", "1", "extract")).Expect(0).Output,
            (await away.CallAsync("logs", "1", "extract", "--follow")).Expect(0).Output
        );
        Assert.Equal(
            Compact((await project.CallAsync("logs", "1", "extract", "--json")).Expect(0).Json),
            Compact((await away.CallAsync("logs", "1", "extract", "--json")).Expect(0).Json)
        );

        // What fails there fails here, and a rerun shows only what is new.
        project.Write("broken", "");
        var failed = (await away.CallAsync("run", "daily", "--date", "2001-01-06")).Expect(1);
        Assert.Contains("load failed", failed.Output, StringComparison.Ordinal);
        Assert.Contains("load", (await away.CallAsync("why", "2", "load")).Expect(0).Output, StringComparison.Ordinal);
        Assert.Contains("daily", (await away.CallAsync("why", "daily")).Expect(0).Output, StringComparison.Ordinal);
        Assert.Contains(
            "load",
            (await away.CallAsync("rerun", "2", "--from-failed", "--dry-run")).Expect(0).Output,
            StringComparison.Ordinal
        );
        File.Delete(project.PathOf("broken"));
        var again = (await away.CallAsync("rerun", "2", "--from-failed")).Expect(0);
        Assert.Contains("load success", again.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("failed", again.Output, StringComparison.Ordinal);
        (await away.CallAsync("mark", "2", "load", "failed", "--reason", "it was not")).Expect(0);
        Assert.Equal(2, (await away.CallAsync("runs", "--pipeline", "daily", "--json")).Expect(0).Json.GetArrayLength());

        var filled = (
            await away.CallAsync("backfill", "daily", "--from", "2001-02-01", "--to", "2001-02-03", "--reason", "history", "--json")
        ).Expect(0);
        Assert.Equal("success", filled.Json.GetProperty("state").GetString());
        Assert.Equal(3, filled.Json.GetProperty("runs").GetArrayLength());
        Assert.Contains("paused", (await away.CallAsync("pause", "daily")).Expect(0).Output, StringComparison.Ordinal);
        Assert.Contains(
            "unpausing daily now",
            (await away.CallAsync("unpause", "daily", "--dry-run")).Expect(0).Output,
            StringComparison.Ordinal
        );
        (await away.CallAsync("unpause", "daily")).Expect(0);
        Assert.Empty((await away.CallAsync("plan", "--json", "--pipeline", "daily")).Expect(0).Json.GetProperty("ticks").EnumerateArray());
        (await away.CallAsync("sla", "report")).Expect(0);
        (await away.CallAsync("alerts", "list")).Expect(0);
        Assert.Contains("daily", (await away.CallAsync("verify", "list")).Expect(0).Output, StringComparison.Ordinal);

        // What is refused there is a mistake here, in the words of the server.
        Assert.Contains("there is no run", (await away.CallAsync("cancel", "4711")).Expect(2).Error, StringComparison.Ordinal);
        Assert.Contains(
            "does not take it",
            (await away.CallAsync("graph", "daily", "--mermaid")).Expect(2).Error,
            StringComparison.Ordinal
        );
        Assert.Contains("--server", (await away.CallAsync("init", "--server", away.Server)).Expect(2).Error, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Requirement", "G34")]
    public async Task Only_a_token_that_is_kept_to_oneself_is_used_and_what_is_wrong_says_how_to_mend_it()
    {
        using var project = new TestProject().Pipeline("daily", Pipelines);
        await using var server = await TestServer.StartAsync(project);
        using var away = new Away(server.Address, token: null);
        Assert.Contains("SIGNALBOX_TOKEN", (await away.CallAsync("runs")).Expect(2).Error, StringComparison.Ordinal);

        var file = away.PathOf("token");
        await File.WriteAllTextAsync(file, await ApiClient.TokenAsync(project, "viewer") + "\n", Ct);
        away.Environment["SIGNALBOX_TOKEN_FILE"] = file;
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        var open = (await away.CallAsync("runs")).Expect(2);
        Assert.Contains("others can read", open.Error, StringComparison.Ordinal);
        Assert.Contains("chmod 600", open.Error, StringComparison.Ordinal);
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        (await away.CallAsync("runs")).Expect(0);
        Assert.Contains("--role admin", (await away.CallAsync("run", "daily")).Expect(2).Error, StringComparison.Ordinal);
        away.Environment["SIGNALBOX_TOKEN"] = "sbx_wrong";
        Assert.Contains("does not know you", (await away.CallAsync("runs")).Expect(2).Error, StringComparison.Ordinal);

        // A project that is named is opened, whatever the variable says; a verb of this machine stays here.
        (await away.CallAsync("runs", "--project", project.Folder)).Expect(0);
        (await away.CallAsync("cron", "explain", "@daily")).Expect(0);

        away.Environment["SIGNALBOX_SERVER"] = $"http://127.0.0.1:{FreePort()}";
        Assert.Contains("there is no server", (await away.CallAsync("runs")).Expect(69).Error, StringComparison.Ordinal);
        away.Environment["SIGNALBOX_SERVER"] = "http://signalbox.invalid:8400";
        Assert.Contains("in clear", (await away.CallAsync("runs")).Expect(2).Error, StringComparison.Ordinal);
        away.Environment["SIGNALBOX_SERVER"] = "signalbox.example";
        Assert.Contains("no address", (await away.CallAsync("runs")).Expect(2).Error, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Requirement", "S192")]
    public async Task Every_verb_is_a_call_of_the_API_or_belongs_to_this_machine()
    {
        var source = await File.ReadAllTextAsync(Path.Combine(BuiltProgram.Root, "src/Signalbox.App/Cli/Remote/RemoteVerbs.cs"), Ct);
        var rows = Row().Matches(source).Select(row => (Verb: row.Groups["verb"].Value, Says: row.Groups["says"].Value)).ToList();
        Assert.Equal(
            (await VerbsAsync()).Order(StringComparer.Ordinal),
            rows.Select(row => row.Verb).Distinct().Order(StringComparer.Ordinal)
        );

        using var document = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(BuiltProgram.Root, "schemas/openapi.json"), Ct));
        var addresses = document
            .RootElement.GetProperty("paths")
            .EnumerateObject()
            .SelectMany(path => path.Value.EnumerateObject().Select(method => Bare($"{method.Name.ToUpperInvariant()} {path.Name}")))
            .ToHashSet();
        var calls = rows.Where(row => Address().IsMatch(row.Says)).ToList();
        Assert.InRange(calls.Count, 50, int.MaxValue);
        Assert.DoesNotContain(calls, call => !addresses.Contains(Bare(call.Says)));

        // The page lists them.
        var page = Path.Combine(BuiltProgram.Root, "docs/specs/046-remote.md");
        var kept = await File.ReadAllTextAsync(page, Ct);
        var table = string.Concat(
            calls.Select(call => $"| `{call.Verb}` | `{call.Says.Replace("|", "\\|", StringComparison.Ordinal)}` |\n")
        );
        const string Head = "| Verb | Call |\n|---|---|\n";
        var made = kept[..(kept.IndexOf(Head, StringComparison.Ordinal) + Head.Length)] + table;
        if (Environment.GetEnvironmentVariable("SIGNALBOX_WRITE") == "1")
        {
            await File.WriteAllTextAsync(page, made, Ct);
        }

        Assert.Equal(made, await File.ReadAllTextAsync(page, Ct));
    }

    /// <summary>All verbs that do something, with the words of those below others, as the program completes them.</summary>
    private static async Task<List<string>> VerbsAsync()
    {
        var found = new List<string>();
        foreach (var verb in await CompletedAsync(""))
        {
            var below = await CompletedAsync(verb, "");
            var help = (await BuiltProgram.CallAsync(BuiltProgram.Root, environment: null, deadline: null, verb, "--help"))
                .Expect(0)
                .Output;
            var names = below
                .Where(word => Regex.IsMatch(help, $"^  {Regex.Escape(word)}( |$)", RegexOptions.Multiline | RegexOptions.NonBacktracking))
                .ToList();
            found.AddRange(names.Select(name => $"{verb} {name}"));
            if (names.Count == 0 || verb is "runs" or "pipelines" or "plan" or "backfill" or "datasets" or "breakers")
            {
                found.Add(verb);
            }
        }

        return found;
    }

    private static async Task<string[]> CompletedAsync(params string[] words) =>
        (await BuiltProgram.CallAsync(BuiltProgram.Root, environment: null, deadline: null, ["completion", "words", "--", .. words]))
            .Expect(0)
            .Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private static string Bare(string address) => Part().Replace(address, "{}");

    private static string Compact(JsonElement element) => JsonSerializer.Serialize(element);

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    [GeneratedRegex(
        "(Call|Here|Backfill|Datasets)\\(\"(?<verb>[a-z -]+)\"(, (\"(?<says>[^\"]+)\"|Of[A-Za-z]+))?\\)",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex Row();

    [GeneratedRegex("^(GET|POST|PUT|DELETE) /", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Address();

    [GeneratedRegex("\\{[^}]+\\}", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Part();

    /// <summary>A machine that has no project, only the address of a server.</summary>
    private sealed class Away : IDisposable
    {
        private readonly string _folder = Directory.CreateTempSubdirectory("signalbox-away-").FullName;

        public Away(Uri server, string? token)
        {
            Server = server.ToString();
            Environment["SIGNALBOX_SERVER"] = Server;
            Environment["SIGNALBOX_TOKEN"] = token ?? "";
            // What stands in the home of who runs the tests is not meant.
            Environment["XDG_CONFIG_HOME"] = _folder;
        }

        public string Server { get; }

        public Dictionary<string, string> Environment { get; } = [];

        public string PathOf(string name) => Path.Combine(_folder, name);

        public Task<Called> CallAsync(params string[] arguments) => BuiltProgram.CallAsync(_folder, Environment, deadline: null, arguments);

        public void Dispose() => Directory.Delete(_folder, recursive: true);
    }
}
