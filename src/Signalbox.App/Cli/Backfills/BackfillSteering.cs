using System.CommandLine;
using Signalbox.Engine.Control;

namespace Signalbox.App.Cli;

/// <summary><c>backfill pause</c>, <c>backfill resume</c> and <c>backfill cancel</c>.</summary>
internal static class BackfillSteering
{
    public static Command BuildPause() =>
        Build(
            "pause",
            "Begins no more dates of a backfill until it is resumed; what runs goes on.",
            "backfill pause 3 --reason \"the source is slow today\"",
            "paused by hand",
            (backfill, reason) => new Request.PauseBackfill(backfill, reason)
        );

    public static Command BuildResume() =>
        Build(
            "resume",
            "Goes on with a paused backfill where it stopped.",
            "backfill resume 3",
            "resumed by hand",
            (backfill, reason) => new Request.ResumeBackfill(backfill, reason)
        );

    public static Command BuildCancel() =>
        Build(
            "cancel",
            "Ends a backfill: what runs is cancelled, what waits never begins.",
            "backfill cancel 3 --reason \"wrong range\"",
            "cancelled by hand",
            (backfill, reason) => new Request.CancelBackfill(backfill, reason)
        );

    private static Command Build(string name, string what, string example, string defaultReason, Func<long, string, Request> request)
    {
        var command = VerbParts.Command(name, what, example);
        var id = new Argument<long>("ID") { Description = "The number of a backfill" };
        command.Arguments.Add(id);
        Asking.SetAction(command, defaultReason, (parsed, _, reason) => request(parsed.GetRequiredValue(id), reason));
        return command;
    }
}
