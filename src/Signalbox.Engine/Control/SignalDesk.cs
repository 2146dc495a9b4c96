using System.Text.Json;
using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Runs;
using Signalbox.Core.Triggers;
using Signalbox.Engine.Driving;
using Signalbox.Storage;

namespace Signalbox.Engine.Control;

/// <summary>Keeps the messages that tasks wait for, and has those looked at that may wait for them.</summary>
internal sealed class SignalDesk(EngineParts parts, RunDriver driver)
{
    /// <summary>One run is named, or a pipeline and the date; whether a task waits already makes no difference.</summary>
    public Deed Keep(Request.SendSignal wanted, string sender, WriteSession session)
    {
        if (string.IsNullOrWhiteSpace(wanted.Name) || wanted.Name.Length > MessageDecider.LongestSignal)
        {
            throw new RequestRefused($"a message has a name of at most {MessageDecider.LongestSignal} characters");
        }

        if (wanted.Data is { } data && Problem(data) is { } problem)
        {
            throw new RequestRefused($"--data: {problem}");
        }

        Signal signal;
        string to;
        PipelineName name;
        if (wanted.Run is { } number)
        {
            var run = session.Run(new RunNumber(number)) ?? throw new RequestRefused($"there is no run {number}");
            if (run.State.IsEnd())
            {
                throw new RequestRefused($"run {number} has ended already ({Names.Of(run.State)}): nothing of it waits");
            }

            name = run.Pipeline;
            to = $"run {number} of {name}";
            signal = new Signal(name, LogicalDate: null, run.Number, wanted.Name, wanted.Data, sender, parts.Time.GetUtcNow());
        }
        else
        {
            name = new PipelineName(wanted.Pipeline!);
            if (session.Pipeline(name)?.Version is not { } version || session.Definition(name, version) is not { } definition)
            {
                throw new RequestRefused(
                    $"there is no pipeline `{name}`{Suggestion.DidYouMean(name.Value, session.Pipelines().Select(each => each.Name.Value))}"
                );
            }

            var found = definition.Pipeline.CalendarOf().Find(wanted.Date ?? throw new RequestRefused("--date: say for which date"));
            var slice = found.Slice ?? throw new RequestRefused($"--date: {found.Error}");
            to = $"{name} for {slice.LogicalDate.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'}";
            signal = new Signal(name, slice.LogicalDate, Run: null, wanted.Name, wanted.Data, sender, parts.Time.GetUtcNow());
        }

        session.Add(signal);
        return new Deed(
            new Answer(Done: true, wanted.Run, $"message `{wanted.Name}` is sent to {to}"),
            Then: () => driver.LookAtMessages(name)
        );
    }

    private static string? Problem(string data)
    {
        if (data.Length > MessageDecider.LongestData)
        {
            return $"at most {MessageDecider.LongestData >> 10} KiB of JSON";
        }

        try
        {
            JsonDocument.Parse(data).Dispose();
            return null;
        }
        catch (JsonException error)
        {
            return $"it is no JSON: {error.Message}";
        }
    }
}
