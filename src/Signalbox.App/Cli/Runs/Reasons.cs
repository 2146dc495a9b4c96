using Signalbox.Core;
using Signalbox.Core.Breakers;
using Signalbox.Core.Definitions;
using Signalbox.Core.Foresight;
using Signalbox.Core.Runs;
using Signalbox.Core.Scheduling;
using Signalbox.Core.Sla;
using Signalbox.Engine.Projects;
using Signalbox.Storage;

namespace Signalbox.App.Cli;

/// <summary>Finds out from the store why something is in its state. Everything it says can be seen in the rows, so it needs no server.</summary>
internal sealed partial class Reasons(ReadSession session, Project project, DateTimeOffset now)
{
    private const int MostNamed = 10;

    public WhyDocument OfPipeline(StoredPipeline pipeline)
    {
        var reasons = new List<WhyReason>();
        if (pipeline.Paused)
        {
            reasons.Add(
                new(
                    "paused",
                    $"it is paused{(pipeline.PausedReason is { } why ? $": {why}" : "")}; `signalbox unpause {pipeline.Name}` lets it go on"
                )
            );
        }

        if (session.Drain(pipeline.Name) is { } drain)
        {
            reasons.Add(Drained(drain));
        }

        AddBreaker(reasons, new BreakerKey(BreakerKind.Pipeline, pipeline.Name.Value));

        if (pipeline.LoadError is { } error)
        {
            reasons.Add(new("file", $"its file has mistakes, so its last good version is used: {error}"));
        }

        var active = session.ActiveRuns().Where(run => run.Pipeline == pipeline.Name).ToList();
        reasons.AddRange(
            active
                .Take(MostNamed)
                .Select(run => new WhyReason("state", $"run {run.Number} for {Brief.Slice(run)} is {Names.Of(run.State)}"))
        );
        if (pipeline.Version is { } version && session.Definition(pipeline.Name, version) is { Pipeline: var definition })
        {
            if (
                active.Count(run => run.State == RunState.Queued) is > 0 and var queued
                && active.Count(run => run.State != RunState.Queued) is var running
                && definition.Overlap != OverlapPolicy.Allow
                && running >= definition.MaxActiveRuns
            )
            {
                reasons.Add(
                    new(
                        "limit",
                        $"{running} of at most {definition.MaxActiveRuns} runs are running (max_active_runs), so {queued} wait{(queued == 1 ? "s" : "")} for their turn"
                    )
                );
            }

            AddSchedule(reasons, pipeline, definition);
            AddUpdates(reasons, pipeline, definition);
        }

        AddEngine(reasons);
        return new WhyDocument(
            $"pipeline {pipeline.Name}",
            pipeline.Paused ? "paused"
                : session.Drain(pipeline.Name) is not null ? "drained"
                : active.Count > 0 ? "running"
                : "idle",
            [.. reasons]
        );
    }

    public WhyDocument OfRun(RunPicture picture)
    {
        var run = picture.Run;
        var reasons = new List<WhyReason>();
        if (run.Trigger == RunTrigger.Dataset)
        {
            reasons.Add(new("trigger", $"it was started by {TriggeredByDocument.Read(session, run).Sentence}"));
        }

        if (run.State.IsEnd())
        {
            if (run.Reason is { } ended)
            {
                reasons.Add(new("state", ended));
            }

            var bad = picture.Tasks.Where(task => task.State is TaskState.Failed or TaskState.Blocked && !task.IsExpanded).ToList();
            reasons.AddRange(
                bad.Take(MostNamed).Select(task => new WhyReason("state", $"{task.Key} {Names.Of(task.State)}: {task.Reason}"))
            );
            AddSla(reasons, run);
            return Document(run, reasons);
        }

        if (run.State == RunState.Queued)
        {
            AddQueue(reasons, picture);
        }

        if (run.RetryAt is { } retry)
        {
            reasons.Add(new("retry", $"{run.Reason}, {Until(retry)}"));
        }

        if (run.Ending is { } ending)
        {
            reasons.Add(new("stopping", $"it ends as {Names.Of(ending)} when what runs has stopped"));
        }

        if (run.Deadline is { } deadline)
        {
            reasons.Add(new("deadline", $"it has until {InstantText.Utc(deadline)}, {Until(deadline)}"));
        }

        AddSla(reasons, run);
        if (run.State == RunState.Running)
        {
            foreach (
                var task in picture
                    .Tasks.Where(task => !task.State.IsEnd() && !task.IsExpanded && task.State != TaskState.None)
                    .Take(MostNamed)
            )
            {
                reasons.AddRange(
                    OfTask(picture, task.Key).Reasons.Select(reason => reason with { Message = $"{task.Key}: {reason.Message}" })
                );
            }
        }

        AddEngine(reasons);
        return Document(run, reasons);
    }

