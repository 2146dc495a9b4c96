using System.CommandLine;
using System.Globalization;
using Signalbox.Core;
using Signalbox.Core.Triggers;
using Signalbox.Engine.Control;
using Signalbox.Storage;

namespace Signalbox.App.Cli;

/// <summary><c>inbox</c>: messages from outside, what became of them, and what is to become of dead letters.</summary>
internal static class InboxVerb
{
    private const int MostListed = 100;
    private const int LongestReason = 80;

    public static readonly Verb Verb = new("inbox", "List messages that triggers took; replay or drop dead letters", Build);

    private static Command Build()
    {
        var command = VerbParts.Command(
            Verb.Name,
            "Messages that triggers took: webhooks, files, queues, rows, ends of other pipelines. Each is kept before anything is done about it and "
                + "starts one run at most; one that cannot start a run is a dead letter with its reason.",
            "inbox list --state dead",
            "inbox show 12",
            "inbox replay 12",
            "inbox drop 12 --reason \"a test of the sender\""
        );
        command.Subcommands.Add(BuildList());
        command.Subcommands.Add(BuildShow());
        command.Subcommands.Add(BuildReplay());
        command.Subcommands.Add(BuildDrop());
        return command;
    }

    private static Command BuildList()
    {
        var command = VerbParts.Command(
            "list",
            "Messages, the newest first.",
            "inbox list --state dead --pipeline landing",
            "inbox list --before 1200 --json"
        );
        var state = new Option<string?>("--state")
        {
            Description = "Only those: waiting, started, signalled, ignored, dead or dropped",
            HelpName = "STATE",
        };
        var pipeline = new Option<string?>("--pipeline") { Description = "Only those of a pipeline", HelpName = "NAME" };
        var before = new Option<long?>("--before")
        {
            Description = "Only those with a smaller number: the last of the page before",
            HelpName = "ID",
        };
        var limit = new Option<int>("--limit")
        {
            Description = "At most so many",
            HelpName = "N",
            DefaultValueFactory = _ => MostListed,
        };
        var project = VerbParts.Project();
        var json = VerbParts.Json();
        foreach (var option in new Option[] { state, pipeline, before, limit, project, json })
        {
            command.Options.Add(option);
        }

        command.SetAction(parsed =>
        {
            var most = parsed.GetValue(limit);
            if (most is < 1 or > 10_000)
            {
                throw new UserMistakeException($"--limit: {most} is not from 1 to 10000");
            }

            var filter = new InboxFilter(
                parsed.GetValue(pipeline) is { } name ? new PipelineName(name) : null,
                parsed.GetValue(state) is { } word
                    ? StateOf(word, out var problem) ?? throw new UserMistakeException($"--state: {problem}")
                    : null,
                parsed.GetValue(before),
                most
            );
            using var store = ProjectOpening.FindStore(ProjectOpening.Find(parsed.GetValue(project)));
            InboxDocument[] found = store?.Read(session => session.InboxMessages(filter).Select(InboxDocument.Of).ToArray()) ?? [];
            if (parsed.GetValue(json))
            {
                CliJson.Print(found, CliJson.Default.InboxDocumentArray);
            }
            else
            {
                Print(found);
            }

            return ExitCode.Done;
        });
        return command;
    }

    private static Command BuildShow()
    {
        var command = VerbParts.Command("show", "A message, and what is in it.", "inbox show 12", "inbox show 12 --json");
        var id = Id();
        var project = VerbParts.Project();
        var json = VerbParts.Json();
        command.Arguments.Add(id);
        command.Options.Add(project);
        command.Options.Add(json);
        command.SetAction(parsed =>
        {
            using var store = ProjectOpening.OpenStore(ProjectOpening.Find(parsed.GetValue(project)));
            var found = InboxDetailDocument.Of(Find(store, parsed.GetRequiredValue(id)));
            if (parsed.GetValue(json))
            {
                CliJson.Print(found, CliJson.Default.InboxDetailDocument);
            }
            else
            {
                Print(found);
            }

            return ExitCode.Done;
        });
        return command;
    }

