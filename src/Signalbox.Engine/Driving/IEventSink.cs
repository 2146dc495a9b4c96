using Signalbox.Core;
using Signalbox.Core.Runs;
using Signalbox.Storage;

namespace Signalbox.Engine.Driving;

/// <summary>Where everything that happens to runs is reported.</summary>
internal interface IEventSink
{
    /// <summary>Reports an event.</summary>
    /// <param name="write">
    /// Rows that belong to the event: written in the transaction that records it, and only when the event is of the current attempt.
    /// </param>
    void Post(RunNumber run, RunEvent happened, Action<WriteSession>? write = null);
}
