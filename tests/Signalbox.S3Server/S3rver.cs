using System.Diagnostics;
using System.Globalization;

namespace Signalbox.S3Server;

/// <summary>
/// An S3 server that somebody else wrote (the npm package of that name, from <c>tests/s3rver</c>), in a process of its own on a free port of this
/// machine. It knows neither conditional writes nor all that Amazon does, as many servers do not.
/// </summary>
public sealed class S3rver : IAsyncDisposable
{
    private static readonly Lazy<Task<string>> Installed = new(InstallAsync);
    private readonly Process _process;
    private readonly string _folder;

    private S3rver(Process process, string folder, string endpoint) => (_process, _folder, Endpoint) = (process, folder, endpoint);

    public string Endpoint { get; }

    /// <summary>The only credentials it knows, both access key and secret key.</summary>
    public const string Key = "S3RVER";

    public static async Task<S3rver> StartAsync(string bucket)
    {
        var home = await Installed.Value;
        var folder = Directory.CreateTempSubdirectory("signalbox-s3rver-").FullName;
        var process = Start("node", home, "serve.js", folder, bucket);
        var port =
            await process.StandardOutput.ReadLineAsync()
            ?? throw new InvalidOperationException($"s3rver does not start: {await process.StandardError.ReadToEndAsync()}");
        return new S3rver(process, folder, $"http://127.0.0.1:{int.Parse(port, CultureInfo.InvariantCulture)}");
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static async Task<string> InstallAsync()
    {
        var home = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(home, "Signalbox.slnx")))
        {
            home = Path.GetDirectoryName(home) ?? throw new InvalidOperationException("The tests run outside the checkout.");
        }

        home = Path.Combine(home, "tests", "s3rver");
        if (!Directory.Exists(Path.Combine(home, "node_modules", "s3rver")))
        {
            using var install = Start("npm", home, "ci", "--ignore-scripts", "--no-audit", "--no-fund");
            install.StandardInput.Close();
            var said = install.StandardOutput.ReadToEndAsync();
            var failed = await install.StandardError.ReadToEndAsync();
            await install.WaitForExitAsync();
            if (install.ExitCode != 0)
            {
                throw new InvalidOperationException($"npm ci in tests/s3rver fails: {failed}{await said}");
            }
        }

        return home;
    }

    private static Process Start(string program, string folder, params string[] arguments)
    {
        var start = new ProcessStartInfo(program)
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        return Process.Start(start)!;
    }
}