    private static Command BuildReplay()
    {
        var command = VerbParts.Command(
            "replay",
            "Decides a message anew that has started no run: after its trigger, or the pipeline's parameters, have been mended. Exit code 1 when it "
                + "is a dead letter again.",
            "inbox replay 12"
        );
        var id = Id();
        var project = VerbParts.Project();
        var json = VerbParts.Json();
        command.Arguments.Add(id);
        command.Options.Add(project);
        command.Options.Add(json);
        command.SetAction(
            async (parsed, _) =>
            {
                await using var engine = ProjectOpening.OpenEngine(ProjectOpening.Find(parsed.GetValue(project)));
                var number = parsed.GetRequiredValue(id);
                Find(engine.Store, number);
                var answer = await engine.AskAsync(new Request.ReplayMessage(number), CancellationToken.None);
                var after = Find(engine.Store, number);
                if (!answer.Done && after.State != InboxState.Dead)
                {
                    throw new UserMistakeException(answer.Message);
                }

                Asking.Print(answer, parsed.GetValue(json));
                return answer.Done ? ExitCode.Done : ExitCode.WorkFailed;
            }
        );
        return command;
    }

    private static Command BuildDrop()
    {
        var command = VerbParts.Command(
            "drop",
            "Puts a message aside that has started no run. It stays in the inbox, and can be replayed.",
            "inbox drop 12 --reason \"a test of the sender\""
        );
        var id = Id();
        command.Arguments.Add(id);
        Asking.SetAction(command, "dropped by hand", (parsed, _, reason) => new Request.DropMessage(parsed.GetRequiredValue(id), reason));
        return command;
    }

    private static Argument<long> Id() => new("ID") { Description = "The number of the message, as `inbox list` shows it" };

    private static InboxMessage Find(Store store, long id) =>
        store.Read(session => session.InboxMessage(id))
        ?? throw new UserMistakeException($"there is no message {id}; `signalbox inbox list` shows what there is");

    /// <summary>The state that a word stands for; null when it stands for none, with the problem.</summary>
    public static InboxState? StateOf(string word, out string? problem)
    {
        var state = Names.InboxStateOf(word);
        problem = state is null
            ? $"`{word}` is no state of a message{Suggestion.DidYouMean(word, Enum.GetValues<InboxState>().Select(Names.Of))}; write waiting, started, signalled, ignored, dead or dropped"
            : null;
        return state;
    }

    private static void Print(InboxDocument[] found)
    {
        if (found.Length == 0)
        {
            Console.Out.WriteLine("there is no such message");
            return;
        }

        TextTable.Write(
            Console.Out,
            ["ID", "PIPELINE", "TRIGGER", "RECEIVED", "STATE", "RUN", "REASON"],
            [
                .. found.Select(message =>
                    new[]
                    {
                        message.Id.ToString(CultureInfo.InvariantCulture),
                        message.Pipeline,
                        message.Trigger,
                        message.ReceivedAt[..19] + "Z",
                        message.State,
                        message.Run?.ToString(CultureInfo.InvariantCulture) ?? "",
                        Short(message.Reason ?? ""),
                    }
                ),
            ]
        );
    }

    private static void Print(InboxDetailDocument found)
    {
        var message = found.Message;
        Console.Out.WriteLine($"message {message.Id} of {message.Pipeline}, by its trigger {message.Trigger} ({message.Kind})");
        Console.Out.WriteLine($"received  {message.ReceivedAt}");
        Console.Out.WriteLine($"key       {message.Key}");
        Console.Out.WriteLine($"state     {message.State}{(message.Run is { } run ? $", run {run}" : "")}");
        if (message.Reason is { } reason)
        {
            Console.Out.WriteLine($"reason    {reason}");
        }

        CliJson.Print(found.Payload, CliJson.Default.JsonElement);
    }

    private static string Short(string reason) => reason.Length <= LongestReason ? reason : reason[..(LongestReason - 1)] + "…";
}
