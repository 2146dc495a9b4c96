using System.Buffers;
using Signalbox.Engine.Logs;

namespace Signalbox.App.Cli;

/// <summary>
/// One log as it is now, at any place of it: a file with the secrets of its task masked. Where the task has none it is read in place; else it is
/// masked from its beginning, for that alone says where a secret begins.
/// </summary>
internal sealed class MaskedLog : IDisposable
{
    private const int ChunkSize = 64 * 1024;

    private readonly FileStream? _file;
    private readonly SecretForms _secrets;
    private readonly bool _isWhole;
    private readonly long _end;
    private long? _length;

    /// <param name="path">Where it is; a file that is not there is a log without anything in it.</param>
    /// <param name="isWhole">Whether nothing more will be written: then no end of it can be the beginning of a secret.</param>
    public MaskedLog(string path, SecretForms secrets, bool isWhole)
    {
        (_secrets, _isWhole) = (secrets, isWhole);
        try
        {
            _file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            _end = _file.Length;
        }
        catch (Exception problem) when (problem is FileNotFoundException or DirectoryNotFoundException)
        {
            _length = 0;
        }
    }

    /// <summary>Bytes of what is shown, without what may be the beginning of a secret that is still being written.</summary>
    public long Length => _length ??= _secrets.IsEmpty ? _end : Masked().Sum(piece => (long)piece.Length);

    /// <summary>Copies a part of what is shown.</summary>
    public async Task CopyToAsync(Stream output, long from, long count, CancellationToken cancellationToken)
    {
        if (_file is null)
        {
            return;
        }

        if (_secrets.IsEmpty)
        {
            await CopyPlainAsync(output, from, count, cancellationToken);
            return;
        }

        var at = 0L;
        foreach (var piece in Masked())
        {
            var start = Math.Max(from - at, 0);
            var end = Math.Min(from + count - at, piece.Length);
            if (start < end)
            {
                await output.WriteAsync(piece[(int)start..(int)end], cancellationToken);
            }

            at += piece.Length;
            if (at >= from + count)
            {
                return;
            }
        }
    }

    public void Dispose() => _file?.Dispose();

    private async Task CopyPlainAsync(Stream output, long from, long count, CancellationToken cancellationToken)
    {
        _file!.Seek(from, SeekOrigin.Begin);
        var buffer = ArrayPool<byte>.Shared.Rent(ChunkSize);
        try
        {
            while (
                count > 0
                && await _file.ReadAsync(buffer.AsMemory(0, (int)Math.Min(ChunkSize, count)), cancellationToken) is > 0 and var read
            )
            {
                await output.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
                count -= read;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private IEnumerable<ReadOnlyMemory<byte>> Masked()
    {
        if (_file is null)
        {
            yield break;
        }

        _file.Seek(0, SeekOrigin.Begin);
        var (chunk, shown, redactor) = (new byte[ChunkSize], new ArrayBufferWriter<byte>(), new Redactor(_secrets));
        for (var left = _end; left > 0 && _file.Read(chunk, 0, (int)Math.Min(ChunkSize, left)) is > 0 and var read; left -= read)
        {
            redactor.Write(chunk.AsSpan(0, read), shown);
            yield return shown.WrittenMemory;
            shown.ResetWrittenCount();
        }

        if (_isWhole)
        {
            redactor.Complete(shown);
            yield return shown.WrittenMemory;
        }
    }
}