    public WhyDocument OfTask(RunPicture picture, TaskKey key)
    {
        var task = picture.Tasks.First(each => each.Key == key);
        var node = picture.Pipeline.Tasks.First(each => each.Name == key.Task);
        var reasons = new List<WhyReason>();
        switch (task.State)
        {
            case TaskState.None when picture.Run.State == RunState.Queued:
                AddQueue(reasons, picture);
                break;
            case TaskState.None:
                AddUpstream(reasons, picture, node, task);
                break;
            case TaskState.Scheduled:
                AddLimits(reasons, picture, node);
                break;
            case TaskState.UpForRetry when task.DueAt is { } due:
                reasons.Add(
                    new(
                        "retry",
                        $"attempt {picture.Attempts(task)} failed ({task.Failure?.Message ?? task.Reason}); the next one is due at {InstantText.Utc(due)}, {Until(due)}"
                    )
                );
                break;
            case TaskState.UpForReschedule when node.Kind.Asks:
                reasons.Add(new("approval", task.Reason ?? "it asks people"));
                break;
            case TaskState.UpForReschedule:
                reasons.Add(
                    new(
                        "waiting",
                        $"{task.Reason ?? "it waits"}{(task.DueAt is { } next ? $"; looks again at {InstantText.Utc(next)}, {Until(next)}" : "; looking now")} (looked {Brief.Count(task.Polls, "time")}{(task.FailedPolls > 0 ? $", of which {task.FailedPolls} failed" : "")})"
                    )
                );
                break;
            case TaskState.Queued or TaskState.Running when !task.IsExpanded:
                reasons.Add(
                    new(
                        "state",
                        $"attempt {picture.Attempts(task)} {(task.Attempt is { } attempt ? Names.Of(attempt) : Names.Of(task.State))} since {InstantText.Utc(Since(picture.Run.Number, task))}"
                    )
                );
                break;
            default:
                if (task.Reason is { } reason)
                {
                    reasons.Add(new(task.State == TaskState.Skipped && node.When is not null ? "condition" : "state", reason));
                }

                break;
        }

        AddChecks(reasons, picture.Run, task);
        if (task.Stopping is { } stopping)
        {
            reasons.Add(new("stopping", $"its attempt is being stopped: {Names.Of(stopping)}"));
        }

        if (task.Deadline is { } deadline && !task.State.IsEnd())
        {
            reasons.Add(new("deadline", $"it has until {InstantText.Utc(deadline)}, {Until(deadline)}"));
        }

        if (task.State is TaskState.UpstreamFailed or TaskState.Blocked)
        {
            AddUpstream(reasons, picture, node, task);
        }

        foreach (var refusal in session.Refusals(picture.Run.Number).Where(refusal => refusal.Task == key))
        {
            reasons.Add(
                new(
                    "refused",
                    $"attempt {refusal.Attempt} came to publish at {InstantText.Utc(refusal.At)} and was refused: {refusal.Reason}"
                )
            );
        }

        return new WhyDocument($"{key} of run {picture.Run.Number} of {picture.Run.Pipeline}", Names.Of(task.State), [.. reasons]);
    }

    /// <summary>When the attempt that lives began; the task itself may have begun with an earlier one.</summary>
    private DateTimeOffset Since(RunNumber run, TaskRun task) =>
        session.Attempts(run, task.Key).FirstOrDefault(attempt => !attempt.State.IsEnd()) is { } live
            ? live.StartedAt ?? live.SubmittedAt
            : task.StartedAt ?? now;

    private static WhyDocument Document(Run run, List<WhyReason> reasons) =>
        new($"run {run.Number} of {run.Pipeline} for {Brief.Slice(run)}", Names.Of(run.State), [.. reasons]);

    /// <summary>Deadlines that are missed, or will be if nothing is done. Those in time say nothing of why.</summary>
    private void AddSla(List<WhyReason> reasons, Run run)
    {
        foreach (var (deadline, forecast) in DeadlineLook.Read(session, project, [run], now).Of(run.Number))
        {
            if (deadline.State == DeadlineState.Missed || forecast?.Outlook is Outlook.Late or Outlook.AtRisk)
            {
                reasons.Add(new("sla", $"deadline {DeadlineLook.Sentence(deadline, forecast)}"));
            }
        }
    }

