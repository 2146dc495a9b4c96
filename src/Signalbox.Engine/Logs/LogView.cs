using System.Buffers;
using Microsoft.Win32.SafeHandles;

namespace Signalbox.Engine.Logs;

/// <summary>
/// One log as people may see it: its secrets masked, and a line in place of what was cut out of it. Read from any place on, a piece at a time, also
/// while it grows. Positions are those of what is shown.
/// </summary>
/// <remarks>
/// It keeps the file that it opened: when the log is written anew at the end of its attempt, this one still has every byte, and masks it.
/// </remarks>
public sealed class LogView : IDisposable
{
    private const int ChunkSize = 64 * 1024;

    private readonly string _path;
    private readonly SafeFileHandle _file;
    private readonly ulong _inode;
    private readonly SecretForms _secrets;
    private readonly LogPlaces? _places;
    private readonly byte[] _chunk = new byte[ChunkSize];
    private readonly ArrayBufferWriter<byte> _piece = new(ChunkSize);
    private Redactor _redactor;
    private LogCut? _cut;
    private long _end; // of what is read: the length of the file when it was looked at last
    private long _inFile;
    private long _shown;
    private long _from; // what is shown before it was not asked for

    private LogView(string path, SafeFileHandle file, SecretForms secrets, LogPlaces? places)
    {
        (_path, _file, _secrets, _places) = (path, file, secrets, places);
        (_redactor, _inode) = (new Redactor(secrets), LogCut.InodeOf(file));
        Refresh();
    }

    /// <summary>Opens a log to read it from its beginning, as it is now; null when there is none.</summary>
    /// <param name="path">The file.</param>
    /// <param name="secrets">What is masked.</param>
    /// <param name="places">Where the places that were found are kept for the next reader. Default: nowhere.</param>
    public static LogView? Open(string path, SecretForms secrets, LogPlaces? places = null)
    {
        SafeFileHandle file;
        try
        {
            file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (Exception problem) when (problem is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }

        try
        {
            return new LogView(path, file, secrets, places);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Whether what was read differs from the bytes of the file.</summary>
    public bool DiffersFromFile => _redactor.MaskedAny || _cut is not null;

    /// <summary>Takes notice of what was written since it was opened.</summary>
    public void Refresh()
    {
        _end = RandomAccess.GetLength(_file);
        _cut = LogCut.Of(_path, _file) ?? _cut;
    }

    /// <summary>What is read next begins at this position; behind the end nothing, until the log has grown so far.</summary>
    public void Seek(long position)
    {
        _redactor = new Redactor(_secrets);
        _from = position;
        if (_secrets.IsEmpty)
        {
            (_inFile, _shown) = Unmasked(position);
        }
        else
        {
            (_inFile, _shown) = _places?.Before(Key, position) ?? default;
        }
    }

    /// <summary>Writes the next piece.</summary>
    /// <returns>False when there is no more, now.</returns>
    public bool Read(IBufferWriter<byte> output)
    {
        while (true)
        {
            if (_cut is { } cut && _inFile >= cut.From && _inFile < cut.To)
            {
                _redactor.Break(_piece);
                _piece.Write(cut.Marker);
                _inFile = cut.To;
                Give(output);
                return true;
            }

            var end = _cut is { } later && _inFile < later.From ? later.From : _end;
            var length = end <= _inFile ? 0 : RandomAccess.Read(_file, _chunk.AsSpan(0, (int)Math.Min(ChunkSize, end - _inFile)), _inFile);
            if (LogCut.Of(_path, _file) is { } now && now != _cut)
            {
                _cut = now; // what was read may just have been given back
                continue;
            }

            if (length == 0)
            {
                return false;
            }

            Take(_chunk.AsSpan(0, length));
            Give(output);
            if (_places is not null && _redactor.IsAsNew && !_secrets.IsEmpty)
            {
                _places.Note(Key, new LogPlaces.Place(_inFile, _shown));
            }

            return true;
        }
    }

    /// <summary>Writes what was kept back because it might have begun a secret: nothing more will be written to the log.</summary>
    public void Complete(IBufferWriter<byte> output)
    {
        _redactor.Complete(_piece);
        Give(output);
    }

    /// <summary>Bytes of all that is shown. Reading begins anew afterwards: <see cref="Seek"/>.</summary>
    /// <param name="isWhole">Whether nothing more will be written; else what may be the beginning of a secret does not count.</param>
    public long Length(bool isWhole)
    {
        if (_secrets.IsEmpty)
        {
            return _cut is { } cut ? cut.From + cut.Marker.Length + _end - cut.To : _end;
        }

        var nothing = new ArrayBufferWriter<byte>();
        Seek(long.MaxValue);
        while (Read(nothing)) { }
        if (isWhole)
        {
            Complete(nothing);
        }

        return _shown;
    }

    /// <summary>Copies a part of what is shown.</summary>
    public async Task CopyToAsync(Stream output, long from, long count, bool isWhole, CancellationToken cancellationToken)
    {
        var piece = new ArrayBufferWriter<byte>(ChunkSize);
        Seek(from);
        for (var isOver = false; count > 0 && !isOver; )
        {
            if (!Read(piece))
            {
                isOver = true;
                if (isWhole)
                {
                    Complete(piece);
                }
            }

            var length = (int)Math.Min(count, piece.WrittenCount);
            await output.WriteAsync(piece.WrittenMemory[..length], cancellationToken);
            count -= length;
            piece.ResetWrittenCount();
        }
    }

    /// <inheritdoc />
    public void Dispose() => _file.Dispose();

    private LogPlaces.Key Key => new(_path, _inode, _cut, _secrets.Version);

    /// <summary>Where a position comes from when nothing is masked.</summary>
    private (long InFile, long Shown) Unmasked(long position)
    {
        if (_cut is not { } cut || position <= cut.From)
        {
            return (position, position);
        }

        var behind = cut.From + cut.Marker.Length;
        return position < behind ? (cut.From, cut.From) : (cut.To + position - behind, position);
    }

    private void Take(ReadOnlySpan<byte> bytes)
    {
        if (_secrets.IsEmpty)
        {
            _piece.Write(bytes);
        }
        else
        {
            _redactor.Write(bytes, _piece);
        }

        _inFile += bytes.Length;
    }

    private void Give(IBufferWriter<byte> output)
    {
        var bytes = _piece.WrittenSpan;
        output.Write(bytes[(int)Math.Clamp(_from - _shown, 0, bytes.Length)..]);
        _shown += bytes.Length;
        _piece.ResetWrittenCount();
    }
}
