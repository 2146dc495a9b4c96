using System.CommandLine;
using Signalbox.Engine.Control;

namespace Signalbox.App.Cli;

/// <summary><c>pin</c> and <c>unpin</c>: keep a run whatever the retention says, or no longer.</summary>
internal static class PinVerb
{
    public static readonly Verb Pin = new(
        "pin",
        "Keep a run, whatever the retention says",
        () =>
            Build(
                isPinned: true,
                "Keeps a run with its logs and versions, whatever `retention:` says.",
                "pin 12 --reason \"the audit of 2026 rests on it\""
            )
    );

    public static readonly Verb Unpin = new(
        "unpin",
        "Let the retention have a run again",
        () => Build(isPinned: false, "Takes back `pin`: the run goes when it is past `retention:`.", "unpin 12")
    );

    private static Command Build(bool isPinned, string description, string example)
    {
        var command = VerbParts.Command(isPinned ? Pin.Name : Unpin.Name, description, example);
        var run = new Argument<string>("RUN") { Description = RunReference.Help };
        command.Arguments.Add(run);
        Asking.SetAction(
            command,
            isPinned ? "pinned by hand" : "unpinned by hand",
            (parsed, project, reason) =>
            {
                using var store = ProjectOpening.OpenStore(project);
                return new Request.PinRun(
                    store.Read(session => RunReference.Find(session, parsed.GetRequiredValue(run))).Number.Value,
                    isPinned,
                    reason
                );
            }
        );
        return command;
    }
}
