using System.Collections.Immutable;
using System.CommandLine;
using System.Text;
using Signalbox.Core;
using Signalbox.Core.Retry;
using Signalbox.Core.Time;

namespace Signalbox.App.Cli;

/// <summary><c>classify</c>: what kind of failure an end would count as, which evidence says so, and how long a retry would wait.</summary>
internal static class ClassifyVerb
{
    private const int LargestErrorFile = 64 * 1024;

    public static readonly Verb Verb = new("classify", "Say what kind of failure an exit code and an output are", Build);

    private static Command Build()
    {
        var command = VerbParts.Command(
            Verb.Name,
            "What kind of failure an attempt that ended so would have: the class, the evidence that decided, and how long the next retry would wait. Policy "
                + "and failure rules are those of --pipeline and --task; without them those of `retries: auto`, and no rules.",
            "classify --exit 75",
            "classify --exit 1 --stderr out.log --pipeline daily --task extract",
            "python3 extract.py 2>&1 | signalbox classify --exit 1 --stderr - --json"
        );
        var exit = new Option<int?>("--exit") { Description = "The exit code, 0 to 255; 128 + n after signal n", HelpName = "CODE" };
        var stderr = new Option<string?>("--stderr")
        {
            Description = "A file with the last lines of its standard error; - reads them",
            HelpName = "FILE",
        };
        var error = new Option<string?>("--error-file") { Description = "What the command wrote to $SIGNALBOX_ERROR", HelpName = "FILE" };
        var oom = new Option<bool>("--oom") { Description = "The kernel killed it for memory" };
        var pipeline = new Option<string?>("--pipeline")
        {
            Description = "The pipeline whose policy counts, or a file",
            HelpName = "PIPELINE",
        };
        var task = new Option<string?>("--task") { Description = "Its task", HelpName = "TASK" };
        var attempt = new Option<int>("--attempt")
        {
            Description = "Which attempt it was",
            HelpName = "N",
            DefaultValueFactory = _ => 1,
        };
        var project = VerbParts.Project();
        var json = VerbParts.Json();
        foreach (var option in new Option[] { exit, stderr, error, oom, pipeline, task, attempt, project, json })
        {
            command.Options.Add(option);
        }

        command.SetAction(parsed =>
        {
            var evidence = new FailureEvidence
            {
                ExitCode = Code(parsed.GetValue(exit), parsed.GetValue(oom), parsed.GetValue(error)),
                LastLines = parsed.GetValue(stderr) is { } lines ? Tail("--stderr", lines, FailureEvidence.MostOfLines) : "",
                ErrorFile = parsed.GetValue(error) is { } file ? Tail("--error-file", file, LargestErrorFile) : null,
                OutOfMemory = parsed.GetValue(oom),
                EndedAt = TimeProvider.System.GetUtcNow(),
            };
            var number = parsed.GetValue(attempt);
            if (number < 1)
            {
                throw new UserMistakeException($"--attempt: attempts count from 1, not {number}");
            }

            var (policy, rules) = WordsOf(parsed.GetValue(pipeline), parsed.GetValue(task), parsed.GetValue(project));
            var document = ClassifyDocument.Of(FailureClassifier.Classify(evidence, rules), policy, number);
            if (parsed.GetValue(json))
            {
                CliJson.Print(document, CliJson.Default.ClassifyDocument);
            }
            else
            {
                Print(document);
            }

            return ExitCode.Done;
        });
        return command;
    }

    private static int? Code(int? exit, bool oom, string? error) =>
        exit switch
        {
            null when !oom && error is null => throw new UserMistakeException("--exit: name the exit code, such as --exit 75"),
            0 => throw new UserMistakeException("--exit: 0 is a success"),
            99 => throw new UserMistakeException("--exit: 99 skips the task, which is no failure"),
            < 0 or > 255 => throw new UserMistakeException($"--exit: an exit code is 1 to 255, not {exit}"),
            _ => exit,
        };

    private static (RetryPolicy Policy, ImmutableArray<FailureRule> Rules) WordsOf(string? pipeline, string? task, string? project)
    {
        if (pipeline is null != task is null)
        {
            throw new UserMistakeException("--pipeline and --task go together");
        }

        if (pipeline is null)
        {
            return (RetryPolicy.Table, []);
        }

        var tasks = PipelineSource.Load(pipeline, ProjectOpening.Find(project)).Pipeline!.Tasks;
        return tasks.FirstOrDefault(one => one.Name.Value == task) is { } node
            ? (node.Retry, node.FailureRules)
            : throw new UserMistakeException(
                $"--task: {pipeline} has no task `{task}`{Suggestion.DidYouMean(task!, [.. tasks.Select(one => one.Name.Value)])}"
            );
    }

    /// <summary>The end of a file, as much as is kept of the output of a command.</summary>
    private static string Tail(string option, string path, int most)
    {
        try
        {
            using var stream = path == "-" ? Console.OpenStandardInput() : File.OpenRead(path);
            using var kept = new MemoryStream();
            stream.CopyTo(kept);
            var from = (int)Math.Max(0, kept.Length - most);
            return Encoding.UTF8.GetString(kept.GetBuffer(), from, (int)kept.Length - from);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new UserMistakeException($"{option}: {path} cannot be read: {problem.Message.TrimEnd('.')}");
        }
    }

    private static void Print(ClassifyDocument document)
    {
        Console.Out.WriteLine($"class    {document.Class}");
        Console.Out.WriteLine($"rule     {document.Rule}");
        Console.Out.WriteLine($"message  {document.Message}");
        Console.Out.WriteLine($"then     {document.Then}");
    }
}

/// <summary>What kind of failure it is, and what follows.</summary>
/// <param name="Rule">The evidence that decided.</param>
/// <param name="Retried">Whether there is another attempt.</param>
/// <param name="Delay">Seconds until it starts, at least; null when there is none.</param>
/// <param name="Jitter">Seconds that are added at most, by chance.</param>
/// <param name="Then">The same in words.</param>
internal sealed record ClassifyDocument(
    string Class,
    string Rule,
    string Message,
    double? RetryAfter,
    bool Retried,
    double? Delay,
    double Jitter,
    string Then
)
{
    public static ClassifyDocument Of(Failure failure, RetryPolicy policy, int attempt)
    {
        var delay = policy.NextDelay(failure, attempt - 1, seed: 0);
        var hasJitter = policy.Backoff == Backoff.Exponential && !(policy.ByClass && failure.Class == FailureClass.ResourceUnavailable);
        var jitter = delay is not null && hasJitter ? policy.Jitter : TimeSpan.Zero;
        var most = policy.RetriesFor(failure.Class) + 1;
        var then =
            delay is { } wait
                ? $"attempt {attempt + 1} of {most} starts after {Duration.Print(wait)}"
                    + (jitter > TimeSpan.Zero ? $" and up to {Duration.Print(jitter)} more" : "")
            : !policy.Covers(failure.Class) ? $"it fails: {Names.Of(failure.Class)} is not retried"
            : policy.Retries == 0 ? "it fails: the task has no retries"
            : $"it fails: attempt {attempt} is the last of {most}";
        return new ClassifyDocument(
            Names.Of(failure.Class),
            failure.Rule ?? "",
            failure.Message,
            failure.RetryAfter?.TotalSeconds,
            delay is not null,
            delay?.TotalSeconds,
            jitter.TotalSeconds,
            then
        );
    }
}
