using System.Text;
using System.Text.Json;

namespace Signalbox.App.Cli;

/// <summary>A text value of a JSON document that is written piece by piece. What is no UTF-8 becomes U+FFFD. Disposing ends the value.</summary>
internal sealed class JsonText(Utf8JsonWriter json) : Stream
{
    private const int PieceSize = 16 * 1024;

    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();
    private readonly char[] _piece = new char[PieceSize];

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (buffer.Length > 0)
        {
            _decoder.Convert(buffer, _piece, flush: false, out var used, out var made, out _);
            buffer = buffer[used..];
            json.WriteStringValueSegment(_piece.AsSpan(0, made), isFinalSegment: false);
            if (json.BytesPending > PieceSize)
            {
                json.Flush();
            }
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush() => json.Flush();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _decoder.Convert([], _piece, flush: true, out _, out var made, out _);
            json.WriteStringValueSegment(_piece.AsSpan(0, made), isFinalSegment: true);
        }

        base.Dispose(disposing);
    }
}
