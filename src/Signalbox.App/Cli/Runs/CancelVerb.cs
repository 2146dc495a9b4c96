using System.CommandLine;
using Signalbox.Engine.Control;

namespace Signalbox.App.Cli;

/// <summary><c>cancel</c>: ends a run; what runs is stopped, what waits never begins.</summary>
internal static class CancelVerb
{
    public static readonly Verb Verb = new("cancel", "Cancel a run", Build);

    private static Command Build()
    {
        var command = VerbParts.Command(
            Verb.Name,
            "Cancels a run: what runs is stopped (TERM, then KILL, the whole tree), what waits never begins.",
            "cancel 12 --reason \"wrong date\""
        );
        var run = new Argument<string>("RUN") { Description = RunReference.Help };
        command.Arguments.Add(run);
        Asking.SetAction(
            command,
            "cancelled by hand",
            (parsed, project, reason) =>
            {
                using var store = ProjectOpening.OpenStore(project);
                return new Request.CancelRun(
                    store.Read(session => RunReference.Find(session, parsed.GetRequiredValue(run))).Number.Value,
                    reason
                );
            }
        );
        return command;
    }
}
