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
/// <param name="places">Where places found in large logs are kept, for those who read parts. Default: nowhere.</param>
internal sealed class AttemptLogs(Project project, LogPlaces? places = null)
{
    private const int Window = 8192;

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

    /// <summary>Opens one log as it is now; null when there is none yet, or none any more.</summary>
    public LogView? Open(Pipeline pipeline, RunNumber run, TaskKey task, int attempt, LogStream stream) =>
        LogView.Open(File(run, task, attempt, stream), SecretsOf(pipeline, task.Task), places);

    /// <summary>Whether an attempt had a process, which always has logs, but has none any more.</summary>
    public bool AreGone(RunNumber run, Attempt attempt) =>
        attempt.Process?.Id is not null && !System.IO.File.Exists(File(run, attempt.Key, attempt.Number, LogStream.Stdout));

    private string File(RunNumber run, TaskKey task, int attempt, LogStream stream) =>
        Path.Combine(_state.Attempt(run, task, attempt), AttemptFiles.Of(stream));

    private SecretForms SecretsOf(Pipeline pipeline, TaskName task)
    {
        if (!_secrets.TryGetValue(task, out var forms))
        {
            var values = pipeline.Tasks.Where(node => node.Name == task).SelectMany(project.SecretsOf);
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
            redactor.Break(shown); // it may be about to write the rest of a secret
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
}
