using System.Buffers;
using Signalbox.Engine.Processes;

namespace Signalbox.Engine.Logs;

/// <summary>Writes the finished log of an attempt anew as it is shown: its secrets masked, once and for all, and without the hole of what was cut.</summary>
/// <remarks>
/// Processes write their logs straight into files, so while one runs its secrets are masked where the log is read; at its end the file
/// itself is rewritten. Readers see the old file or the new one, never a part.
/// </remarks>
public static class LogScrubber
{
    /// <summary>Masks the secrets in the file; a file without any, and whole, is left as it is. No file, or a pipe, is no mistake.</summary>
    /// <returns>Whether anything was changed.</returns>
    /// <exception cref="IOException">The file cannot be rewritten, for instance because the disk is full; it is then unchanged.</exception>
    public static bool Scrub(string path, SecretForms secrets)
    {
        if ((secrets.IsEmpty && !LogCut.IsNotedFor(path)) || !File.Exists(path) || FileKinds.Special(path) is not null)
        {
            return false;
        }

        using var view = LogView.Open(path, secrets);
        // Looked through first: most logs hold no secret, and a large one is not written again for nothing.
        if (view is null || !Differs(view))
        {
            return false;
        }

        var temporary = path + ".scrub";
        try
        {
            var options = new FileStreamOptions
            {
                Mode = FileMode.Create,
                Access = FileAccess.Write,
                BufferSize = 0,
            };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = File.GetUnixFileMode(path);
            }

            using (var target = new FileStream(temporary, options))
            {
                view.Seek(0);
                Copy(view, target);
                target.Flush(flushToDisk: true); // or a power cut might leave an empty log behind the new name
            }

            File.Move(temporary, path, overwrite: true);
            return true;
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    private static bool Differs(LogView view)
    {
        view.Length(isWhole: true);
        return view.DiffersFromFile;
    }

    private static void Copy(LogView view, FileStream target)
    {
        var piece = new ArrayBufferWriter<byte>();
        for (var goesOn = true; goesOn; )
        {
            goesOn = view.Read(piece);
            if (!goesOn)
            {
                view.Complete(piece);
            }

            target.Write(piece.WrittenSpan);
            piece.ResetWrittenCount();
        }
    }
}
