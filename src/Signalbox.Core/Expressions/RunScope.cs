namespace Signalbox.Core.Expressions;

/// <summary>
/// The names of one task (or of a run, when the task's properties are left out). Nothing is computed before an expression asks for it.
/// A property that is null makes its names unknown, except those documented otherwise.
/// </summary>
public sealed class RunScope : IScope
{
    public required string Pipeline { get; init; }
    public string? RunId { get; init; }

    /// <summary>With the offset of the schedule's zone: <c>ds</c> is the date there.</summary>
    public DateTimeOffset? LogicalDate { get; init; }
    public DateTimeOffset? IntervalStart { get; init; }
    public DateTimeOffset? IntervalEnd { get; init; }

    /// <summary>The logical date before this one, for <c>prev_ds</c>; null makes <c>prev_ds</c> null.</summary>
    public DateTimeOffset? PreviousLogicalDate { get; init; }

    /// <summary>The logical date after this one, for <c>next_ds</c>; null makes <c>next_ds</c> null.</summary>
    public DateTimeOffset? NextLogicalDate { get; init; }

    public string? Partition { get; init; }

    /// <summary>Null makes <c>cells</c> unknown: the pipeline has no dimensions.</summary>
    public Value.List? Cells { get; init; }
    public Value.Map Params { get; init; } = Value.Map.Empty;

    /// <summary>What the trigger sent along: <c>dag_run.conf</c>.</summary>
    public Value.Map Conf { get; init; } = Value.Map.Empty;

    public string? TaskName { get; init; }

    /// <summary>1 for the first attempt: <c>ti.try_number</c>.</summary>
    public int? Attempt { get; init; }

    /// <summary>Of a mapped task; null makes <c>map_index</c> -1, as in Airflow.</summary>
    public int? MapIndex { get; init; }
    public Value? Item { get; init; }
    public IScope? Inputs { get; init; }
    public IScope? Outputs { get; init; }

    /// <summary>By task name; use <see cref="TaskScope"/> for each. Airflow's <c>ti.xcom_pull</c> reads it too.</summary>
    public IScope? Tasks { get; init; }

    /// <summary>By model name, then by alias.</summary>
    public IScope? Models { get; init; }

    /// <summary>Further names of a special place (<c>staged</c> in checks, <c>body</c> in webhooks); they come first.</summary>
    public IScope? Extra { get; init; }

    /// <summary>What <c>cells</c> is in a pipeline with these dimensions; null without.</summary>
    public static Value.List? CellsOf(ImmutableArray<Time.PartitionDimension> dimensions) =>
        dimensions.IsDefaultOrEmpty
            ? null
            : new Value.List([
                .. Time
                    .PartitionCells.Of(dimensions)
                    .Select(cell =>
                        (Value)
                            new Value.Map(cell.Select((key, i) => new KeyValuePair<string, Value>(dimensions[i].Name, new Value.Text(key))))
                    ),
            ]);

    public IEnumerable<string> Names => (Extra?.Names ?? []).Concat(TemplateNames.Roots.Where(name => TryGet(name, out _)));

    public bool TryGet(string name, out Value value)
    {
        if (Extra is not null && Extra.TryGet(name, out value))
        {
            return true;
        }

        var found = Find(name);
        value = found ?? Value.None;
        return found is not null;
    }

    private Value? Find(string name) =>
        name switch
        {
            TemplateNames.Ds => Format(LogicalDate, "yyyy-MM-dd"),
            TemplateNames.DsNodash => Format(LogicalDate, "yyyyMMdd"),
            TemplateNames.Ts => LogicalDate is { } date ? new Value.Text(ValueText.Instant(date)) : null,
            TemplateNames.TsNodash => Format(LogicalDate, "yyyyMMdd'T'HHmmss"),
            TemplateNames.TsNodashWithTz => LogicalDate is { } date
                ? new Value.Text(date.ToString("yyyyMMdd'T'HHmmss") + date.ToString("zzz").Replace(":", ""))
                : null,
            TemplateNames.LogicalDate or TemplateNames.ExecutionDate => Instant(LogicalDate),
            TemplateNames.DataIntervalStart => Instant(IntervalStart),
            TemplateNames.DataIntervalEnd => Instant(IntervalEnd),
            TemplateNames.PreviousDs => LogicalDate is null ? null : Format(PreviousLogicalDate, "yyyy-MM-dd") ?? Value.None,
            TemplateNames.NextDs => LogicalDate is null ? null : Format(NextLogicalDate, "yyyy-MM-dd") ?? Value.None,
            TemplateNames.YesterdayDs => Neighbour(-1),
            TemplateNames.TomorrowDs => Neighbour(1),
            TemplateNames.RunId => RunId is null ? null : new Value.Text(RunId),
            TemplateNames.Params => Params,
            TemplateNames.Partition => Partition is null ? null : new Value.Text(Partition),
            TemplateNames.Cells => Cells,
            TemplateNames.Pipeline => new Value.Text(Pipeline),
            TemplateNames.Macros => DateFunctions.Macros,
            TemplateNames.Item => Item,
            TemplateNames.MapIndex => TaskName is null ? null : Value.Of(MapIndex ?? -1),
            TemplateNames.Inputs => Group(Inputs),
            TemplateNames.Outputs => Group(Outputs),
            TemplateNames.Tasks => Group(Tasks),
            TemplateNames.Models => Group(Models),
            TemplateNames.Dag => Map(("dag_id", new Value.Text(Pipeline))),
            TemplateNames.DagRun => Map(
                ("conf", Conf),
                ("run_id", Find(TemplateNames.RunId)),
                ("dag_id", new Value.Text(Pipeline)),
                ("logical_date", Instant(LogicalDate)),
                ("execution_date", Instant(LogicalDate)),
                ("data_interval_start", Instant(IntervalStart)),
                ("data_interval_end", Instant(IntervalEnd))
            ),
            TemplateNames.Task => TaskName is null ? null : Map(("task_id", new Value.Text(TaskName))),
            TemplateNames.Ti or TemplateNames.TaskInstance => TaskName is null
                ? null
                : Map(
                    ("task_id", new Value.Text(TaskName)),
                    ("dag_id", new Value.Text(Pipeline)),
                    ("run_id", Find(TemplateNames.RunId)),
                    ("try_number", Value.Of(Attempt ?? 1)),
                    ("map_index", Value.Of(MapIndex ?? -1)),
                    (
                        TemplateNames.XComPull,
                        new Value.Function(
                            new Callable(TemplateNames.XComPull, ["task_ids", "dag_id", "key", "include_prior_dates"], 1, PullXCom)
                        )
                    )
                ),
            _ => null,
        };

