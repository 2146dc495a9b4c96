using System.Runtime.CompilerServices;
using Signalbox.Core;

namespace Signalbox.Engine.Executors;

/// <content>Reading what attempts write.</content>
public sealed partial class LocalExecutor
{
    private const int ChunkSize = 64 * 1024;

    // A log is a file that grows without telling anyone; only somebody who follows it pays for looking.
    private static readonly TimeSpan FollowInterval = TimeSpan.FromMilliseconds(200);

    /// <inheritdoc />
    public Task<DateTimeOffset?> LastWriteAsync(AttemptRef attempt, CancellationToken cancellationToken)
    {
        DateTimeOffset? last = null;
        foreach (var name in (ReadOnlySpan<string>)[AttemptFiles.Stdout, AttemptFiles.Stderr])
        {
            var file = new FileInfo($"{attempt.Directory}/{name}");
            if (file.Exists && new DateTimeOffset(file.LastWriteTimeUtc) is var written && !(written <= last))
            {
                last = written;
            }
        }

        return Task.FromResult(last);
    }

    /// <inheritdoc />
    public async IAsyncEnumerable<LogChunk> ReadLogAsync(
        AttemptRef attempt,
        LogStream stream,
        long from,
        bool follow,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var path = $"{attempt.Directory}/{AttemptFiles.Of(stream)}";
        var buffer = new byte[ChunkSize];
        while (true)
        {
            // Asked before reading: what was written before the end is then read after it.
            var ended = follow ? await EndOfAsync(attempt, cancellationToken) : Task.CompletedTask;
            var last = ended.IsCompleted;
            if (File.Exists(path))
            {
                using var handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
                while (await RandomAccess.ReadAsync(handle, buffer, from, cancellationToken) is > 0 and var length)
                {
                    yield return new LogChunk(stream, from, buffer.AsMemory(0, length));
                    from += length;
                }
            }

            if (last)
            {
                yield break;
            }

            await Task.WhenAny(ended, Task.Delay(FollowInterval, _options.Time, cancellationToken));
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    private async Task<Task> EndOfAsync(AttemptRef attempt, CancellationToken cancellationToken)
    {
        if (!_attempts.ContainsKey(attempt.Key))
        {
            await ObserveAsync([attempt], cancellationToken);
        }

        return _attempts.TryGetValue(attempt.Key, out var watched) ? watched.Done.Task : Task.CompletedTask;
    }
}
