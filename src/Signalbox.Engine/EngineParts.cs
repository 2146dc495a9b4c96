using System.Collections.Concurrent;
using System.Collections.Immutable;
using Signalbox.Engine.Attempts;
using Signalbox.Engine.Driving;
using Signalbox.Engine.Executors;
using Signalbox.Engine.Outbox;
using Signalbox.Engine.Outputs;
using Signalbox.Engine.Outputs.S3;
using Signalbox.Engine.Projects;
using Signalbox.Engine.TaskKinds;
using Signalbox.Storage;

namespace Signalbox.Engine;

/// <summary>What the parts of one engine share.</summary>
public sealed record EngineParts
{
    public required Project Project { get; init; }

    public required StateFolder State { get; init; }

    public required Store Store { get; init; }

    public required IExecutor Executor { get; init; }

    /// <summary>Where commands write.</summary>
    public required Staging Staging { get; init; }

    /// <summary>Where outputs are published.</summary>
    public required Places Places { get; init; }

    public required TimeProvider Time { get; init; }

    /// <summary>What time-outs are counted on.</summary>
    public required EngineClock Clock { get; init; }

    /// <summary>Begins a work that goes on beside whoever begins it.</summary>
    public required Func<Func<Task>, Task> Begin { get; init; }

    /// <summary>
    /// The program's own command for work that is done in a child process (SQL, checks), without its last arguments: the name of the
    /// work, the request file, the response file.
    /// </summary>
    public required ImmutableArray<string> WorkerCommand { get; init; }

    /// <summary>Names this installation to others: a DNS-1123 label.</summary>
    public required string Instance { get; init; }

    /// <summary>What begins the keys of attempts; see <see cref="AttemptKeys.LineageOf"/>.</summary>
    public required string Lineage { get; init; }

    /// <summary>Ports of this machine that the program itself listens at, which no task may ask.</summary>
    public required ConcurrentDictionary<int, bool> OwnPorts { get; init; }

    public Sightings Sightings { get; } = new();

    /// <summary>The talk with S3 about whether something is there: asked again at the next look, so with little patience.</summary>
    internal S3Clients Objects => LazyInitializer.EnsureInitialized(ref _objects, () => new S3Clients(Project, S3Limits.OfLooks))!;

    private S3Clients? _objects;

    /// <summary>Rung when there is something new to tell the world.</summary>
    public OutboxBell Outbox { get; } = new();

    /// <summary>Since the scheduler last looked for what is due. Null: this engine keeps no schedules.</summary>
    public TimeSpan? SchedulerAge
    {
        get
        {
            var looked = Volatile.Read(ref _schedulerLooked);
            return looked == 0 ? null : Time.GetElapsedTime(looked);
        }
    }

    private long _schedulerLooked;

    /// <summary>The scheduler looks for what is due.</summary>
    public void SchedulerLooks() => Volatile.Write(ref _schedulerLooked, Time.GetTimestamp());

    /// <summary>Rung when there is a new update of a dataset.</summary>
    public OutboxBell Updates { get; } = new();

    /// <summary>Rung when there is a new alert.</summary>
    public OutboxBell Alerts { get; } = new();
}
