using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Runs;
using Signalbox.Storage.Schema;

namespace Signalbox.Storage.Tests;

/// <summary>Rows for tests, with what a test does not care about filled in.</summary>
internal static class Made
{
    public static readonly DateTimeOffset Noon = new(2001, 1, 6, 12, 0, 0, TimeSpan.Zero);

    public static readonly Guid Owner = Guid.Parse("11111111-1111-1111-1111-111111111111");

    /// <summary>A step after those that are: it adds a column, fills it from what is there, and adds a table.</summary>
    public static readonly Migration LaterStep = new(
        Store.KnownSchema + 1,
        "what a later release brings",
        """
        alter table audit add column words bigint;
        update audit set words = length(what);
        create table later (id {identity}, what text not null);
        insert into later (what) select what from audit;
        """
    );

    public static Pipeline Pipeline(string name = "daily", params string[] tasks) =>
        new() { Name = new(name), Tasks = [.. tasks.Select(task => new TaskNode { Name = new(task), Kind = new TaskKind.Noop() })] };

    public static Run Run(
        RunNumber number,
        VersionHash version,
        string pipeline = "daily",
        int day = 5,
        RunTrigger trigger = RunTrigger.Manual
    ) =>
        new()
        {
            Number = number,
            Id = new($"{Names.Of(trigger)}__2001-01-{day:00}#{number}"),
            Pipeline = new(pipeline),
            Version = version,
            LogicalDate = new(2001, 1, day, 0, 0, 0, TimeSpan.Zero),
            IntervalStart = new(2001, 1, day, 0, 0, 0, TimeSpan.Zero),
            IntervalEnd = new DateTimeOffset(2001, 1, day, 0, 0, 0, TimeSpan.Zero).AddDays(1),
            Partition = $"2001-01-{day:00}",
            Trigger = trigger,
            State = RunState.Queued,
            CreatedAt = Noon,
            Revision = 1,
        };

    public static TaskRun Task(string name, int index = TaskKey.NotMapped) =>
        new()
        {
            Key = new(new(name), index),
            State = TaskState.None,
            Revision = 1,
        };

    public static Attempt Attempt(string task, int number = 1, long token = 1, AttemptState state = AttemptState.Submitting) =>
        new()
        {
            Key = new(new(task)),
            Number = number,
            Token = token,
            State = state,
            SubmittedAt = Noon,
            EndedAt = state.IsEnd() ? Noon.AddSeconds(2) : null,
        };

    /// <summary>What an attempt of task a is about to publish.</summary>
    public static Publication Publication(
        RunNumber run,
        long token,
        string path = "/data/a.csv",
        string pipeline = "daily",
        int attempt = 1
    ) =>
        new(
            0,
            run,
            new(pipeline),
            new(new("a")),
            attempt,
            token,
            "out",
            "a",
            path,
            $"/staging/{run}-{token}/out/a.csv",
            "",
            PublicationKind.File,
            PublicationState.Prepared,
            new string('a', 64),
            10,
            null,
            null,
            PipelineJson.HashOf(Pipeline(pipeline, "a")),
            Noon
        );

    public static HistoryEntry History(string what, string? task = null) =>
        new(Noon, task is null ? null : new TaskKey(new(task)), 0, "none", what, "none", null);

    public static Decision Decision(params Change[] changes) => new([.. changes], []);

    /// <summary>A run with its tasks, claimed by <see cref="Owner"/>.</summary>
    public static Task<(Run Run, Fence Fence)> CreateRun(
        this Store store,
        string pipeline = "daily",
        int day = 5,
        RunTrigger trigger = RunTrigger.Manual,
        params string[] tasks
    ) =>
        store.WriteAsync(
            session =>
            {
                var version = session.SaveCurrentDefinition(Pipeline(pipeline, tasks), "pipeline: " + pipeline, $"{pipeline}.yaml", Noon);
                var run = Run(session.NextRunNumber(), version, pipeline, day, trigger);
                Change[] changes =
                [
                    new Change.RunChanged(run),
                    .. tasks.Select(task => new Change.TaskChanged(Task(task))),
                    new Change.HistoryAdded(History("run_created")),
                ];
                return (run, session.CreateRun(Decision(changes), Owner)!.Value);
            },
            TestContext.Current.CancellationToken
        );
}
