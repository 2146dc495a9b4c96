using System.Diagnostics;
using System.Text;
using System.Text.Json;

namespace Signalbox.Acceptance.Tests;

/// <summary>One demo for all tests that look at it: in a folder that an earlier one made, serving afterwards.</summary>
public sealed class DemoRun : IAsyncLifetime
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(3);
    private readonly string _root = Directory.CreateTempSubdirectory("signalbox-demo-").FullName;
    private Process? _process;

    /// <summary>The folder in which the demo was called.</summary>
    public string Root => _root;

    public string Folder => Path.Combine(_root, "flug's \"demo\" 東京");

    public JsonElement Document { get; private set; }

    /// <summary>The runs as the demo left them: tests run more.</summary>
    public IReadOnlyList<JsonElement> Runs { get; private set; } = [];

    /// <summary>What the server answered at /healthz after the demo.</summary>
    public string Health { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        // As an earlier demo leaves it, with something that is its user's own.
        Write(".signalbox-demo", "");
        Write("features/date=1999-01-01/part-0.parquet", "old");
        Write("notes.txt", "mine");
        _process = BuiltProgram.Start(_root, null, "demo", Path.GetFileName(Folder), "--json", "--serve", "--port", "0");
        _process.StandardInput.Close();
        var errors = _process.StandardError.ReadToEndAsync();
        using var limit = new CancellationTokenSource(Deadline);
        var document = new StringBuilder();
        while (await _process.StandardOutput.ReadLineAsync(limit.Token) is { } line)
        {
            document.AppendLine(line);
            if (line == "}")
            {
                break;
            }
        }

        Assert.True(document.Length > 0, $"the demo said nothing\n{(_process.HasExited ? await errors : "")}");
        using (var parsed = JsonDocument.Parse(document.ToString()))
        {
            Document = parsed.RootElement.Clone();
        }

        Health = await HealthAsync(_process.StandardOutput, limit.Token);
        await EndAsync();
        Runs = [.. (await CallAsync("runs", "--json")).Expect(0).Json.EnumerateArray()];
    }

    public async ValueTask DisposeAsync()
    {
        await EndAsync();
        _process?.Dispose();
        Directory.Delete(_root, recursive: true);
    }

    /// <summary>A verb in the demo's project.</summary>
    internal Task<Called> CallAsync(params string[] arguments) =>
        BuiltProgram.CallAsync(Folder, environment: null, TimeSpan.FromMinutes(1), arguments);

    /// <summary>Rows of a query over files of the project, by the program's own SQL worker.</summary>
    public async Task<List<JsonElement>> QueryAsync(string sql, params (string Name, string Path)[] inputs)
    {
        var (request, response, rows) = (
            Path.Combine(_root, "request.json"),
            Path.Combine(_root, "response.json"),
            Path.Combine(_root, "rows.json")
        );
        File.Delete(rows);
        var asked = new
        {
            kind = "sql",
            sql,
            inputs = inputs.ToDictionary(input => input.Name, input => Path.Combine(Folder, input.Path)),
            outputs = new Dictionary<string, string> { ["rows"] = rows },
        };
        await File.WriteAllTextAsync(request, JsonSerializer.Serialize(asked));
        (await CallAsync("work", request, response)).Expect(0);
        using var document = JsonDocument.Parse(await File.ReadAllTextAsync(rows));
        return [.. document.RootElement.EnumerateArray().Select(row => row.Clone())];
    }

    private static async Task<string> HealthAsync(StreamReader output, CancellationToken limit)
    {
        while (await output.ReadLineAsync(limit) is { } line)
        {
            if (line.IndexOf("http://", StringComparison.Ordinal) is var at && at > 0)
            {
                using var client = new HttpClient();
                return await client.GetStringAsync(new Uri(new Uri(line[at..].Trim('"', '}', ' ')), "/healthz"), limit);
            }
        }

        return "the server never said where it is";
    }

    private async Task EndAsync()
    {
        if (_process is { HasExited: false } running)
        {
            using var terminate = Process.Start("/bin/kill", ["-TERM", $"{running.Id}"]);
            await running.WaitForExitAsync().WaitAsync(Deadline);
        }
    }

    private void Write(string relative, string text)
    {
        var path = Path.Combine(Folder, relative);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }
}
