using System.Threading.Channels;
using Signalbox.Core;

namespace Signalbox.Engine.Executors;

/// <summary>
/// Who runs attempts: this machine's own processes, or an engine that the user has.
/// </summary>
/// <remarks>
/// <para>An attempt is known by its key and its directory; both are in the database before <see cref="SubmitAsync"/> is called, so any
/// later server can name it again. Nothing here is remembered across a restart except what the directory and the engine hold.</para>
/// <para>Evidence of an end is taken in this order: the exit record in the directory, the engine's own final word, and only then "the
/// engine answered and does not know it". An engine that cannot be reached is no evidence: that is an exception, never a phase.</para>
/// </remarks>
public interface IExecutor : IAsyncDisposable
{
    /// <summary>The name users write for this executor.</summary>
    string Name { get; }

    /// <summary>What this executor can and cannot do.</summary>
    ExecutorCapabilities Capabilities { get; }

    /// <summary>
    /// Everything that changed about attempts this executor watches: those it started and those it was asked to observe. Exactly one
    /// final observation per watched attempt, after nothing of its process tree runs any more. Unbounded, for it never holds more than a
    /// few entries per running attempt. One reader.
    /// </summary>
    ChannelReader<Observation> Observations { get; }

    /// <summary>
    /// Starts the attempt, once: a key and directory that were started before are never started again, however often and from however
    /// many servers this is called.
    /// </summary>
    /// <param name="spec">What to run, and where.</param>
    /// <param name="maybeSubmittedBefore">
    /// True after a crash between the intent and the answer: an attempt found running is adopted, one that ended is reported, one that
    /// never started is started now.
    /// </param>
    /// <param name="cancellationToken">Gives up waiting; an attempt that was started goes on.</param>
    Task<SubmitResult> SubmitAsync(AttemptSpec spec, bool maybeSubmittedBefore, CancellationToken cancellationToken);

    /// <summary>
    /// Says what is true about the attempts now, and watches from now on those that still run (adoption after a restart of the server).
    /// The order of the answer is the order of the question.
    /// </summary>
    Task<IReadOnlyList<Observation>> ObserveAsync(IReadOnlyList<AttemptRef> attempts, CancellationToken cancellationToken);

    /// <summary>When the attempt last wrote to one of its logs; null when it has none.</summary>
    Task<DateTimeOffset?> LastWriteAsync(AttemptRef attempt, CancellationToken cancellationToken);

    /// <summary>
    /// Ends the attempt and everything it started: asks with TERM, waits at most <paramref name="grace"/>, then kills. Returns when
    /// nothing of it runs any more. An attempt that has already ended is left as it ended.
    /// </summary>
    Task CancelAsync(AttemptRef attempt, TimeSpan grace, CancellationToken cancellationToken);

    /// <summary>Removes what the executor holds of an ended attempt: its directory with logs and exit record. A running one is refused.</summary>
    /// <exception cref="InvalidOperationException">The attempt still runs.</exception>
    Task ForgetAsync(AttemptRef attempt, CancellationToken cancellationToken);

    /// <summary>The keys of this installation that the engine still runs, known to the database or not: for the sweep of orphans.</summary>
    IAsyncEnumerable<AttemptKey> ListOwnedAsync(CancellationToken cancellationToken);

    /// <summary>
    /// The bytes of one log from <paramref name="from"/> on, as they were written, in chunks of at most 64 KiB.
    /// </summary>
    /// <param name="attempt">The attempt.</param>
    /// <param name="stream">Which log.</param>
    /// <param name="from">Offset of the first byte wanted; past the end gives nothing.</param>
    /// <param name="follow">True: go on with what is written later, until the attempt has ended and all of it was given.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    IAsyncEnumerable<LogChunk> ReadLogAsync(
        AttemptRef attempt,
        LogStream stream,
        long from,
        bool follow,
        CancellationToken cancellationToken
    );
}

/// <summary>What an executor can do.</summary>
/// <param name="SurvivesServer">Attempts go on when the server dies, and can be adopted by the next.</param>
/// <param name="KillsWholeTree">Whether no process can leave its attempt: true with a control group per attempt. Without, a process that
/// leaves its session, its parents and the marker in its environment behind cannot be found again.</param>
/// <param name="ReportsOutOfMemory">Whether a memory controller keeps attempts to their limit, and tells why a process was killed.</param>
/// <param name="LimitsCpu">Whether a controller keeps attempts to their limit of processor time.</param>
/// <param name="Note">A sentence for <c>doctor</c> on what was found on this machine.</param>
public sealed record ExecutorCapabilities(bool SurvivesServer, bool KillsWholeTree, bool ReportsOutOfMemory, bool LimitsCpu, string Note);

/// <summary>Names an attempt to an executor.</summary>
/// <param name="Key">The attempt.</param>
/// <param name="Directory">Absolute path of its directory.</param>
public readonly record struct AttemptRef(AttemptKey Key, string Directory);

/// <summary>The two logs of an attempt.</summary>
public enum LogStream
{
    /// <summary>Standard output: <see cref="AttemptFiles.Stdout"/>.</summary>
    Stdout,

    /// <summary>Standard error: <see cref="AttemptFiles.Stderr"/>.</summary>
    Stderr,
}

/// <summary>A stretch of a log.</summary>
/// <param name="Stream">Which log.</param>
/// <param name="From">Offset of the first byte.</param>
/// <param name="Bytes">The bytes, never decoded; valid until the next chunk is asked for.</param>
public readonly record struct LogChunk(LogStream Stream, long From, ReadOnlyMemory<byte> Bytes);

/// <summary>The names of the files in an attempt's directory that the executor writes.</summary>
public static class AttemptFiles
{
    /// <summary>What the command wrote to standard output.</summary>
    public const string Stdout = "stdout.log";

    /// <summary>What the command wrote to standard error.</summary>
    public const string Stderr = "stderr.log";

    /// <summary>The exit record; there, and empty or with its first line only, from the start of the process on.</summary>
    public const string Exit = "exit";

    /// <summary>There when the attempt was cancelled before it ended by itself.</summary>
    public const string Cancel = "cancel";

    /// <summary>The directory for temporary files (<c>TMPDIR</c>); emptied at the end of the attempt.</summary>
    public const string Temporary = "tmp";

    /// <summary>The name of a log.</summary>
    public static string Of(LogStream stream) => stream == LogStream.Stdout ? Stdout : Stderr;
}
