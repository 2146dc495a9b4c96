using System.Collections.Concurrent;
using System.Collections.Immutable;
using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Expressions;
using Signalbox.Core.Runs;
using Signalbox.Core.Time;
using Signalbox.Engine.Outputs;
using Signalbox.Engine.Outputs.S3;
using Signalbox.Engine.Projects;
using Signalbox.Storage;

namespace Signalbox.Engine.Attempts;

/// <summary>The names that templates of one run see, with the facts behind them looked up only when asked for.</summary>
internal sealed class RunNames
{
    private readonly EngineParts _parts;
    private readonly Pipeline _pipeline;
    private readonly Run _run;
    private readonly StoredFacts _facts;
    private readonly TimeSpan _offset;
    private readonly Value.Map _params;
    private readonly Value.Map _conf;
    private readonly Value.List? _cells;
    private readonly TasksNames _tasks;
    private readonly ModelsNames _models;
    private readonly Lazy<string?> _rejected;

    // Looked up once for all of a run: a switch while it goes on would have it read two variants of one thing.
    private readonly Lazy<ActiveVariants> _active;

    public RunNames(EngineParts parts, Pipeline pipeline, Run run)
    {
        _parts = parts;
        _pipeline = pipeline;
        _run = run;
        _facts = new StoredFacts(parts.Store, parts.State, pipeline, run.Number);
        _offset = (Zone.Find(pipeline.Schedule?.TimeZone ?? "UTC").Zone ?? Zone.Utc).OffsetAt(run.LogicalDate);
        var declared = MapOf(run.Params);
        // Only what a person or a program asked for has anything sent along, and only a backfill has a reason.
        _conf =
            run.Trigger == RunTrigger.Manual || run.Backfill is not null
                ? parts.Store.Read(session => RunConf.Of(session, run, pipeline, declared))
                : declared;
        _params = run.Backfill is null ? Together(_conf, declared) : declared;
        _cells = RunScope.CellsOf(pipeline.Dimensions);
        _tasks = new TasksNames(this);
        _models = new ModelsNames(_facts);
        _active = new Lazy<ActiveVariants>(() =>
            parts.Store.Read(session => ActiveVariants.Read(session, parts.Project.Folder, parts.Project.StateFolder))
        );
        _rejected = new Lazy<string?>(() =>
            run.Trigger == RunTrigger.Manual ? parts.Store.Read(session => session.ReplayedBy(run.Number)) : null
        );
    }

    /// <summary>The file of rejected rows that the run was started to take in again; null for any other run.</summary>
    public string? Rejected => _rejected.Value;

    /// <summary>Why there is the backfill that the run is of; null for any other run.</summary>
    public string? BackfillReason =>
        _run.Backfill is not null && _conf.TryGet(RunConf.BackfillReason, out var reason) ? reason.ToString() : null;

    /// <summary>The names that do not depend on a task.</summary>
    public RunScope Scope() => Scope(node: null, task: null, attempt: null, inputs: null, outputs: null);

    /// <summary>The names one task, or one instance of a mapped task, sees.</summary>
    /// <param name="inputs">Input name to absolute path; null where inputs cannot be asked for.</param>
    /// <param name="outputs">Output name to the absolute path of its staging place; null where outputs cannot be asked for.</param>
    public RunScope Scope(
        TaskNode? node,
        TaskRun? task,
        int? attempt,
        IReadOnlyDictionary<string, string>? inputs,
        IReadOnlyDictionary<string, string>? outputs
    )
    {
        var isInstance = task is { Key.IsInstance: true };
        return new RunScope
        {
            Pipeline = _pipeline.Name.Value,
            RunId = _run.Id.Value,
            LogicalDate = _run.LogicalDate.ToOffset(_offset),
            IntervalStart = _run.IntervalStart.ToOffset(_offset),
            IntervalEnd = _run.IntervalEnd.ToOffset(_offset),
            Partition = _run.Partition,
            Cells = _cells,
            Params = _params,
            Conf = _conf,
            TaskName = node?.Name.Value,
            Attempt = attempt,
            MapIndex = isInstance ? task!.Key.MapIndex : null,
            Item = isInstance && task!.Item is { } item && Value.FromJson(item) is { Succeeded: true } parsed ? parsed.Value : null,
            Inputs = Paths(inputs),
            Outputs = Paths(outputs),
            Tasks = _tasks,
            Models = _models,
        };
    }

