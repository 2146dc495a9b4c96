using System.Buffers;
using Signalbox.Engine.Processes;

namespace Signalbox.Engine.Logs;

/// <summary>Masks secrets in the finished log of an attempt, once and for all.</summary>
/// <remarks>
/// Processes write their logs straight into files, so while one runs its secrets are masked where the log is read; at its end the file
/// itself is rewritten. Readers see the old file or the new one, never a part. Offsets behind a masked value move.
/// </remarks>
public static class LogScrubber
{
    private const int ChunkSize = 64 * 1024;

    /// <summary>Masks the secrets in the file; a file without any is left as it is. No file, or a pipe, is no mistake.</summary>
    /// <returns>Whether anything was masked.</returns>
    /// <exception cref="IOException">The file cannot be rewritten, for instance because the disk is full; it is then unchanged.</exception>
    public static bool Scrub(string path, SecretForms secrets)
    {
        if (secrets.IsEmpty || !File.Exists(path) || FileKinds.Special(path) is not null)
        {
            return false;
        }

        var temporary = path + ".scrub";
        var chunk = ArrayPool<byte>.Shared.Rent(ChunkSize);
        try
        {
            bool changed;
            using (var source = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete))
            {
                var options = new FileStreamOptions
                {
                    Mode = FileMode.Create,
                    Access = FileAccess.Write,
                    BufferSize = 0,
                };
                if (!OperatingSystem.IsWindows())
                {
                    options.UnixCreateMode = File.GetUnixFileMode(source);
                }

                using (var target = new FileStream(temporary, options))
                {
                    changed = Copy(source, target, secrets, chunk);
                    if (changed)
                    {
                        target.Flush(flushToDisk: true); // or a power cut might leave an empty log behind the new name
                    }
                }
            }

            if (changed)
            {
                File.Move(temporary, path, overwrite: true);
            }

            return changed;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(chunk, clearArray: true);
            File.Delete(temporary);
        }
    }

    private static bool Copy(Microsoft.Win32.SafeHandles.SafeFileHandle source, FileStream target, SecretForms secrets, byte[] chunk)
    {
        var redactor = new Redactor(secrets);
        var output = new ArrayBufferWriter<byte>(ChunkSize);
        long at = 0;
        while (RandomAccess.Read(source, chunk.AsSpan(0, ChunkSize), at) is > 0 and var length)
        {
            redactor.Write(chunk.AsSpan(0, length), output);
            at += length;
            target.Write(output.WrittenSpan);
            output.ResetWrittenCount();
        }

        redactor.Complete(output);
        target.Write(output.WrittenSpan);
        return redactor.MaskedAny;
    }
}
