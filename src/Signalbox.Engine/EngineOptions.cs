using System.Collections.Concurrent;
using System.Collections.Immutable;
using Signalbox.Engine.Executors;
using Signalbox.Engine.Outputs;
using Signalbox.Engine.PipelineFiles;
using Signalbox.Engine.Projects;
using Signalbox.Engine.Telemetry;

namespace Signalbox.Engine;

/// <summary>How an engine is run.</summary>
public sealed record EngineOptions
{
    /// <summary>
    /// The program's own command for work in a child process (SQL, checks), before the request and response files,
    /// e.g. <c>/opt/signalbox/signalbox work</c>.
    /// </summary>
    public required ImmutableArray<string> WorkerCommand { get; init; }

    /// <summary>The clock. Default: the system's.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>
    /// How a work begins that goes on beside whoever begins it. Default: on the thread pool. What plays an engine from a seed has all of
    /// it on one thread, and decides what comes next.
    /// </summary>
    public Func<Func<Task>, Task> Begin { get; init; } = Task.Run;

    /// <summary>Who runs attempts. Default: processes of this machine.</summary>
    public Func<LocalExecutorOptions, IExecutor> Executor { get; init; } = options => new LocalExecutor(options);

    /// <summary>The pipelines of a project now, and again after every change. Default: as its files say.</summary>
    public Func<Project, CancellationToken, IAsyncEnumerable<PipelineSet>> Pipelines { get; init; } =
        (project, stop) => project.OpenPipelines().WatchAsync(stop);

    /// <summary>
    /// How firmly the processes of an attempt are held together. Default: by session, which costs nothing; <c>serve</c> uses control groups
    /// where the machine has them.
    /// </summary>
    public Containment Containment { get; init; } = Containment.Session;

    /// <summary>Where commands write, made from the state folder.</summary>
    public Func<string, Staging> Staging { get; init; } = folder => new Staging(folder);

    /// <summary>Where outputs with a path are published. Default: files and folders of this machine.</summary>
    public Func<Staging, IPlace> LocalPlace { get; init; } = staging => new LocalPlace(staging);

    /// <summary>Where telemetry is sent to. Default nowhere.</summary>
    public OtlpSettings? Telemetry { get; init; }

    /// <summary>Ports of this machine that the program listens at, which no task may ask.</summary>
    public ConcurrentDictionary<int, bool> OwnPorts { get; } = new();

    /// <summary>Who asks, kept with every request. Default: the user's name.</summary>
    public string Sender { get; init; } = Environment.UserName;
}
