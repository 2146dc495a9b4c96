using System.CommandLine;
using System.Text;
using System.Text.Json;
using Signalbox.Core;
using Signalbox.Core.Approvals;
using Signalbox.Core.Definitions;
using Signalbox.Core.Runs;
using Signalbox.Engine.Control;
using Signalbox.Engine.Projects;
using Signalbox.Storage;

namespace Signalbox.App.Cli;

/// <summary><c>approvals</c>: what tasks ask of people, and the answers.</summary>
internal static class ApprovalsVerb
{
    private const int MostListed = 200;

    // Without a server this process does what follows from an answer; it looks so often whether it is done.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    public static readonly Verb Verb = new("approvals", "List what waits for approval; approve or reject it", Build);

    private static Command Build()
    {
        var command = VerbParts.Command(
            Verb.Name,
            "What tasks ask of people (`approve:`, and promotions that ask), and the answers. Who answers is the user of the system, or --as NAME: "
                + "there is no sign-in, so a name is believed.",
            "approvals list",
            "approvals approve 12 publish --reason \"numbers look right\" --field limit=100",
            "approvals reject 12 'promote[3]' --reason \"too few rows\" --as alice"
        );
        command.Subcommands.Add(BuildList());
        command.Subcommands.Add(BuildAnswer("approve", approves: true));
        command.Subcommands.Add(BuildAnswer("reject", approves: false));
        return command;
    }

    private static Command BuildList()
    {
        var command = VerbParts.Command("list", "What waits for an answer.", "approvals list", "approvals list --all --json");
        var all = new Option<bool>("--all") { Description = "Also what is decided, the newest first" };
        var project = VerbParts.Project();
        var json = VerbParts.Json();
        command.Options.Add(all);
        command.Options.Add(project);
        command.Options.Add(json);
        command.SetAction(parsed =>
        {
            using var store = ProjectOpening.FindStore(ProjectOpening.Find(parsed.GetValue(project)));
            ApprovalDocument[] found =
                store?.Read(session =>
                {
                    var rows = parsed.GetValue(all) ? session.Approvals(MostListed) : session.OpenApprovals();
                    return rows.Select(row => ApprovalDocument.Of(session, row)).ToArray();
                })
                ?? [];
            if (parsed.GetValue(json))
            {
                CliJson.Print(found, CliJson.Default.ApprovalDocumentArray);
            }
            else
            {
                Print(found, parsed.GetValue(all));
            }

            return ExitCode.Done;
        });
        return command;
    }

    private static void Print(ApprovalDocument[] found, bool all)
    {
        if (found.Length == 0)
        {
            Console.Out.WriteLine(all ? "nothing was ever asked" : "nothing waits for approval");
            return;
        }

        TextTable.Write(
            Console.Out,
            ["RUN", "PIPELINE", "FOR", "TASK", "STATE", "APPROVALS", "WHO", "UNTIL", "MESSAGE"],
            [
                .. found.Select(asked =>
                    new[]
                    {
                        $"{asked.Run}",
                        asked.Pipeline,
                        asked.Partition,
                        $"{new TaskKey(new TaskName(asked.Task), asked.MapIndex)}",
                        asked.State,
                        $"{asked.Answers.Count(answer => answer.Decision == "approved")} of {asked.Quorum}",
                        asked.Who.Length == 0 ? "anybody" : string.Join(",", asked.Who),
                        asked.Deadline is { } until ? until[..16] + "Z" : "",
                        asked.Reason is { } reason ? $"{asked.Message} ({reason})" : asked.Message,
                    }
                ),
            ]
        );
    }

