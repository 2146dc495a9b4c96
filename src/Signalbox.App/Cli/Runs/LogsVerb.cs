using System.Buffers;
using System.CommandLine;
using System.Text;
using System.Text.Json;
using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Runs;
using Signalbox.Engine.Executors;
using Signalbox.Engine.Logs;
using Signalbox.Storage;

namespace Signalbox.App.Cli;

/// <summary><c>logs</c>: what a task wrote, byte for byte, secrets masked.</summary>
internal static class LogsVerb
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
    private static readonly string[] Streams = ["stdout", "stderr"];

    public static readonly Verb Verb = new("logs", "Print what a task wrote; -f follows it", Build);

    private static Command Build()
    {
        var command = VerbParts.Command(
            Verb.Name,
            "Prints what an attempt of a task wrote: standard output, then standard error, secrets masked. Default: its last attempt.",
            "logs 12 extract",
            "logs last \"train[3]\" --attempt 1 --stream stderr",
            "logs last train -f"
        );
        var run = new Argument<string>("RUN") { Description = RunReference.Help };
        var task = new Argument<string>("TASK") { Description = RunReference.TaskHelp };
        var attempt = new Option<int?>("--attempt") { Description = "Which attempt, from 1", HelpName = "N" };
        var stream = new Option<string?>("--stream") { Description = "Only stdout, or only stderr", HelpName = "STREAM" };
        stream.AcceptOnlyFromAmong(Streams);
        var follow = new Option<bool>("--follow", "-f")
        {
            Description = "Go on with what is written, over all attempts, until the task ends",
        };
        var project = VerbParts.Project();
        var json = VerbParts.Json();
        command.Arguments.Add(run);
        command.Arguments.Add(task);
        foreach (var option in new Option[] { attempt, stream, follow, project, json })
        {
            command.Options.Add(option);
        }

        command.SetAction(
            async (parsed, _) =>
            {
                var found = ProjectOpening.Find(parsed.GetValue(project));
                using var store = ProjectOpening.OpenStore(found);
                var (picture, key) = store.Read(session =>
                {
                    var named = RunReference.Find(session, parsed.GetRequiredValue(run));
                    var read = RunFollower.Read(session, named.Number, pipeline: null)!;
                    return (read, RunReference.Task(read.Tasks, named, parsed.GetRequiredValue(task)));
                });
                var printer = new Printer(
                    store,
                    new AttemptLogs(found),
                    picture.Pipeline,
                    picture.Run.Number,
                    parsed.GetValue(stream) switch
                    {
                        "stdout" => [LogStream.Stdout],
                        "stderr" => [LogStream.Stderr],
                        _ => [LogStream.Stdout, LogStream.Stderr],
                    }
                );
                var row = picture.Tasks.First(each => each.Key == key);
                var number = parsed.GetValue(attempt) ?? row.TryNumber;
                if (parsed.GetValue(json))
                {
                    Check(row, number);
                    using var document = Console.OpenStandardOutput();
                    printer.Document(key, number, document);
                    return ExitCode.Done;
                }

                await using var output = Console.OpenStandardOutput();
                if (row.MapCount is > 0)
                {
                    PrintInstances(printer, picture, key, output);
                }
                else if (parsed.GetValue(follow))
                {
                    await printer.FollowAsync(key, parsed.GetValue(attempt), output);
                }
                else
                {
                    Check(row, number);
                    printer.Print(key, number, output);
                }

                return ExitCode.Done;
            }
        );
        return command;
    }

    private static void PrintInstances(Printer printer, RunPicture picture, TaskKey key, Stream output)
    {
        foreach (var instance in picture.Tasks.Where(each => each.Key.Task == key.Task && each.Key.IsInstance && each.TryNumber > 0))
        {
            output.Write(Encoding.UTF8.GetBytes($"==> {RunPicture.Title(instance)} <==\n"));
            printer.Print(instance.Key, instance.TryNumber, output);
        }
    }

    private static void Check(TaskRun row, int number)
    {
        if (row.TryNumber == 0)
        {
            throw new UserMistakeException(
                $"{row.Key} wrote nothing: it has had no attempt, its state is {Names.Of(row.State)}{(row.Reason is { } reason ? $" ({reason})" : "")}"
            );
        }

        if (number < 1 || number > row.TryNumber)
        {
            throw new UserMistakeException(
                $"--attempt: {row.Key} has had {Brief.Count(row.TryNumber, "attempt")}, so write 1 to {row.TryNumber}"
            );
        }
    }

    private sealed class Printer(Store store, AttemptLogs logs, Pipeline pipeline, RunNumber run, LogStream[] streams)
    {
        private readonly ArrayBufferWriter<byte> _piece = new();

        public void Print(TaskKey key, int attempt, Stream output)
        {
            var isOver = IsOver(key, attempt);
            foreach (var stream in streams)
            {
                using var log = logs.Open(pipeline, run, key, attempt, stream);
                Copy(log, output, isWhole: isOver);
            }
        }

        /// <summary>Writes the one document of <c>--json</c>, a piece of the log at a time: a log may be larger than the memory.</summary>
        public void Document(TaskKey key, int attempt, Stream output)
        {
            var isOver = IsOver(key, attempt);
            using (var json = new Utf8JsonWriter(output, CliJson.Writing))
            {
                json.WriteStartObject();
                json.WriteNumber("run", run.Value);
                json.WriteString("task", key.Task.Value);
                json.WriteNumber("map_index", key.MapIndex);
                json.WriteNumber("attempt", attempt);
                Write("stdout", LogStream.Stdout);
                Write("stderr", LogStream.Stderr);
                json.WriteEndObject();

                void Write(string name, LogStream stream)
                {
                    json.WritePropertyName(name);
                    using var text = new JsonText(json);
                    if (streams.Contains(stream))
                    {
                        using var log = logs.Open(pipeline, run, key, attempt, stream);
                        Copy(log, text, isWhole: isOver);
                    }
                }
            }

            output.Write("\n"u8);
        }

        /// <summary>Goes on until the attempt has ended, or, when none is named, the task.</summary>
        public async Task FollowAsync(TaskKey key, int? attempt, Stream output)
        {
            var next = attempt ?? Math.Max(1, Row(key).TryNumber);
            while (true)
            {
                while (Row(key) is var waiting && waiting.TryNumber < next)
                {
                    if (waiting.State.IsEnd())
                    {
                        return;
                    }

                    await Task.Delay(Pause);
                }

                await FollowOneAsync(key, next, output);
                if (attempt is not null)
                {
                    return;
                }

                next++;
            }
        }

        private async Task FollowOneAsync(TaskKey key, int attempt, Stream output)
        {
            var open = new LogView?[streams.Length];
            try
            {
                while (true)
                {
                    // Asked before reading: what was written before the end is then read after it.
                    var ended = IsOver(key, attempt);
                    for (var i = 0; i < streams.Length; i++)
                    {
                        open[i] ??= logs.Open(pipeline, run, key, attempt, streams[i]);
                        open[i]?.Refresh();
                        Copy(open[i], output, isWhole: ended);
                    }

                    await output.FlushAsync();
                    if (ended)
                    {
                        return;
                    }

                    await Task.Delay(Pause);
                }
            }
            finally
            {
                foreach (var log in open)
                {
                    log?.Dispose();
                }
            }
        }

        private bool IsOver(TaskKey key, int attempt) =>
            store.Read(session => session.Attempts(run, key)).FirstOrDefault(each => each.Number == attempt) is not { EndedAt: null };

        /// <summary>Copies what there is now, from where it was left.</summary>
        private void Copy(LogView? log, Stream output, bool isWhole)
        {
            while (log?.Read(_piece) ?? false)
            {
                Flush();
            }

            if (isWhole)
            {
                log?.Complete(_piece);
                Flush();
            }

            void Flush()
            {
                output.Write(_piece.WrittenSpan);
                _piece.ResetWrittenCount();
            }
        }

        private TaskRun Row(TaskKey key) =>
            store.Read(session => session.Task(run, key)) ?? throw new UserMistakeException($"run {run} no longer has {key}");
    }
}
