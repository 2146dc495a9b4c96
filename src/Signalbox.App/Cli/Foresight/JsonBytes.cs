using System.Text;
using System.Text.Encodings.Web;

namespace Signalbox.App.Cli;

/// <summary>
/// One JSON value put together from ready pieces: what a plan has millions of (names, instants) is copied, not encoded each time.
/// </summary>
internal sealed class JsonBytes
{
    private const int LongestEscape = 6;
    private const int LongestCharacter = 3;
    private const int InstantLength = 22;
    private const int SecondsPerDay = 24 * 60 * 60;

    private readonly byte[] _date = new byte[10];
    private byte[] _bytes = new byte[1 << 12];
    private byte[] _text = new byte[1 << 8];
    private long _day = -1;
    private int _length;

    /// <summary>The value so far; good until the next piece.</summary>
    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, _length);

    /// <summary>Begins the next value.</summary>
    public void Clear() => _length = 0;

    /// <summary>A piece that is JSON already.</summary>
    public JsonBytes Raw(ReadOnlySpan<byte> piece)
    {
        piece.CopyTo(Room(piece.Length));
        _length += piece.Length;
        return this;
    }

    /// <summary>A text in quotes; null without.</summary>
    public JsonBytes Text(string? text)
    {
        if (text is null)
        {
            return Raw("null"u8);
        }

        if (_text.Length < text.Length * LongestCharacter)
        {
            _text = new byte[text.Length * LongestCharacter];
        }

        var length = Encoding.UTF8.GetBytes(text, _text);
        Raw("\""u8);
        JavaScriptEncoder.UnsafeRelaxedJsonEscaping.EncodeUtf8(
            _text.AsSpan(0, length),
            Room(length * LongestEscape),
            out _,
            out var written
        );
        _length += written;
        return Raw("\""u8);
    }

    /// <summary>An instant in whole seconds, <c>"2026-03-29T01:00:00Z"</c>; null without.</summary>
    public JsonBytes Instant(DateTimeOffset? at) => at is { } known ? Clock(known.UtcTicks, "Z\""u8) : Raw("null"u8);

    /// <summary>What clocks show, <c>"2026-03-29T01:00:00"</c>.</summary>
    public JsonBytes Label(DateTime label) => Clock(label.Ticks, "\""u8);

    private JsonBytes Clock(long ticks, ReadOnlySpan<byte> end)
    {
        var (day, second) = Math.DivRem(ticks / TimeSpan.TicksPerSecond, SecondsPerDay);
        if (day != _day)
        {
            DateOnly.FromDayNumber((int)day).TryFormat(_date, out _, "O");
            _day = day;
        }

        var text = Room(InstantLength);
        text[0] = (byte)'"';
        _date.CopyTo(text[1..]);
        text[11] = (byte)'T';
        Digits(text[12..], (int)second / 3600);
        text[14] = (byte)':';
        Digits(text[15..], (int)second / 60 % 60);
        text[17] = (byte)':';
        Digits(text[18..], (int)second % 60);
        end.CopyTo(text[20..]);
        _length += 20 + end.Length;
        return this;
    }

    private static void Digits(Span<byte> text, int number)
    {
        text[0] = (byte)('0' + (number / 10));
        text[1] = (byte)('0' + (number % 10));
    }

    private Span<byte> Room(int length)
    {
        if (_bytes.Length - _length < length)
        {
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _length + length));
        }

        return _bytes.AsSpan(_length);
    }
}
