using System.Collections.Immutable;
using System.Text;
using Signalbox.Core.Retry;
using Signalbox.Core.Runs;
using Signalbox.Engine.Executors;
using Signalbox.Engine.Outputs;

namespace Signalbox.Engine.Attempts;

/// <summary>Gathers the evidence of how a command ended; what it means is decided in Core.</summary>
internal static class Endings
{
    private const int SkipExitCode = 99;
    private const int NoSpaceLeft = 28;

    /// <summary>The outcome of a command that did not succeed.</summary>
    /// <param name="rules">The user's own.</param>
    /// <param name="isOwnWork">Whether the command was the program itself.</param>
    /// <param name="endedAt">What a wait that is asked for as a date is counted from.</param>
    public static Outcome Of(
        string folder,
        Observation seen,
        ImmutableArray<FailureRule> rules,
        DateTimeOffset endedAt,
        bool isOwnWork = false
    )
    {
        var lastLines = Tail(Path.Combine(folder, AttemptFiles.Stderr));
        if (seen.ExitCode == SkipExitCode)
        {
            return new Outcome.Skipped(
                LastLine(lastLines) is { Length: > 0 } said ? said : $"the command asked to be skipped (exit code {SkipExitCode})"
            );
        }

        return new Outcome.Failed(
            FailureClassifier.Classify(
                new FailureEvidence
                {
                    ErrorFile = Reports.ReadError(Path.Combine(folder, ReportFiles.Error)),
                    ExitCode = seen.ExitCode,
                    Signal = seen.Signal,
                    OutOfMemory = seen.OutOfMemory,
                    LastLines = lastLines,
                    Reason = seen.Reason,
                    EndedAt = endedAt,
                    IsOwnWork = isOwnWork,
                },
                rules
            )
        );
    }

    /// <summary>The failure that an error on our own side means for the task.</summary>
    public static Failure Of(Exception error) =>
        error is IOException { HResult: NoSpaceLeft } || error.Message.Contains("No space left on device", StringComparison.Ordinal)
            ? new Failure(FailureClass.DiskFull, error.Message, "errno ENOSPC")
        : error is PlaceException refused ? new Failure(refused.Class, refused.Message, refused.Rule ?? "place")
        : new Failure(FailureClass.Transient, error.Message, error.GetType().Name);

    /// <summary>The last line of the log that people should see: of standard error, or else of standard output.</summary>
    private static string LastLine(string text)
    {
        var trimmed = text.AsSpan().TrimEnd();
        return trimmed[(trimmed.LastIndexOf('\n') + 1)..].ToString();
    }

    private static string Tail(string file)
    {
        const int most = FailureEvidence.MostOfLines;
        var info = new FileInfo(file);
        if (!info.Exists || info.Length == 0)
        {
            return "";
        }

        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 1);
        stream.Seek(-Math.Min(most, stream.Length), SeekOrigin.End);
        var buffer = new byte[most];
        var read = stream.ReadAtLeast(buffer, most, throwOnEndOfStream: false);
        return Encoding.UTF8.GetString(buffer.AsSpan(0, read));
    }
}
