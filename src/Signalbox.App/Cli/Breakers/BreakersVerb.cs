using System.CommandLine;
using Signalbox.Core;
using Signalbox.Core.Breakers;
using Signalbox.Engine.Control;
using Signalbox.Storage;

namespace Signalbox.App.Cli;

/// <summary><c>breakers</c>: circuit breakers of pipelines and targets.</summary>
internal static class BreakersVerb
{
    public static readonly Verb Verb = new("breakers", "Show circuit breakers of pipelines and targets; close one by hand", Build);

    private static Command Build()
    {
        var command = VerbParts.Command(
            Verb.Name,
            "Circuit breakers that have counted failures, of pipelines (`circuit_breaker:`) and of targets in signalbox.yaml: closed, open (new runs, or "
                + "attempts, are held) or half_open (one at a time is let through, and how it ends decides).",
            "breakers",
            "breakers reset target partner_api --reason \"they are back\"",
            "breakers reset pipeline daily"
        );
        var project = VerbParts.Project();
        var json = VerbParts.Json();
        command.Options.Add(project);
        command.Options.Add(json);
        command.SetAction(parsed =>
        {
            using var store = ProjectOpening.FindStore(ProjectOpening.Find(parsed.GetValue(project)));
            BreakerDocument[] found = store?.Read(session => BreakerDocument.All(session, TimeProvider.System.GetUtcNow())) ?? [];
            if (parsed.GetValue(json))
            {
                CliJson.Print(found, CliJson.Default.BreakerDocumentArray);
            }
            else
            {
                Print(found);
            }

            return ExitCode.Done;
        });
        command.Subcommands.Add(BuildReset());
        return command;
    }

    private static Command BuildReset()
    {
        var command = VerbParts.Command(
            "reset",
            "Closes a circuit breaker and forgets its failures: what was held begins.",
            "breakers reset target partner_api --reason \"they are back\""
        );
        var kind = new Argument<string>("KIND") { Description = "pipeline or target" };
        var name = new Argument<string>("NAME") { Description = "Its name" };
        command.Arguments.Add(kind);
        command.Arguments.Add(name);
        Asking.SetAction(
            command,
            "closed by hand",
            (parsed, _, reason) =>
            {
                var word = parsed.GetValue(kind)!;
                return Names.BreakerKindOf(word) is { } known
                    ? new Request.ResetBreaker(Names.Of(known), parsed.GetValue(name)!, reason)
                    : throw new UserMistakeException(
                        $"KIND: `{word}` is neither pipeline nor target{Suggestion.DidYouMean(word, ["pipeline", "target"])}"
                    );
            }
        );
        return command;
    }

    private static void Print(BreakerDocument[] all)
    {
        if (all.Length == 0)
        {
            Console.Out.WriteLine("no circuit breaker has counted a failure");
            return;
        }

        TextTable.Write(
            Console.Out,
            ["kind", "name", "state", "failures", "open since", "one let through", "last failure"],
            [
                .. all.Select(one =>
                    new[] { one.Kind, one.Name, one.State, $"{one.Failures}", one.OpenedAt ?? "-", one.ProbeAt ?? "-", one.Reason ?? "" }
                ),
            ]
        );
    }
}

/// <summary>A circuit breaker that has counted failures.</summary>
/// <param name="Kind">pipeline or target.</param>
/// <param name="State">closed, open or half_open.</param>
/// <param name="Failures">In a row.</param>
/// <param name="ProbeAt">When one is let through.</param>
/// <param name="Reason">The failure that opened it.</param>
internal sealed record BreakerDocument(
    string Kind,
    string Name,
    string State,
    int Failures,
    string? OpenedAt,
    string? ProbeAt,
    string? Reason
)
{
    public static BreakerDocument[] All(ReadSession session, DateTimeOffset now) =>
        [
            .. session
                .Breakers()
                .Select(one => new BreakerDocument(
                    Names.Of(one.Key.Kind),
                    one.Key.Name,
                    Names.Of(one.StateAt(now)),
                    one.Failures,
                    InstantText.Fine(one.OpenedAt),
                    InstantText.Fine(one.ProbeAt),
                    one.Reason
                )),
        ];
}
