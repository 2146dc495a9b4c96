using System.Collections.Immutable;
using System.Diagnostics;
using Signalbox.DuckDb.Work;

namespace Signalbox.Engine.Processes;

/// <summary>Work with DuckDB that a verb asks for: in a child process, which ends with whoever asked.</summary>
internal static class WorkerCall
{
    /// <summary>Asks, and waits for the answer.</summary>
    /// <param name="worker">The program's own command for work in a child process.</param>
    /// <param name="folder">A folder of its own for the request, the response and what DuckDB spills; made when it is needed.</param>
    /// <exception cref="IOException">There is no answer; the message says why.</exception>
    public static async Task<WorkResponse> AskAsync(
        ImmutableArray<string> worker,
        string folder,
        WorkRequest request,
        CancellationToken cancellationToken
    )
    {
        Directory.CreateDirectory(folder);
        var (asked, answered) = (Path.Combine(folder, "request.json"), Path.Combine(folder, "response.json"));
        WorkFiles.WriteRequest(asked, request with { TempDirectory = folder });
        var start = new ProcessStartInfo(worker[0])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach (var argument in worker[1..].Append(asked).Append(answered))
        {
            start.ArgumentList.Add(argument);
        }

        using var child = Process.Start(start) ?? throw new IOException($"{worker[0]} does not start");
        var said = child.StandardError.ReadToEndAsync(cancellationToken);
        var output = child.StandardOutput.ReadToEndAsync(cancellationToken);
        try
        {
            await child.WaitForExitAsync(cancellationToken);
            await output;
        }
        catch (OperationCanceledException)
        {
            child.Kill();
            throw;
        }

        return child.ExitCode == WorkerMain.Done
            ? WorkFiles.ReadResponse(answered)
            : throw new IOException((await said).Trim() is { Length: > 0 } reason ? reason : $"{worker[0]} ended with {child.ExitCode}");
    }
}
