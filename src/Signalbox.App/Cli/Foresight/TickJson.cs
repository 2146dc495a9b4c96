using System.Text;
using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Foresight;
using Signalbox.Engine.Foresight;

namespace Signalbox.App.Cli;

/// <summary>The ticks of a plan as JSON. All that is the same for each tick of a pipeline is encoded once.</summary>
internal sealed class TickJson(Plan plan)
{
    private const int MostOnStack = 256;

    private readonly JsonBytes _json = new();
    private readonly Dictionary<Pipeline, PipelinePieces> _pieces = new(ReferenceEqualityComparer.Instance);

    /// <summary>A tick; good until the next is asked for.</summary>
    public ReadOnlySpan<byte> Of(PlanTick tick)
    {
        var pieces = Begin(tick.Pipeline);
        _json.Raw(",\"schedule\":"u8).Text(tick.Tick.Schedule).Raw(",\"at\":"u8).Instant(tick.Tick.Tick.Utc);
        _json.Raw(",\"local\":"u8).Label(tick.Tick.Tick.Label).Raw(pieces.Zone).Text(PlanJson.Word(tick.Tick.Tick.Dst));
        _json.Raw(",\"fires_at\":"u8).Instant(tick.Tick.FiresAt);
        _json.Raw(",\"skip\":"u8).Text(tick.Skip is { } skip ? Names.Of(skip) : null).Raw(",\"reason\":"u8).Text(tick.Reason);
        if (tick.Skip is null && tick is { Run: { } run, Tick.Run: { } made })
        {
            _json.Raw(",\"run_id\":"u8).Text(made.Id.Value).Raw(",\"logical_date\":"u8).Instant(made.Slice.LogicalDate);
            _json.Raw(",\"partition\":"u8).Text(made.Slice.Partition).Raw(",\"expected_start\":"u8);
            AddRun(run, pieces);
        }

        return _json.Raw("}"u8).Written;
    }

    /// <summary>A run that updates are expected to start; good until the next is asked for.</summary>
    public ReadOnlySpan<byte> Of(PlanConsumer consumer)
    {
        var pieces = Begin(consumer.Pipeline);
        var planned = plan.Forecast.PlannedOf(consumer.Run);
        _json.Raw(",\"at\":"u8).Instant(planned.CreatedAt).Raw(",\"partition\":"u8).Text(planned.Partition).Raw(",\"updates\":["u8);
        var updates = planned.Cause!.Updates;
        for (var i = 0; i < updates.Length; i++)
        {
            var update = updates[i].Update;
            _json.Raw(i == 0 ? "{\"dataset\":"u8 : ",{\"dataset\":"u8).Text(update.Dataset);
            _json.Raw(",\"partition\":"u8).Text(update.Partition).Raw(",\"at\":"u8).Instant(update.At).Raw("}"u8);
        }

        _json.Raw("],\"expected_start\":"u8);
        AddRun(consumer.Run, pieces);
        return _json.Raw("}"u8).Written;
    }

    private PipelinePieces Begin(Pipeline pipeline)
    {
        if (!_pieces.TryGetValue(pipeline, out var pieces))
        {
            _pieces.Add(pipeline, pieces = PipelinePieces.Of(pipeline));
        }

        _json.Clear();
        _json.Raw(pieces.Name);
        return pieces;
    }

    private void AddRun(int run, PipelinePieces pieces)
    {
        var (forecast, model) = (plan.Forecast, plan.Forecast.PlannedOf(run).Model);
        AddSpan(forecast.SpanOf(run));
        _json.Raw(model.IsComplete ? ",\"complete\":true,\"deadlines\":["u8 : ",\"complete\":false,\"deadlines\":["u8);
        var deadlines = forecast.DeadlinesOf(run);
        for (var i = 0; i < deadlines.Length; i++)
        {
            var deadline = deadlines[i].Deadline;
            _json.Raw(i == 0 ? "{\"task\":"u8 : ",{\"task\":"u8).Text(deadline.Task?.Value).Raw(",\"rule\":"u8).Text(deadline.Rule);
            _json.Raw(",\"due_at\":"u8).Instant(deadline.DueAt);
            _json.Raw(",\"outlook\":"u8).Text(Names.Of(deadlines[i].Outlook)).Raw("}"u8);
        }

        _json.Raw("],\"tasks\":["u8);
        Span<bool> critical = stackalloc bool[Math.Min(model.Count, MostOnStack)];
        critical = model.Count > MostOnStack ? new bool[model.Count] : critical;
        forecast.MarkCritical(run, critical);
        var tasks = pieces.TasksOf(model);
        for (var node = 0; node < tasks.Length; node++)
        {
            _json.Raw(tasks[node].Name);
            AddSpan(forecast.SpanOf(run, node));
            _json.Raw(tasks[node].History).Raw(critical[node] ? "true}"u8 : "false}"u8);
        }

        _json.Raw("]"u8);
    }

    /// <summary>The four instants, after the name of the first.</summary>
    private void AddSpan(ForecastSpan span)
    {
        _json.Instant(span.Start).Raw(",\"expected_end\":"u8).Instant(span.End);
        _json.Raw(",\"late_start\":"u8).Instant(span.LateStart).Raw(",\"late_end\":"u8).Instant(span.LateEnd);
    }

    /// <param name="Name">The brace and the name.</param>
    /// <param name="Zone">From the zone to what a clock change did.</param>
    private sealed record PipelinePieces(byte[] Name, byte[] Zone)
    {
        private (byte[] Name, byte[] History)[]? _tasks;

        public static PipelinePieces Of(Pipeline pipeline) =>
            new(
                new JsonBytes().Raw("{\"pipeline\":"u8).Text(pipeline.Name.Value).Written.ToArray(),
                new JsonBytes().Raw(",\"timezone\":"u8).Text(pipeline.TimeZone).Raw(",\"dst\":"u8).Written.ToArray()
            );

        /// <summary>Of each task what comes before its instants and after them.</summary>
        public (byte[] Name, byte[] History)[] TasksOf(PipelineModel model) =>
            _tasks ??= [
                .. model.Pipeline.Tasks.Select(
                    (task, node) =>
                    {
                        var history = model.HistoryOf(node);
                        var before = new JsonBytes().Raw(node == 0 ? "{\"task\":"u8 : ",{\"task\":"u8).Text(task.Name.Value);
                        var after = $",\"basis\":\"{Names.Of(history.Basis)}\",\"samples\":{history.Count},\"critical\":";
                        return (before.Raw(",\"expected_start\":"u8).Written.ToArray(), Encoding.UTF8.GetBytes(after));
                    }
                ),
            ];
    }
}