    private static Command BuildAnswer(string name, bool approves)
    {
        var command = VerbParts.Command(
            name,
            approves
                ? "Approves what a task asks. With the approvals that it needs the task succeeds, and what comes after it goes on."
                : "Rejects what a task asks: it fails or is skipped, as its `on_reject` says. One rejection is enough.",
            approves
                ? "approvals approve 12 publish --reason \"numbers look right\" --field limit=100"
                : "approvals reject 12 publish --reason \"too few rows\""
        );
        var run = new Argument<string>("RUN") { Description = RunReference.Help };
        var task = new Argument<string>("TASK") { Description = RunReference.TaskHelp };
        var reason = new Option<string?>("--reason")
        {
            Description = approves ? "Why; kept with the answer" : "Why; kept with the answer. Must be given",
            HelpName = "TEXT",
            Required = !approves,
        };
        var field = new Option<string[]>("--field")
        {
            Description = "A value of the form, e.g. limit=100; may be repeated. Text or JSON, as the field's type says",
            HelpName = "NAME=VALUE",
            AllowMultipleArgumentsPerToken = false,
        };
        var person = new Option<string?>("--as") { Description = "Who answers. Default: the user of the system", HelpName = "NAME" };
        var project = VerbParts.Project();
        var json = VerbParts.Json();
        command.Arguments.Add(run);
        command.Arguments.Add(task);
        command.Options.Add(reason);
        if (approves)
        {
            command.Options.Add(field);
        }

        foreach (var option in new Option[] { person, project, json })
        {
            command.Options.Add(option);
        }

        command.SetAction(
            async (parsed, _) =>
            {
                var found = ProjectOpening.Find(parsed.GetValue(project));
                var request = RequestOf(
                    found,
                    parsed.GetRequiredValue(run),
                    parsed.GetRequiredValue(task),
                    approves,
                    parsed.GetValue(reason),
                    approves ? parsed.GetValue(field) ?? [] : []
                );
                await using var engine = ProjectOpening.OpenEngine(found, sender: parsed.GetValue(person));
                var answer = await engine.AskAsync(request, CancellationToken.None);
                if (!parsed.GetValue(json) && answer.Done)
                {
                    Console.Out.WriteLine(answer.Message);
                }

                if (engine.OwnsEngine)
                {
                    await UntilNothingMovesAsync(engine, new RunNumber(request.Run));
                }

                if (!answer.Done)
                {
                    throw new UserMistakeException(answer.Message);
                }

                if (parsed.GetValue(json))
                {
                    Asking.Print(answer, json: true);
                }

                return ExitCode.Done;
            }
        );
        return command;
    }

    private static Request.AnswerApproval RequestOf(
        Project project,
        string run,
        string task,
        bool approves,
        string? reason,
        string[] fields
    )
    {
        using var store = ProjectOpening.OpenStore(project);
        return store.Read(session =>
        {
            var found = RunReference.Find(session, run);
            var key = RunReference.Task(session.Tasks(found.Number), found, task);
            var node = session.Definition(found.Pipeline, found.Version)!.Pipeline.Tasks.First(each => each.Name == key.Task);
            var spec =
                ApprovalSpec.Of(node.Kind, found.Trigger)
                ?? throw new UserMistakeException($"{key} of run {found.Number} asks nobody anything");
            return new Request.AnswerApproval(found.Number.Value, key.Task.Value, key.MapIndex, approves, reason, FormOf(spec, fields));
        });
    }

    private static string FormOf(ApprovalSpec spec, string[] fields)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            var given = new HashSet<string>(StringComparer.Ordinal);
            foreach (var text in fields)
            {
                var equals = text.IndexOf('=', StringComparison.Ordinal);
                if (equals <= 0)
                {
                    throw new UserMistakeException($"--field: `{text}` is no NAME=VALUE");
                }

                var name = text[..equals];
                var field = spec.Form.FirstOrDefault(known => known.Name == name);
                if (field is null)
                {
                    var near = Suggestion.DidYouMean(name, spec.Form.Select(known => known.Name));
                    throw new UserMistakeException($"--field: the form has no field `{name}`{near}");
                }

                if (!given.Add(name))
                {
                    throw new UserMistakeException($"--field: `{name}` is given twice");
                }

                json.WritePropertyName(name);
                json.WriteRawValue(
                    ParamChecker.FromText(field, text[(equals + 1)..], out var problem, "field")
                        ?? throw new UserMistakeException($"--field {name}: {problem}")
                );
            }

            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.ToArray());
    }

    /// <summary>Without a server nobody else does what follows from the answer: until the run has ended, or only waits.</summary>
    private static async Task UntilNothingMovesAsync(EngineSession engine, RunNumber number)
    {
        while (engine.Store.Read(session => session.LoadRun(number)) is { } stored && Moves(stored))
        {
            await Task.Delay(Pause);
        }
    }

    private static bool Moves(StoredRun stored) =>
        !stored.Run.State.IsEnd()
        && stored.Tasks.Any(task =>
            task.State is TaskState.Scheduled or TaskState.Queued
            || (task.State == TaskState.Running && !task.IsExpanded)
            || task is { State: TaskState.UpForReschedule, DueAt: null }
            || task is { State: TaskState.None, ReadyAt: not null }
        );
}
