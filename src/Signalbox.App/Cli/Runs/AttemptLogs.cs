using System.Buffers;
using System.Text;
using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Runs;
using Signalbox.Engine.Attempts;
using Signalbox.Engine.Executors;
using Signalbox.Engine.Logs;
using Signalbox.Engine.Projects;

namespace Signalbox.App.Cli;

/// <summary>
/// The logs of attempts as people may see them. At the end of an attempt its secrets are masked in the files; while it runs they are masked
/// here.
/// </summary>
internal sealed class AttemptLogs(Project project)
{
    private const int Window = 8192;
    private const int ChunkSize = 64 * 1024;

    private readonly StateFolder _state = new(project.StateFolder);
    private readonly Dictionary<TaskName, SecretForms> _secrets = [];

    /// <summary>The last line that was written, to whichever log was written to last.</summary>
    public string? LastLine(RunPicture picture, TaskRun task)
    {
        var output = File(picture.Run.Number, task.Key, task.TryNumber, LogStream.Stdout);
        var error = File(picture.Run.Number, task.Key, task.TryNumber, LogStream.Stderr);
        var (newer, older) =
            System.IO.File.GetLastWriteTimeUtc(error) > System.IO.File.GetLastWriteTimeUtc(output) ? (error, output) : (output, error);
        var secrets = SecretsOf(picture.Pipeline, task.Key.Task);
        return Tail(newer, secrets, 1) is [var line] ? line : Tail(older, secrets, 1).FirstOrDefault();
    }

    /// <summary>The last lines of standard error, or of standard output where nothing stands there.</summary>
    public string[] LastLines(RunPicture picture, TaskRun task, int most)
    {
        var secrets = SecretsOf(picture.Pipeline, task.Key.Task);
        var error = Tail(File(picture.Run.Number, task.Key, task.TryNumber, LogStream.Stderr), secrets, most);
        return error.Length > 0 ? error : Tail(File(picture.Run.Number, task.Key, task.TryNumber, LogStream.Stdout), secrets, most);
    }

    /// <summary>Opens one log to read it from its beginning; null when there is none yet.</summary>
    public LogReader? Open(Pipeline pipeline, RunNumber run, TaskKey task, int attempt, LogStream stream)
    {
        var path = File(run, task, attempt, stream);
        return System.IO.File.Exists(path) ? new LogReader(path, new Redactor(SecretsOf(pipeline, task.Task))) : null;
    }

    /// <summary>Opens one log to read any part of it, as it is now.</summary>
    /// <param name="isWhole">Whether the attempt has ended.</param>
    public MaskedLog OpenMasked(Pipeline pipeline, RunNumber run, TaskKey task, int attempt, LogStream stream, bool isWhole) =>
        new(File(run, task, attempt, stream), SecretsOf(pipeline, task.Task), isWhole);

    private string File(RunNumber run, TaskKey task, int attempt, LogStream stream) =>
        Path.Combine(_state.Attempt(run, task, attempt), AttemptFiles.Of(stream));

    private SecretForms SecretsOf(Pipeline pipeline, TaskName task)
    {
        if (!_secrets.TryGetValue(task, out var forms))
        {
            var values = pipeline
                .Tasks.Where(node => node.Name == task)
                .SelectMany(Secrets.MentionedBy)
                .Select(mentioned => project.Secrets.Resolve(mentioned.Name).Value)
                .OfType<string>();
            _secrets[task] = forms = new SecretForms(values);
        }

        return forms;
    }

    private static string[] Tail(string path, SecretForms secrets, int most)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var from = Math.Max(0, file.Length - Window);
            file.Seek(from, SeekOrigin.Begin);
            var bytes = new byte[Window];
            var length = file.ReadAtLeast(bytes, Window, throwOnEndOfStream: false);
            var shown = new ArrayBufferWriter<byte>(Window);
            var redactor = new Redactor(secrets);
            redactor.Write(bytes.AsSpan(0, length), shown);
            redactor.Complete(shown);
            return
            [
                .. Encoding
                    .UTF8.GetString(shown.WrittenSpan)
                    .Split('\n')
                    // The first line of a window is a part of one.
                    .Skip(from > 0 ? 1 : 0)
                    .Select(Visible)
                    .Where(line => line.Length > 0)
                    .TakeLast(most),
            ];
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            // No log yet, or none any more.
            return [];
        }
    }

    /// <summary>Without control characters, which would move the cursor under a table.</summary>
    private static string Visible(string line)
    {
        var text = new StringBuilder(line.Length);
        for (var i = 0; i < line.Length; i++)
        {
            if (line[i] == '\e' && i + 1 < line.Length && line[i + 1] == '[')
            {
                i += 2;
                while (i < line.Length && line[i] is < '@' or > '~')
                {
                    i++;
                }
            }
            else if (!char.IsControl(line[i]))
            {
                text.Append(line[i]);
            }
        }

        return text.ToString().Trim();
    }

    /// <summary>
    /// Reads a log as it grows. It keeps the file that it opened: when the log is masked at its end under the same name, this one still has
    /// every byte, and masks it here.
    /// </summary>
    public sealed class LogReader(string path, Redactor redactor) : IDisposable
    {
        private readonly FileStream _file = new(
            path,
            FileMode.Open,
            FileAccess.Read,
            FileShare.ReadWrite | FileShare.Delete,
            bufferSize: 0
        );
        private readonly byte[] _chunk = new byte[ChunkSize];
        private readonly ArrayBufferWriter<byte> _shown = new();

        /// <summary>Copies what was written since the last call.</summary>
        /// <returns>Whether there was anything.</returns>
        public bool CopyTo(Stream output)
        {
            var any = false;
            while (_file.Read(_chunk) is > 0 and var length)
            {
                any = true;
                redactor.Write(_chunk.AsSpan(0, length), _shown);
                output.Write(_shown.WrittenSpan);
                _shown.ResetWrittenCount();
            }

            return any;
        }

        /// <summary>Copies the rest, the last bytes that might have begun a secret included.</summary>
        public void Complete(Stream output)
        {
            CopyTo(output);
            redactor.Complete(_shown);
            output.Write(_shown.WrittenSpan);
            _shown.ResetWrittenCount();
        }

        public void Dispose() => _file.Dispose();
    }
}
