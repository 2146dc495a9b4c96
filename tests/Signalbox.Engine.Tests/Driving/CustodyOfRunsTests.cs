using System.Diagnostics;
using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Retry;
using Signalbox.Core.Runs;
using Signalbox.Engine.Attempts;
using Signalbox.Engine.Executors;
using Signalbox.Engine.Processes;
using Signalbox.Engine.Tests.Http;

namespace Signalbox.Engine.Tests.Driving;

/// <summary>Runs whose server is killed with -9: what is adopted by the next one, and what is lost and tried again.</summary>
[Trait("Requirement", "S94")]
public sealed class CustodyOfRunsTests
{
    private const int Commands = 24;
    private const double Wanted = 0.95;

    [Fact]
    [Trait("Requirement", "S93")]
    public async Task Of_two_dozen_live_commands_at_least_95_percent_are_adopted_as_they_are()
    {
        await using var house = new House($"max_active_tasks: {Commands}\n");
        // Half of them end while no server runs, each with a code of its own.
        var tasks = Enumerable
            .Range(0, Commands)
            .Select(i =>
                $"  t{i}: {{ run: \"n=0; while ! test -e go{i % 2}; do n=$((n+1)); echo $n; sleep 0.2; done; echo last; exit {Code(i)}\" }}\n"
            );
        var name = house.Pipeline($"pipeline: many\nmax_active_tasks: {Commands}\ntasks:\n{string.Concat(tasks)}");
        using var server = await Children.ServeAsync(house.Folder, House.Cancel);
        var run = await house.StartAsync(name);
        await house.UntilAsync(() => house.Attempts(run).Count(attempt => attempt.State == AttemptState.Running) == Commands, "all run");
        await house.UntilAsync(() => Logs(house, run).All(log => log.Length > 1), "all have written");
        var before = house.Attempts(run).ToDictionary(attempt => attempt.Key.Task.Value);
        Children.Kill(server);
        house.Write("go0", "");
        await house.UntilAsync(() => Enumerable.Range(0, Commands / 2).All(i => HasRecord(house, run, 2 * i)), "half of them end");

        await house.ServeAsync();
        await house.UntilAsync(() => house.Attempts(run).Count(attempt => attempt.State.IsEnd()) == Commands / 2, "their ends are told");
        house.Write("go1", "");
        Assert.Equal(RunState.Failed, (await house.EndAsync(run)).State);
        var after = house.Attempts(run).ToDictionary(attempt => attempt.Key.Task.Value);
        Assert.Equal(Commands, after.Count);
        var kept = after.Values.Count(attempt =>
            before[attempt.Key.Task.Value] is var old
            && (attempt.Number, attempt.Token, attempt.StartedAt) == (old.Number, old.Token, old.StartedAt)
            && (attempt.Process?.Id, attempt.Process?.Identity) == (old.Process?.Id, old.Process?.Identity)
            && attempt.ExitCode == Code(int.Parse(attempt.Key.Task.Value[1..]))
            && attempt.Process!.Cpu >= TimeSpan.Zero // in steps of 10 ms where only the launcher saw the end
        );
        TestContext.Current.TestOutputHelper!.WriteLine($"adopted: {kept} of {Commands}");
        Assert.InRange(kept / (double)Commands, Wanted, 1);
        Assert.All(Logs(house, run), log => Assert.Equal([.. Enumerable.Range(1, log.Length - 1).Select(n => $"{n}"), "last"], log));
    }

