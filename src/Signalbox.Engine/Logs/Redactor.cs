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
            _held = new byte[Math.Max(rest.Length, secrets.Longest)];
        }

        rest.CopyTo(_held);
        _heldLength = rest.Length;
    }

    /// <summary>Writes what is decided of <paramref name="data"/>; returns the rest, which the next bytes decide.</summary>
    private ReadOnlySpan<byte> Scan(ReadOnlySpan<byte> data, IBufferWriter<byte> output, bool final)
    {
        var at = 0;
        var maskedTo = _maskedAhead; // everything before this belongs to a secret whose mask is written
        while (true)
        {
            var next = data[at..].IndexOfAny(secrets.FirstBytes);
            var candidate = next < 0 ? data.Length : at + next;
            if (candidate > maskedTo)
            {
                output.Write(data[Math.Max(at, maskedTo)..candidate]);
            }

            at = candidate;
            if (at == data.Length)
            {
                _maskedAhead = Math.Max(None, maskedTo - at);
                return [];
            }

            var length = Match(data[at..], final, out var undecided);
            if (undecided)
            {
                _maskedAhead = Math.Max(None, maskedTo - at);
                return data[at..];
            }

            if (length > 0)
            {
                if (at > maskedTo)
                {
                    output.Write(Mask);
                    MaskedAny = true;
                }

                maskedTo = Math.Max(maskedTo, at + length);
            }
            else if (at >= maskedTo)
            {
                output.Write(data.Slice(at, 1));
            }

            at++;
        }
    }

    /// <summary>The longest secret at the start of the data, or 0; undecided when a longer one may yet become whole.</summary>
    private int Match(ReadOnlySpan<byte> data, bool final, out bool undecided)
    {
        undecided = false;
        foreach (var form in secrets.BeginningWith(data[0]))
        {
            if (data.StartsWith(form))
            {
                return form.Length;
            }

            if (!final && form.Length > data.Length && form.AsSpan().StartsWith(data))
            {
                undecided = true;
                return 0;
            }
        }

        return 0;
    }
}
