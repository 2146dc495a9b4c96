using System.Diagnostics;
using System.Text;
using System.Text.Json;

namespace Signalbox.Acceptance.Tests;

/// <summary>The program as users get it: built once by the script at the root, then called from outside.</summary>
internal static class BuiltProgram
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);
    private static readonly Lazy<string> Built = new(Build);

    public static string Root { get; } = FindRoot();

    public static string Path => Built.Value;

    /// <summary>Calls the program and waits for its end.</summary>
    public static async Task<Called> CallAsync(
        string folder,
        IReadOnlyDictionary<string, string>? environment,
        TimeSpan? deadline,
        params string[] arguments
    )
    {
        using var process = Start(folder, environment, arguments);
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(deadline ?? Deadline);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            Assert.Fail($"signalbox {string.Join(' ', arguments)} did not end in time\n{await output}\n{await error}");
        }

        return new Called(string.Join(' ', arguments), process.ExitCode, await output, await error);
    }

    /// <summary>Starts the program with pipes; the caller ends it.</summary>
    public static Process Start(string folder, IReadOnlyDictionary<string, string>? environment, params string[] arguments) =>
        StartOther(Path, folder, environment, arguments);

    /// <summary>Starts another build of the program with pipes; the caller ends it.</summary>
    public static Process StartOther(
        string program,
        string folder,
        IReadOnlyDictionary<string, string>? environment,
        params string[] arguments
    )
    {
        var start = new ProcessStartInfo(program)
        {
            WorkingDirectory = folder,
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
        };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }

    private static string Build()
    {
        var start = new ProcessStartInfo(System.IO.Path.Combine(Root, "signalbox"), "--version")
        {
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        using var build = Process.Start(start)!;
        build.StandardOutput.ReadToEnd();
        build.WaitForExit();
        Assert.Equal(0, build.ExitCode);
        return System.IO.Path.Combine(Root, "artifacts", "app", "signalbox");
    }

    private static string FindRoot()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(System.IO.Path.Combine(folder, "Signalbox.slnx")))
        {
            folder = System.IO.Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("The tests run outside the checkout.");
        }

        return folder;
    }
}

/// <summary>A call that has ended.</summary>
internal sealed record Called(string Arguments, int ExitCode, string Output, string Error)
{
    /// <summary>The one JSON document on standard output.</summary>
    public JsonElement Json
    {
        get
        {
            try
            {
                using var document = JsonDocument.Parse(Output);
                return document.RootElement.Clone();
            }
            catch (JsonException problem)
            {
                throw new InvalidOperationException($"{this}\nis not one JSON document", problem);
            }
        }
    }

    /// <summary>Itself, when it ended as expected.</summary>
    public Called Expect(int exitCode)
    {
        Assert.True(ExitCode == exitCode, $"expected exit code {exitCode}\n{this}");
        return this;
    }

    public override string ToString() => $"signalbox {Arguments}\nexit code {ExitCode}\n--- stdout\n{Output}\n--- stderr\n{Error}";
}