    [Fact]
    public async Task Another_boot_is_told_from_a_restart_of_the_server()
    {
        await using var house = new House();
        var name = house.Pipeline(
            """
            pipeline: booted
            tasks:
              a: { run: "echo a >> ran; test $SIGNALBOX_ATTEMPT = 2 || sleep 600; true" }
              b: { run: "echo b >> ran; test $SIGNALBOX_ATTEMPT = 2 || sleep 600; true" }
            """
        );
        using var server = await Children.ServeAsync(house.Folder, House.Cancel);
        var run = await house.StartAsync(name);
        await house.UntilAttemptAsync(run, "a", AttemptState.Running);
        await house.UntilAttemptAsync(run, "b", AttemptState.Running);
        await house.UntilAsync(() => house.Lines("ran").Length == 2, "both run");
        Children.Kill(server);

        // Of a, the record is of another boot: its number means nothing, though such a process is there. Of b, the process is gone.
        var record = Path.Combine(house.AttemptFolder(run, "a"), AttemptFiles.Exit);
        File.WriteAllText(record, File.ReadAllText(record).Replace(ProcessTable.BootId, Guid.Empty.ToString(), StringComparison.Ordinal));
        var pid = KillTree(house, run, "b");

        await house.ServeAsync();
        Assert.Equal(RunState.Success, (await house.EndAsync(run)).State);
        Assert.Equal("lost: the machine was restarted while it ran", Lost(house, run, "a").Message);
        Assert.Equal($"lost: process {pid} not found, and it wrote no exit record", Lost(house, run, "b").Message);
        Assert.Equal(["a", "a", "b", "b"], house.Lines("ran").Order());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_request_under_way_is_taken_over_with_its_process_and_lost_without_it(bool isKilledToo)
    {
        using var answer = new ManualResetEventSlim(initialState: isKilledToo);
        using var blocked = new ManualResetEventSlim();
        var asked = 0;
        using var other = new TalkingServer(_ =>
        {
            if (Interlocked.Increment(ref asked) == 1)
            {
                (isKilledToo ? blocked : answer).Wait(House.Deadline);
            }

            return new Said(200, """{"id": 7}""", ("Content-Type", "application/json"));
        });
        await using var house = new House();
        var name = house.Pipeline(
            $"pipeline: asks\ntasks:\n  send: {{ http: {{ url: \"http://127.0.0.1:{other.Port}/{{{{ ds }}}}\", json: {{ day: 1 }} }}, retries: 0 }}\n"
        );
        var run = await KillAsync(house, name, "send", () => asked == 1, isKilledToo);
        answer.Set();
        Assert.Equal(RunState.Success, (await house.EndAsync(run)).State);
        blocked.Set();
        AssertTries(house, run, "send", isKilledToo);
        Assert.Contains("\"id\":7", house.Task(run, "send").Result!.Replace(" ", "", StringComparison.Ordinal), StringComparison.Ordinal);

        // Asked again after a loss it is the same request, so that the other side can tell.
        Assert.Equal(isKilledToo ? 2 : 1, other.Heard.Count);
        Assert.Single(other.Heard.Select(one => one.Headers["Idempotency-Key"]).Distinct());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_query_under_way_is_taken_over_with_its_process_and_lost_without_it(bool isKilledToo)
    {
        await using var house = new House();
        // Long enough to be met under way; where it is lost, the second try finds little to do.
        house.Write("n.csv", $"n\n{(isKilledToo ? 400_000_000_000 : 40_000_000)}\n");
        var name = house.Pipeline(
            """
            pipeline: counts
            tasks:
              count:
                sql: "set variable n = (select n from read_csv('n.csv')); create table r as select sum(hash(range)) as h from range(getvariable('n')); copy r to {{ outputs.sum }} (format csv)"
                outputs: { sum: "data/{{ ds }}.csv" }
                retries: 0
            """
        );
        var run = await KillAsync(house, name, "count", () => true, isKilledToo, beforeNext: () => house.Write("n.csv", "n\n10\n"));
        Assert.Equal(RunState.Success, (await house.EndAsync(run)).State);
        AssertTries(house, run, "count", isKilledToo);
        Assert.Equal(2, house.Lines("data/2024-03-01.csv").Length);
        Assert.Single(house.Publications(run));
    }

    [Fact]
    [Trait("Requirement", "S74")]
    public async Task What_a_killed_server_left_running_counts_against_the_limits_of_who_runs_one_pipeline_only()
    {
        await using var house = new House("pools: { one: 1 }\n");
        var left = house.Pipeline(
            "pipeline: left\ntasks:\n  a: { pool: one, run: \"echo left >> ran; until test -e go; do sleep 0.05; done; echo end >> ran\" }\n"
        );
        var other = house.Pipeline("pipeline: other\ntasks:\n  a: { pool: one, run: \"echo other >> ran\" }\n");
        using var server = await Children.ServeAsync(house.Folder, House.Cancel);
        var first = await house.StartAsync(left);
        await house.UntilAsync(() => house.Lines("ran").Length == 1, "it runs");
        Children.Kill(server);

        var second = await house.StartAsync(other);
        await house.UntilAsync(
            () => house.Task(second, "a") is { State: TaskState.Scheduled, Attempt: null },
            "it waits for the slot that a command of the killed server holds"
        );
        Assert.Contains(await house.Session.WhyNotAsync(second, new TaskKey(new TaskName("a"))), why => why.Kind == "pool");
        house.Write("go", "");
        Assert.Equal(RunState.Success, (await house.EndAsync(second)).State);
        Assert.Equal(RunState.Success, (await house.EndAsync(first)).State);
        Assert.Equal(["left", "end", "other"], house.Lines("ran"));
    }

    /// <summary>Starts a run under a server, kills that while the task is under way, and has this process be the next.</summary>
    private static async Task<RunNumber> KillAsync(
        House house,
        string pipeline,
        string task,
        Func<bool> isUnderWay,
        bool isKilledToo,
        Action? beforeNext = null
    )
    {
        using var server = await Children.ServeAsync(house.Folder, House.Cancel);
        var run = await house.StartAsync(pipeline);
        await house.UntilAttemptAsync(run, task, AttemptState.Running);
        await house.UntilAsync(isUnderWay, "it is under way");
        Children.Kill(server);
        if (isKilledToo)
        {
            KillTree(house, run, task);
            beforeNext?.Invoke();
        }

        await house.ServeAsync();
        return run;
    }

    private static void AssertTries(House house, RunNumber run, string task, bool isLost)
    {
        var attempts = house.Attempts(run);
        Assert.Equal(isLost ? [AttemptState.Lost, AttemptState.Succeeded] : [AttemptState.Succeeded], attempts.Select(one => one.State));
        if (isLost)
        {
            Assert.StartsWith("lost: process ", Lost(house, run, task).Message, StringComparison.Ordinal);
        }
    }

    private static Failure Lost(House house, RunNumber run, string task)
    {
        var failure = house.Attempts(run).First(attempt => attempt.Key.Task.Value == task).Failure!;
        Assert.Equal(FailureClass.Lost, failure.Class);
        return failure;
    }

    /// <summary>Ends an attempt's processes as a power cut would; its launcher first, which then records nothing.</summary>
    private static int KillTree(House house, RunNumber run, string task)
    {
        var pid = int.Parse(house.Attempts(run).First(attempt => attempt.Key.Task.Value == task).Process!.Id!);
        var session = ProcessTable.All().Where(process => process.Session == pid).OrderBy(process => process.Pid != pid).ToList();
        Assert.NotEmpty(session);
        foreach (var process in session)
        {
            ProcessTree.Signal(process, Libc.SIGKILL);
        }

        return pid;
    }

    private static string[][] Logs(House house, RunNumber run) =>
        [
            .. Enumerable
                .Range(0, Commands)
                .Select(i => Path.Combine(house.AttemptFolder(run, $"t{i}"), AttemptFiles.Stdout))
                .Select(log => File.Exists(log) ? File.ReadAllLines(log) : []),
        ];

    private static bool HasRecord(House house, RunNumber run, int task) =>
        ExitRecord.Read(Path.Combine(house.AttemptFolder(run, $"t{task}"), AttemptFiles.Exit)) is { ExitCode: not null };

    private static int Code(int task) => task % 5;
}