    /// <summary>By name and state, those first that stand in the way.</summary>
    private static void AddUpstream(List<WhyReason> reasons, RunPicture picture, TaskNode node, TaskRun task)
    {
        var upstream = node.Needs.Select(name => picture.Tasks.First(each => each.Key == new TaskKey(name))).ToList();
        var unmet = upstream.Where(each => !each.State.IsEnd()).ToList();
        if (task.State != TaskState.None)
        {
            unmet = [.. upstream.Where(each => each.State is not (TaskState.Success or TaskState.Skipped))];
        }

        foreach (var each in unmet)
        {
            var rest = each.Reason is { } why && each.State.IsEnd() ? $": {why}" : "";
            reasons.Add(
                new("upstream", $"needs {each.Key}, which is {Names.Of(each.State)}{rest} (trigger rule {Names.Of(node.TriggerRule)})")
            );
        }

        if (unmet.Count == 0 && task.State == TaskState.None)
        {
            reasons.Add(new("condition", task.Reason ?? "its condition or its items are being evaluated"));
        }
    }

    /// <summary>What the checks of the latest attempt saw, those that did not pass.</summary>
    private void AddChecks(List<WhyReason> reasons, Run run, TaskRun task)
    {
        if (!task.State.IsEnd())
        {
            return;
        }

        foreach (var check in session.CheckResults(run.Number))
        {
            if (check.Task == task.Key && check.Attempt == task.TryNumber && !check.Passed)
            {
                reasons.Add(
                    new(
                        "check",
                        $"check ({Names.Of(check.Severity)}) {check.Message}; observed {check.Observed ?? "nothing"}, expected {check.Expected}"
                    )
                );
            }
        }
    }

    private static WhyReason Drained(StoredDrain drain)
    {
        var (what, verb) = drain.Pipeline is { } one ? (one.Value, $"drain {one} --undo") : ("the project", "drain --undo");
        return new(
            "drained",
            $"{what} takes no new runs since {InstantText.Utc(drain.At)}: {drain.Reason} ({drain.Who}); `signalbox {verb}` ends that"
        );
    }

    private void AddQueue(List<WhyReason> reasons, RunPicture picture)
    {
        if (session.Drain(picture.Run.Pipeline) is { } drain)
        {
            reasons.Add(Drained(drain));
        }

        AddBreaker(reasons, new BreakerKey(BreakerKind.Pipeline, picture.Run.Pipeline.Value));
        if (picture.Pipeline.Overlap == OverlapPolicy.Allow)
        {
            reasons.Add(new("queue", "it is queued, and begins beside the others (overlap: allow)"));
            return;
        }

        var limit = picture.Pipeline.MaxActiveRuns;
        var running = session.RunningRuns(picture.Run.Pipeline);
        reasons.Add(
            running >= limit
                ? new(
                    "queue",
                    $"{running} of at most {limit} runs of {picture.Run.Pipeline} are running (max_active_runs); it waits for its turn"
                )
                : new("queue", $"it is queued; {running} of at most {limit} runs of {picture.Run.Pipeline} are running (max_active_runs)")
        );
    }

    /// <summary>Every limit that the task counts under, with how full it is.</summary>
    private void AddLimits(List<WhyReason> reasons, RunPicture picture, TaskNode node)
    {
        if (node.Target is { } target)
        {
            AddBreaker(reasons, new BreakerKey(BreakerKind.Target, target));
            AddBudget(reasons, target);
        }

        var inUse = new Usage(session);
        var pool = project.Pools.GetValueOrDefault(node.Pool);
        if (pool == 0)
        {
            reasons.Add(new("pool", $"there is no pool `{node.Pool}`; add it to `pools:` in {Project.FileName}"));
        }
        else if (inUse.Pool(node.Pool) + node.Slots > pool)
        {
            reasons.Add(
                new(
                    "pool",
                    $"pool {node.Pool}: {inUse.Pool(node.Pool)} of {Brief.Count(pool, "slot")} are in use, and it takes {node.Slots}"
                )
            );
        }

        if (inUse.All >= project.MaxActiveTasks)
        {
            reasons.Add(
                new("limit", $"{inUse.All} of at most {project.MaxActiveTasks} tasks of the project are running (max_active_tasks)")
            );
        }

        if (inUse.Of(picture.Run.Pipeline) >= picture.Pipeline.MaxActiveTasks)
        {
            reasons.Add(
                new(
                    "limit",
                    $"{inUse.Of(picture.Run.Pipeline)} of at most {picture.Pipeline.MaxActiveTasks} tasks of {picture.Run.Pipeline} are running (max_active_tasks)"
                )
            );
        }

        if (
            node.MaxParallel is { } most
            && picture.Tasks.Count(each => each.Key.Task == node.Name && each.HoldsSlot) is var parallel
            && parallel >= most
        )
        {
            reasons.Add(new("map", $"{parallel} of at most {most} instances of {node.Name} are running (max_parallel)"));
        }

        if (reasons.Count == 0)
        {
            reasons.Add(new("queue", "it is ready, and is about to start"));
        }
    }

