using System.Globalization;
using Signalbox.Core;
using Signalbox.Core.Runs;
using Signalbox.Core.Triggers;
using Signalbox.Storage;

namespace Signalbox.Engine.Triggers;

/// <summary><c>pipeline:</c>: reads the history of all runs for ends of another pipeline's, from where it stood.</summary>
internal sealed class EndListener(ListenerSeat seat, MessageTrigger.PipelineEnd trigger) : Listener(seat)
{
    // History has many lines that are no ends; the cursor need not be written for each of them.
    private const int LinesBetweenWrites = 10_000;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    public override async Task ListenAsync(CancellationToken cancellationToken)
    {
        var written = Cursor() is { } kept ? long.Parse(kept, CultureInfo.InvariantCulture) : await BeginAsync(cancellationToken);
        var read = written;
        while (true)
        {
            var (ends, last) = Parts.Store.Read(session =>
                (session.RunEnds(trigger.Upstream, read, MostAtOnce), session.LastHistoryLine())
            );
            Seat.Heard();
            read = ends.Count == MostAtOnce ? ends[^1].Line : Math.Max(last, read);
            var wanted = ends.Where(end => Counts(end.State)).Select(ArrivalOf).ToList();
            if (wanted.Count > 0 || read - written >= LinesBetweenWrites)
            {
                await ReceiveAsync(wanted, cancellationToken, MoveCursor(Text(read)));
                written = read;
            }

            if (ends.Count < MostAtOnce)
            {
                await PauseAsync(Pause, cancellationToken);
            }
        }
    }

    /// <summary>What ended before anybody listened starts nothing.</summary>
    private async Task<long> BeginAsync(CancellationToken cancellationToken)
    {
        var last = Parts.Store.Read(session => session.LastHistoryLine());
        await Parts.Store.WriteAsync(MoveCursor(Text(last)), cancellationToken);
        return last;
    }

    private bool Counts(RunState state) =>
        trigger.On switch
        {
            EndKind.Success => state == RunState.Success,
            EndKind.Failure => state == RunState.Failed,
            _ => true,
        };

    private static Arrival ArrivalOf(RunEnd end) =>
        new(
            $"{end.Run.Number}/{end.Line}",
            Json(json =>
            {
                var run = end.Run;
                json.WriteStartObject(MessageNames.Run);
                json.WriteString("pipeline", run.Pipeline.Value);
                json.WriteNumber("number", run.Number.Value);
                json.WriteString("run_id", run.Id.Value);
                json.WriteString("state", Names.Of(end.State));
                json.WriteString("trigger", Names.Of(run.Trigger));
                json.WriteString("logical_date", Text(run.LogicalDate));
                json.WriteString("data_interval_start", Text(run.IntervalStart));
                json.WriteString("data_interval_end", Text(run.IntervalEnd));
                json.WriteString("partition", run.Partition);
                json.WritePropertyName("params");
                json.WriteRawValue(run.Params);
                json.WriteString("reason", run.Reason);
                json.WriteEndObject();
            })
        );

    private static string Text(long line) => line.ToString(CultureInfo.InvariantCulture);

    private static string Text(DateTimeOffset instant) =>
        instant.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
