using System.Buffers;

namespace Signalbox.Engine.Logs;

/// <summary>
/// Masks secret values in a stream of bytes, wherever the borders between its chunks fall.
/// </summary>
/// <remarks>
/// Everything that belongs to an occurrence of a secret is replaced by <see cref="Mask"/>, once for occurrences that overlap or touch. What
/// might be the beginning of one is held back until the next bytes decide, so the result depends on the bytes only, never on how they were
/// cut. Not thread-safe: one per stream.
/// </remarks>
public sealed class Redactor(SecretForms secrets)
{
    /// <summary>What stands in place of a secret.</summary>
    public static ReadOnlySpan<byte> Mask => "***"u8;

    /// <summary>Whether anything was masked so far.</summary>
    public bool MaskedAny { get; private set; }

    /// <summary>Whether a new redactor would go on in the same way: nothing is held back, and no secret ended just now.</summary>
    public bool IsAsNew => _heldLength == 0 && _maskedAhead == None;

    private const int None = -1;
    private byte[] _held = [];
    private int _heldLength;
    private int _maskedAhead = None; // how far what is masked already reaches into the next bytes; 0 when it ends just before them

    /// <summary>Takes the next bytes and writes what is decided.</summary>
    public void Write(ReadOnlySpan<byte> chunk, IBufferWriter<byte> output) => Run(chunk, output, final: false);

    /// <summary>Writes what was held back: the stream is at its end. The redactor is then as new.</summary>
    public void Complete(IBufferWriter<byte> output)
    {
        Run([], output, final: true);
        _maskedAhead = None;
    }

    /// <summary>Masks what was held back: what followed it is lost, and may have been the rest of a secret. The redactor is then as new.</summary>
    public void Break(IBufferWriter<byte> output)
    {
        if (_heldLength > 0)
        {
            output.Write(Mask);
            MaskedAny = true;
        }

        (_heldLength, _maskedAhead) = (0, None);
    }

    private void Run(ReadOnlySpan<byte> chunk, IBufferWriter<byte> output, bool final)
    {
        if (_heldLength == 0)
        {
            Hold(Scan(chunk, output, final));
            return;
        }

        var joined = ArrayPool<byte>.Shared.Rent(_heldLength + chunk.Length);
        _held.AsSpan(0, _heldLength).CopyTo(joined);
        chunk.CopyTo(joined.AsSpan(_heldLength));
        Hold(Scan(joined.AsSpan(0, _heldLength + chunk.Length), output, final));
        ArrayPool<byte>.Shared.Return(joined, clearArray: true);
    }

    private void Hold(ReadOnlySpan<byte> rest)
    {
        if (_held.Length < rest.Length)
        {
            _held = new byte[rest.Length * 2];
        }

        rest.CopyTo(_held);
        _heldLength = rest.Length;
    }

    /// <summary>Writes what is decided of <paramref name="data"/>; returns the rest, which the next bytes decide.</summary>
    private ReadOnlySpan<byte> Scan(ReadOnlySpan<byte> data, IBufferWriter<byte> output, bool final)
    {
        var maskedTo = _maskedAhead; // everything before this belongs to a secret whose mask is written
        for (var at = 0; ; at++)
        {
            at = secrets.NextBeginning(data, at);
            var (length, undecided) = (0, false);
            if (at < data.Length)
            {
                length = secrets.Match(data[at..], out var needsMore);
                undecided = needsMore && !final;
            }

            if (at == data.Length || undecided)
            {
                Show(data, maskedTo, at, output);
                _maskedAhead = Math.Max(None, maskedTo - at);
                return data[at..];
            }

            if (length > 0)
            {
                if (at > maskedTo)
                {
                    Show(data, maskedTo, at, output);
                    output.Write(Mask);
                    MaskedAny = true;
                }

                maskedTo = Math.Max(maskedTo, at + length);
            }
        }
    }

    private static void Show(ReadOnlySpan<byte> data, int maskedTo, int end, IBufferWriter<byte> output)
    {
        if (end > Math.Max(maskedTo, 0))
        {
            output.Write(data[Math.Max(maskedTo, 0)..end]);
        }
    }
}
