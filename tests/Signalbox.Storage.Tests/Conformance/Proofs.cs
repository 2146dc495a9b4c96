using Signalbox.Core;
using Signalbox.Core.Runs;

namespace Signalbox.Storage.Tests;

public abstract partial class StoreConformance
{
    [Fact]
    [Trait("Requirement", "S187")]
    public async Task A_verdict_is_kept_for_the_version_it_is_about()
    {
        using var store = Database.Open();
        var (run, _) = await store.CreateRun("daily", 1);
        var version = new VersionHash("aaaaaaaaaaaa");
        var whole = new StoredVerdict(
            new("daily"),
            version,
            Task: null,
            "2001-01-05",
            VerdictState.NotIdempotent,
            "Task is not idempotent: 1000 rows after first run, 2000 after second",
            "append",
            run.Number,
            run.Number,
            Made.Noon
        );
        var mended = whole with { State = VerdictState.Idempotent, Message = "idempotent", Cause = null };
        var ofTask = whole with { Task = new TaskName("load") };
        await store.WriteAsync(s => s.SaveVerdict(whole), Ct);
        Assert.Equal(whole, store.Read(s => s.Verdict(new("daily"), version)));
        await store.WriteAsync(
            s =>
            {
                s.SaveVerdict(mended);
                s.SaveVerdict(ofTask);
            },
            Ct
        );

        Assert.Equal(mended, store.Read(s => s.Verdict(new("daily"), version)));
        Assert.Null(store.Read(s => s.Verdict(new("daily"), new VersionHash("bbbbbbbbbbbb"))));
        Assert.Null(store.Read(s => s.Verdict(new("weekly"), version)));
        Assert.Equal([ofTask, mended, whole], store.Read(s => s.Verdicts(new("daily"), 10)));
    }

    [Fact]
    public async Task The_conditions_of_a_trial_are_kept_with_its_run()
    {
        using var store = Database.Open();
        var (run, _) = await store.CreateRun("daily", 1);
        Assert.Null(store.Read(s => s.TrialConditions(run.Number)));
        await store.WriteAsync(s => s.SaveTrial(run.Number, """{"a":1}"""), Ct);
        Assert.Equal("""{"a":1}""", store.Read(s => s.TrialConditions(run.Number)));
    }

    [Fact]
    [Trait("Requirement", "S97")]
    public async Task A_fingerprint_is_found_by_its_hash_and_by_its_partition()
    {
        using var store = Database.Open();
        var (first, second) = ((await store.CreateRun("daily", 1)).Run, (await store.CreateRun("daily", 2)).Run);
        var one = new StoredFingerprint(
            first.Number,
            new(new("a")),
            new("daily"),
            "2001-01-01",
            first.Number,
            "h1",
            "{}",
            "{}",
            "1",
            Made.Noon
        );
        var other = one with { Run = second.Number, Partition = "2001-01-02", Hash = "h2", Result = null };
        await store.WriteAsync(
            s =>
            {
                s.SaveFingerprint(one);
                s.SaveFingerprint(other);
            },
            Ct
        );

        Assert.Equal(one, store.Read(s => s.Fingerprint(new("daily"), one.Task, "h1")));
        Assert.Null(store.Read(s => s.Fingerprint(new("daily"), one.Task, "h3")));
        Assert.Equal(one, store.Read(s => s.LatestFingerprint(new("daily"), one.Task, "2001-01-01")));
        Assert.Equal(other, store.Read(s => s.LatestFingerprint(new("daily"), one.Task, "2001-01-09")));
        var again = one with { Source = second.Number, Hash = "h2" };
        await store.WriteAsync(s => s.SaveFingerprint(again), Ct);
        Assert.Equal([again], store.Read(s => s.Fingerprints(first.Number)));
    }
}