    private static Value? Format(DateTimeOffset? moment, string format) =>
        moment is { } known ? new Value.Text(known.ToString(format)) : null;

    private static Value? Instant(DateTimeOffset? moment) => moment is { } known ? Value.Of(known) : null;

    private static Value? Group(IScope? scope) => scope is null ? null : Value.Of(scope);

    private static Value.Map Map(params ReadOnlySpan<(string Name, Value? Value)> entries)
    {
        var map = new OrderedDictionary<string, Value>(entries.Length, StringComparer.Ordinal);
        foreach (var (name, value) in entries)
        {
            if (value is not null)
            {
                map[name] = value;
            }
        }

        return new Value.Map(map);
    }

    private Value? Neighbour(int days)
    {
        if (LogicalDate is not { } date)
        {
            return null;
        }

        var number = DateOnly.FromDateTime(date.DateTime).DayNumber + days;
        return number < 0 || number > DateOnly.MaxValue.DayNumber
            ? Value.None
            : new Value.Text(DateOnly.FromDayNumber(number).ToString("yyyy-MM-dd"));
    }

    /// <summary>The result of a task, or of each of a list of tasks; a <c>key</c> other than Airflow's return_value is looked up in a result that is a map.</summary>
    private Value? PullXCom(Call call)
    {
        if (call[0] is not Value.List list)
        {
            return PullOne(call, call[0]!);
        }

        var results = ImmutableArray.CreateBuilder<Value>(list.Items.Length);
        foreach (var task in list.Items)
        {
            if (PullOne(call, task) is not { } result)
            {
                return null;
            }

            results.Add(result);
        }

        return new Value.List(results.MoveToImmutable());
    }

    private Value? PullOne(Call call, Value task)
    {
        if (task is not Value.Text name)
        {
            return call.Fail($"`task_ids` takes the name of a task or a list of names, not {task.Kind}");
        }

        if (Tasks is null || !Tasks.TryGet(name.Content, out var found))
        {
            return call.Fail($"unknown task `{name.Content}`{Suggestion.DidYouMean(name.Content, Tasks?.Names ?? [])}");
        }

        var result = (found as Value.Namespace)?.Scope.TryGet(TemplateNames.Result, out var value) ?? false ? value : null;
        if (result is null)
        {
            return call.Missing($"the task `{name.Content}` has no result");
        }

        if (call[2] is not Value.Text { Content: not "return_value" } key)
        {
            return result;
        }

        return result is Value.Map map && map.TryGet(key.Content, out var entry)
            ? entry
            : call.Missing($"the result of the task `{name.Content}` has no `{key.Content}`");
    }
}

/// <summary>What templates see of another task: <c>tasks.name.result</c>, <c>.outputs.o</c>, <c>.metrics.m</c>, <c>.state</c>.</summary>
/// <param name="result">Asked for only when a template uses it; null when the task left no result.</param>
/// <param name="outputs">By the name of the output; null when it has none.</param>
/// <param name="metrics">By the name of the metric; asked for only when used; null when it left none.</param>
/// <param name="state">Airflow's name of the task's state; null when it is not known here.</param>
public sealed class TaskScope(Func<Value?>? result = null, IScope? outputs = null, Func<IScope?>? metrics = null, string? state = null)
    : IScope
{
    public IEnumerable<string> Names => [TemplateNames.Result, TemplateNames.Outputs, TemplateNames.Metrics, "state"];

    public bool TryGet(string name, out Value value)
    {
        var found = name switch
        {
            TemplateNames.Result => result?.Invoke(),
            TemplateNames.Outputs => outputs is null ? null : Value.Of(outputs),
            TemplateNames.Metrics => metrics?.Invoke() is { } known ? Value.Of(known) : null,
            "state" => state is null ? null : new Value.Text(state),
            _ => null,
        };
        value = found ?? Value.None;
        return found is not null;
    }
}