    private void AddSchedule(List<WhyReason> reasons, StoredPipeline pipeline, Pipeline definition)
    {
        if (definition.Schedule is null)
        {
            reasons.Add(
                new(
                    "schedule",
                    definition.Triggers.IsDefaultOrEmpty
                        ? "it has no schedule: runs are started by hand or by a backfill"
                        : "it has no schedule: runs are started by its triggers, by hand or by a backfill"
                )
            );
            return;
        }

        var times = Timetable.Of(definition);
        if (times.BlackoutAt(now) is { } blackout)
        {
            reasons.Add(
                new(
                    "blackout",
                    $"its schedule makes no runs until {InstantText.Utc(blackout.To)}, {Until(blackout.To)}{(blackout.Reason is { } why ? $": {why}" : "")}"
                )
            );
        }

        if (definition.End is { } end && end <= now)
        {
            reasons.Add(new("schedule", $"its schedule ended at {InstantText.Utc(end)}"));
        }
        else if (times.NextRun(now) is { } next)
        {
            var passed = times.Next(now) is { } at && at < next.FiresAt ? times.Between(at, at.AddTicks(1)).First() : null;
            if (passed is not null)
            {
                reasons.Add(
                    new(Names.Of(passed.Skip!.Value), $"the next tick, at {InstantText.Utc(passed.FiresAt)}, makes no run: {passed.Reason}")
                );
            }

            reasons.Add(new("schedule", $"the next run is due at {InstantText.Utc(next.FiresAt)}, {Until(next.FiresAt)}"));
        }
        else
        {
            reasons.Add(new("schedule", "its schedule makes no further run"));
        }

        foreach (var skipped in session.Ticks(pipeline.Name, MostNamed).Where(tick => tick.Skipped is not null).Take(3))
        {
            var kind = skipped.Skip is { } skip ? Names.Of(skip) : "schedule";
            reasons.Add(new(kind, $"the tick {InstantText.Utc(skipped.At)} was skipped: {skipped.Skipped}"));
        }
    }

    private void AddEngine(List<WhyReason> reasons)
    {
        if (!EngineHolder.IsAlive(project))
        {
            reasons.Add(new("engine", "nobody runs the engine of this project, so nothing moves; start `signalbox serve`"));
        }
    }

    private string Until(DateTimeOffset at) => at > now ? $"in {Brief.Of(at - now)}" : $"{Brief.Of(now - at)} ago";

    /// <summary>What holds slots now, counted from the rows.</summary>
    private sealed class Usage
    {
        private readonly Dictionary<string, int> _pools = [];
        private readonly Dictionary<PipelineName, int> _pipelines = [];

        public Usage(ReadSession session)
        {
            foreach (var run in session.ActiveRuns())
            {
                var holders = session.Tasks(run.Number).Where(task => task.HoldsSlot).ToList();
                if (holders.Count == 0)
                {
                    continue;
                }

                var nodes = session.Definition(run.Pipeline, run.Version)!.Pipeline.Tasks;
                foreach (var task in holders)
                {
                    var node = nodes.First(each => each.Name == task.Key.Task);
                    _pools[node.Pool] = Pool(node.Pool) + node.Slots;
                    _pipelines[run.Pipeline] = Of(run.Pipeline) + 1;
                    All++;
                }
            }
        }

        public int All { get; }

        public int Pool(string name) => _pools.GetValueOrDefault(name);

        public int Of(PipelineName pipeline) => _pipelines.GetValueOrDefault(pipeline);
    }
}
