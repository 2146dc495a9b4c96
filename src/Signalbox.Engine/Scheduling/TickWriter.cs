using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Runs;
using Signalbox.Core.Scheduling;
using Signalbox.Core.Sla;
using Signalbox.Core.Time;
using Signalbox.Engine.Driving;
using Signalbox.Storage;

namespace Signalbox.Engine.Scheduling;

/// <summary>What a look at a pipeline wrote.</summary>
internal sealed record WrittenTicks(List<LiveRun> Runs, List<StoredTick> Ticks);

/// <summary>Writes what was decided about ticks: the runs, what is skipped, and the cursor.</summary>
internal sealed class TickWriter(EngineParts parts, RunFactory factory)
{
    /// <summary>Decides and writes all ticks of a pipeline up to an instant. Nothing while it is paused or drained: its ticks wait.</summary>
    public WrittenTicks Decide(WriteSession session, Pipeline pipeline, VersionHash version, Timetable times, DateTimeOffset now)
    {
        var written = new WrittenTicks([], []);
        var row = session.Pipeline(pipeline.Name);
        if (row is null || row.Paused || session.Drain(pipeline.Name) is not null)
        {
            return written;
        }

        Write(session, pipeline, version, times.Decide(row.Cursor, now), written);
        return written;
    }

    /// <summary>Whether a look would make a run, as far as can be known without its transaction.</summary>
    public bool HasRuns(ReadSession session, Pipeline pipeline, Timetable times, DateTimeOffset now) =>
        session.Pipeline(pipeline.Name) is { Paused: false } row
        && session.Drain(pipeline.Name) is null
        && times.Decide(row.Cursor, now).Runs.Any(tick => !session.HasTick(pipeline.Name, tick.Schedule, tick.Key));

    /// <summary>Records the ticks of a pause that its end gives up; the others are left to the next look.</summary>
    public void EndPause(WriteSession session, Pipeline pipeline, DateTimeOffset? cursor)
    {
        if (cursor is not null && pipeline.CatchUp == CatchUp.None)
        {
            var ended = Timetable.Of(pipeline).DecidePause(cursor, parts.Time.GetUtcNow());
            Write(session, pipeline, default, ended, new WrittenTicks([], []));
        }
    }

    /// <summary>Gives up the ticks since the cursor that nobody asked to be caught up, for a database that was put back: they have had their runs.</summary>
    public static void GiveUp(WriteSession session, Pipeline pipeline, DateTimeOffset? cursor, DateTimeOffset now)
    {
        if (cursor is null || pipeline.CatchUp != CatchUp.None)
        {
            return;
        }

        var decision = Timetable.Of(pipeline).DecidePause(cursor, now, "the database was put back to an earlier state");
        IEnumerable<StoredTick> ticks =
        [
            .. decision.Older.Select(older => LineOf(pipeline.Name, older, now)),
            .. decision.Ticks.Select(tick => new StoredTick(
                pipeline.Name,
                tick.Schedule,
                tick.Key,
                tick.Tick.Utc,
                null,
                tick.Reason,
                now,
                tick.Skip
            )),
        ];
        foreach (var tick in ticks.Where(tick => !session.HasTick(pipeline.Name, tick.Schedule, tick.Label)))
        {
            session.RecordTick(tick);
        }

        session.AdvanceCursor(pipeline.Name, decision.Cursor);
    }

    /// <summary>Too many to list: one line says it of all of them.</summary>
    private static StoredTick LineOf(PipelineName pipeline, SkippedTicks older, DateTimeOffset now)
    {
        var from = older.Span.From.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'");
        var to = older.Span.To.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'");
        var reason = $"all from {from} to {to} skipped: {older.Span.Reason}";
        return new StoredTick(pipeline, older.Schedule, $"{from}/{to}", older.Span.To, null, reason, now, older.Span.Kind);
    }

