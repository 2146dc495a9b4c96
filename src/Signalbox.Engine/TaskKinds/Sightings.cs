using System.Collections.Concurrent;
using Signalbox.Core;
using Signalbox.Engine.Attempts;

namespace Signalbox.Engine.TaskKinds;

/// <summary>What waiting tasks saw at earlier looks; may be lost at any instant.</summary>
public sealed class Sightings
{
    private readonly ConcurrentDictionary<(RunNumber, TaskKey), (object Seen, DateTimeOffset Since)> _seen = new();

    /// <summary>Since when the same was seen at every look.</summary>
    public DateTimeOffset UnchangedSince(AttemptContext context, object seen, DateTimeOffset now) =>
        _seen
            .AddOrUpdate(
                (context.Run.Number, context.Task.Key),
                _ => (seen, now),
                (_, before) => before.Seen.Equals(seen) ? before : (seen, now)
            )
            .Since;

    public void Forget(AttemptContext context) => _seen.TryRemove((context.Run.Number, context.Task.Key), out _);
}
