using System.CommandLine;
using Signalbox.Engine.Control;

namespace Signalbox.App.Cli;

/// <summary><c>mark</c>: gives a task its state by hand.</summary>
internal static class MarkVerb
{
    private static readonly string[] States = ["success", "failed", "skipped"];

    public static readonly Verb Verb = new("mark", "Decide the state of a task by hand", Build);

    private static Command Build()
    {
        var command = VerbParts.Command(
            Verb.Name,
            "Decides the state of a task by hand; what comes after it goes on from there. A running attempt is stopped first.",
            "mark 12 extract success --reason \"loaded by hand\"",
            "mark 12 \"train[3]\" skipped --reason \"no data for this segment\""
        );
        var run = new Argument<string>("RUN") { Description = RunReference.Help };
        var task = new Argument<string>("TASK") { Description = RunReference.TaskHelp };
        var state = new Argument<string>("STATE") { Description = "success, failed or skipped" };
        state.AcceptOnlyFromAmong(States);
        command.Arguments.Add(run);
        command.Arguments.Add(task);
        command.Arguments.Add(state);
        Asking.SetAction(
            command,
            "marked by hand",
            (parsed, project, reason) =>
            {
                using var store = ProjectOpening.OpenStore(project);
                return store.Read(session =>
                {
                    var found = RunReference.Find(session, parsed.GetRequiredValue(run));
                    var key = RunReference.Task(session.Tasks(found.Number), found, parsed.GetRequiredValue(task));
                    return new Request.MarkTask(found.Number.Value, key.Task.Value, key.MapIndex, parsed.GetRequiredValue(state), reason);
                });
            }
        );
        return command;
    }
}