    private void Write(WriteSession session, Pipeline pipeline, VersionHash version, TickDecision decision, WrittenTicks written)
    {
        var now = parts.Time.GetUtcNow();
        foreach (var older in decision.Older)
        {
            var line = LineOf(pipeline.Name, older, now);
            if (!session.HasTick(pipeline.Name, older.Schedule, line.Label))
            {
                Keep(line);
            }
        }

        var due = decision.Ticks.Where(tick => !session.HasTick(pipeline.Name, tick.Schedule, tick.Key)).ToList();
        var last = due.FindLast(tick => tick.Run is not null);
        var active = pipeline.Overlap is OverlapPolicy.Queue or OverlapPolicy.Allow ? 0 : session.LiveRuns(pipeline.Name).Count;
        var variants = last is null ? [] : session.Variants(pipeline.Name);
        var parameters = last is null ? null : ParamChecker.Check(pipeline, "{}");
        foreach (var tick in due)
        {
            if (tick.Run is not { } wanted)
            {
                Record(tick, tick.Reason!, tick.Skip!.Value);
            }
            else if (pipeline.Overlap == OverlapPolicy.CancelRunning && tick != last)
            {
                Record(tick, "a newer tick takes its place (overlap: cancel_running)", SkipReason.Overlap);
            }
            else if (Overlaps.Decide(pipeline.Overlap, active, isTick: true) == OverlapAction.Skip)
            {
                var others = active == 1 ? "another run has" : $"{active} other runs have";
                Record(tick, $"{others} not ended (overlap: {Names.Of(pipeline.Overlap)})", SkipReason.Overlap);
            }
            else
            {
                Make(tick, wanted);
            }
        }

        session.AdvanceCursor(pipeline.Name, decision.Cursor);

        void Make(DecidedTick tick, TickRun wanted)
        {
            var there = session.Run(pipeline.Name, wanted.Id);
            if (there is { Trigger: RunTrigger.Scheduled })
            {
                // After an edit of the file two ticks may be about one date. It must not hold up the next.
                Record(tick, $"run {there.Number} is about the same logical date already", SkipReason.SameDate);
            }
            else if (parameters!.Json is not { } given)
            {
                var problems = string.Join("; ", parameters.Problems.Select(problem => problem.Message));
                Record(tick, $"a scheduled run has no parameters: {problems}", SkipReason.Params);
            }
            else
            {
                // Somebody may have given that name to a run of their own.
                var id = there is null ? wanted.Id.Value : null;
                var run = factory.Create(
                    session,
                    new NewRun(pipeline, version, wanted.Slice, RunTrigger.Scheduled, id, given, Reason: null, Backfill: null, [])
                );
                Keep(new StoredTick(pipeline.Name, tick.Schedule, tick.Key, tick.Tick.Utc, run.Snapshot.Run.Number, null, now));
                active++;
                written.Runs.Add(run);
                written.Runs.AddRange(variants.Select(variant => VariantRun(variant, wanted.Interval, session)));
            }
        }

        void Record(DecidedTick tick, string reason, SkipReason skip) =>
            Keep(new StoredTick(pipeline.Name, tick.Schedule, tick.Key, tick.Tick.Utc, null, reason, now, skip));

        void Keep(StoredTick tick)
        {
            session.RecordTick(tick);
            if (tick.Skip is SkipReason.CatchUp or SkipReason.Overlap or SkipReason.Params)
            {
                // Nobody wanted it skipped, as in a pause: that its deadline passes without a run is told then.
                session.AddDeadlines(pipeline.Name, run: null, tick.At, DeadlineRules.Of(pipeline, tick.At));
            }

            written.Ticks.Add(tick);
        }
    }

    /// <summary>The run of a variant for a tick of the live pipeline: the same tick, in the same transaction, into its own namespace.</summary>
    private LiveRun VariantRun(Variant variant, DataInterval interval, WriteSession session)
    {
        var pipeline = session.Definition(variant.Pipeline, variant.Version)!.Pipeline;
        var parameters = ParamChecker.Check(pipeline, "{}");
        return factory.Create(
            session,
            new NewRun(
                pipeline,
                variant.Version,
                pipeline.CalendarOf().Of(interval),
                RunTrigger.Scheduled,
                RunId: null,
                parameters.Json ?? throw new StoreCorrupt($"variant {variant.Name} of {variant.Pipeline} cannot run without parameters"),
                Reason: null,
                Backfill: null,
                [],
                variant.Name
            )
        );
    }
}