    /// <summary>Input name to absolute path.</summary>
    public ImmutableSortedDictionary<string, string> Inputs(TaskNode node, TaskRun task, int attempt)
    {
        if (node.Inputs.IsEmpty)
        {
            return node.Inputs;
        }

        // Before the reads below: whoever holds a connection must not wait for one that reads what is active.
        var active = _active.Value;
        var scope = Scope(node, task, attempt, inputs: null, outputs: null);
        return node.Inputs.ToImmutableSortedDictionary(
            input => input.Key,
            input =>
            {
                var rendered = Templates.Render(input.Value, scope, $"tasks.{node.Name}.inputs.{input.Key}");
                return _parts.Store.Read(session => active.Input(session, _run, rendered));
            },
            StringComparer.Ordinal
        );
    }

    /// <summary>Where an output of this run is published: what its template gave, made absolute and redirected for a namespace.</summary>
    public string TargetOf(string rendered) => Targets.Output(_parts.Project.Folder, _parts.Project.StateFolder, _run.Namespace, rendered);

    /// <summary>Where readers find what is published at a target: several objects of S3 lie under the prefix of their version.</summary>
    private string ReadFrom(string target) =>
        S3Address.Is(target)
        && target.EndsWith('/')
        && S3Address.Parse(target, out _) is { } address
        && _parts.Project.S3For(address.Bucket, out _) is { Layout: ObjectLayout.Versions }
        && _parts.Store.Read(session => session.PublicationAt(target.TrimEnd('/'))) is { Kind: PublicationKind.Objects } current
            ? S3Layout.VersionOf(address, current).ToString()
            : target;

    private static Value.Map MapOf(string json) =>
        Value.FromJson(json) is { Succeeded: true, Value: Value.Map map } ? map : Value.Map.Empty;

    /// <summary>What was sent along counts as a parameter, too, as in Airflow; where the pipeline declares it, it was checked there.</summary>
    private static Value.Map Together(Value.Map sent, Value.Map declared) =>
        ReferenceEquals(sent, declared)
            ? declared
            : new Value.Map(sent.Entries.Where(entry => !declared.TryGet(entry.Key, out _)).Concat(declared.Entries));

    private static Value.Map? Paths(IReadOnlyDictionary<string, string>? paths) =>
        paths is null ? null : new Value.Map(paths.Select(path => new KeyValuePair<string, Value>(path.Key, Value.Of(path.Value))));

    /// <summary><c>tasks.NAME</c>.</summary>
    private sealed class TasksNames(RunNames run) : IScope
    {
        public IEnumerable<string> Names => run._pipeline.Tasks.Select(task => task.Name.Value);

        public bool TryGet(string name, out Value value)
        {
            var node = run._pipeline.Tasks.FirstOrDefault(task => task.Name.Value == name);
            value = node is null
                ? Value.None
                : Value.Of(
                    new TaskScope(
                        () => run._facts.Result(node.Name),
                        new OutputsNames(node, run),
                        () => run._facts.Metrics(node.Name) as IScope,
                        run._facts.State(node.Name)
                    )
                );
            return node is not null;
        }
    }

    /// <summary><c>tasks.NAME.outputs.OUTPUT</c>: the path at which readers find it.</summary>
    private sealed class OutputsNames(TaskNode node, RunNames run) : IScope
    {
        public IEnumerable<string> Names => node.Outputs.Select(output => output.Name);

        public bool TryGet(string name, out Value value)
        {
            var output = node.Outputs.FirstOrDefault(output => output.Name == name);
            value = output is null
                ? Value.None
                : Value.Of(run.ReadFrom(run.TargetOf(Templates.Render(output.Path, run.Scope(), $"tasks.{node.Name}.outputs.{name}"))));
            return output is not null;
        }
    }

    /// <summary><c>models['NAME'].ALIAS</c>. A model nobody has made yet has no aliases.</summary>
    private sealed class ModelsNames(StoredFacts facts) : IScope
    {
        public IEnumerable<string> Names => [];

        public bool TryGet(string name, out Value value)
        {
            value = facts.Model(name);
            return true;
        }
    }
}

/// <summary>The names of the live runs, each built once and dropped when its run ends.</summary>
internal sealed class NamesOfRuns(EngineParts parts)
{
    private readonly ConcurrentDictionary<RunNumber, RunNames> _runs = new();

    public RunNames Of(Pipeline pipeline, Run run) => _runs.GetOrAdd(run.Number, _ => new RunNames(parts, pipeline, run));

    public void Forget(RunNumber run) => _runs.TryRemove(run, out _);
}
