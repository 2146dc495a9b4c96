using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Signalbox.Engine.Logs;

namespace Signalbox.App.Api;

/// <summary>Reads a log as it grows, from a position on, in pieces that end with a whole character. It holds one piece, whatever the log's size.</summary>
/// <param name="open">Opens the log; null while there is none.</param>
internal sealed class LogTailReader(Func<LogView?> open, long from) : IDisposable
{
    // A follower at the beginning of a large log is given it as fast as it takes it: what each piece costs must be small enough to be free again at once.
    private const int MostAtOnce = 16 * 1024;

    private ArrayBufferWriter<byte> _waiting = new();
    private ArrayBufferWriter<byte> _spare = new();
    private LogView? _log;
    private int _start; // of what was not given yet
    private bool _isComplete;

    /// <summary>Bytes of the log before what is read next.</summary>
    public long Position { get; private set; } = from;

    /// <summary>Takes notice of what was written meanwhile.</summary>
    public void Refresh()
    {
        if (_log is not null)
        {
            _log.Refresh();
        }
        else if (open() is { } log)
        {
            _log = log;
            _log.Seek(Position);
        }
    }

    /// <summary>The next piece, which counts until the next is asked for; empty when there is nothing more now.</summary>
    /// <param name="isOver">Whether nothing more will be written.</param>
    public ReadOnlyMemory<byte> Read(bool isOver)
    {
        while (_log is not null && !_isComplete && _waiting.WrittenCount - _start < MostAtOnce)
        {
            DropGiven();
            if (!_log.Read(_waiting))
            {
                if (isOver)
                {
                    _log.Complete(_waiting);
                    _isComplete = true;
                }

                break;
            }
        }

        var there = _waiting.WrittenMemory[_start..];
        var piece = there[..Math.Min(MostAtOnce, there.Length)];
        piece = isOver && piece.Length == there.Length ? piece : piece[..Utf8Border.Whole(piece.Span).Length];
        _start += piece.Length;
        Position += piece.Length;
        return piece;
    }

    private void DropGiven()
    {
        _spare.ResetWrittenCount();
        _spare.Write(_waiting.WrittenSpan[_start..]);
        (_waiting, _spare, _start) = (_spare, _waiting, 0);
    }

    public void Dispose() => _log?.Dispose();
}

/// <summary>Where text in UTF-8 can be cut.</summary>
internal static class Utf8Border
{
    /// <summary>Without a character at the end of which only the beginning is there. What is no UTF-8 stays as it is.</summary>
    public static ReadOnlySpan<byte> Whole(ReadOnlySpan<byte> bytes)
    {
        for (var back = 1; back <= Math.Min(3, bytes.Length); back++)
        {
            var lead = bytes[^back];
            if ((lead & 0xC0) == 0xC0)
            {
                var needs =
                    lead >= 0xF0 ? 4
                    : lead >= 0xE0 ? 3
                    : 2;
                return needs > back ? bytes[..^back] : bytes;
            }

            if ((lead & 0x80) == 0)
            {
                return bytes;
            }
        }

        return bytes;
    }
}

/// <summary>What an attempt wrote.</summary>
/// <param name="Text">What is no UTF-8 in it is U+FFFD.</param>
/// <param name="Position">Bytes of the log up to its end.</param>
/// <param name="Bytes">The very bytes, in base64, when they are no UTF-8; else null.</param>
internal sealed record LogEventDocument(string Text, long Position, string? Bytes)
{
    /// <summary>Writes one without making it: the whole of a large log goes this way, and what would be garbage stays in memory for a while.</summary>
    public static void Write(Utf8JsonWriter json, ReadOnlySpan<byte> piece, long position)
    {
        json.WriteStartObject();
        if (Utf8.IsValid(piece))
        {
            json.WriteString("text"u8, piece);
            json.WriteNumber("position"u8, position);
            json.WriteNull("bytes"u8);
        }
        else
        {
            json.WriteString("text"u8, Encoding.UTF8.GetString(piece));
            json.WriteNumber("position"u8, position);
            json.WriteBase64String("bytes"u8, piece);
        }

        json.WriteEndObject();
    }
}
