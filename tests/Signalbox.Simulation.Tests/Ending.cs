using Signalbox.Engine.Outputs;
using Signalbox.Storage;
using Promise = Signalbox.Core.Tests.Simulation.Check;

namespace Signalbox.Simulation.Tests;

/// <summary>What must be true when nothing fails any more and time enough has passed.</summary>
internal static class Ending
{
    private static readonly Sql OpenRuns = new("select number from runs where ended_ms is null limit 1");
    private static readonly Sql OpenTasks = new(
        "select t.run_number from tasks t join runs r on r.number = t.run_number where t.ended_ms is null and r.ended_ms is not null limit 1"
    );
    private static readonly Sql OpenAttempts = new("select run_number from attempts where ended_ms is null limit 1");
    private static readonly Sql OpenPublications = new("select id from publications where state = 'prepared' limit 1");
    private static readonly Sql OpenSwitches = new("select id from version_switches where ended_ms is null limit 1");
    private static readonly Sql OpenBackfills = new("select id from backfills where ended_ms is null limit 1");
    private static readonly Sql OpenItems = new(
        "select i.backfill from backfill_items i left join runs r on r.number = i.run_number where i.state in ('pending', 'running') limit 1"
    );
    private static readonly Sql OpenRemovals = new("select id from removals limit 1");
    private static readonly Sql KeptVersions = new(
        "select id, kept, sha256 from publications where kept is not null and state = 'published'"
    );
    private static readonly Sql OpenRequests = new("select id from requests where answered_ms is null limit 1");
    private static readonly Sql ForgottenUpdates = new(
        """
        select u.id from dataset_updates u join dataset_cursors c on c.dataset = u.dataset
        where u.quiet is null and u.run_group is null and u.id > c.cursor limit 1
        """
    );
    private static readonly Sql Cursors = new("select name, cursor_ms from pipelines order by name");
    private static readonly Sql TicksOf = new("select label, at_ms from ticks where pipeline = @pipeline");
    private static readonly Sql Current = new(
        "select c.path, p.sha256, p.state, a.state from current_versions c join publications p on p.id = c.publication "
            + "join attempts a on a.run_number = p.run_number and a.task = p.task and a.map_index = p.map_index and a.number = p.attempt"
    );
    private static readonly Sql Published = new(
        """
        select p.id from publications p join attempts a
        on a.run_number = p.run_number and a.task = p.task and a.map_index = p.map_index and a.number = p.attempt
        where p.state = 'published' and a.state not in ('success', 'cancelled') limit 1
        """
    );
    private static readonly Sql RunThere = new("select 1 from runs where number = @run");

    public static bool IsAtRest(Store store) =>
        store.Read(session => session.Link.Use(OpenRuns).Scalar() is null && session.Link.Use(OpenBackfills).Scalar() is null);

    public static void Check(People people, House house, Link rows, Func<string, IEnumerable<DateTimeOffset>> ticks)
    {
        None(rows, OpenRuns, "run", "has not ended");
        None(rows, OpenTasks, "run", "has ended, and one of its tasks has not");
        None(rows, OpenAttempts, "run", "has an attempt that has not ended");
        None(rows, OpenPublications, "publication", "is neither published nor given up");
        None(rows, OpenSwitches, "switch", "has not ended");
        None(rows, OpenBackfills, "backfill", "has not ended");
        None(rows, OpenItems, "backfill", "has a date that has not ended");
        None(rows, OpenRequests, "request", "was never answered");
        None(rows, OpenRemovals, "removal", "has not ended");
        None(rows, ForgottenUpdates, "update", "was taken note of by nobody");
        None(rows, Published, "publication", "counts, and its attempt failed");
        foreach (var process in house.Machine.Running)
        {
            throw new BrokenPromiseException($"I6: {process.Spec.Key} still runs when all has ended");
        }

        var staging = new Staging(house.Project.StateFolder);
        foreach (var key in staging.Staged())
        {
            throw new BrokenPromiseException($"liveness: {key} has something staged when all has ended");
        }

        foreach (var (request, answer) in people.Promised)
        {
            Promise.That(
                !answer.Done
                    || !answer.Message.StartsWith("run ", StringComparison.Ordinal)
                    || answer.Number is not { } run
                    || rows.Use(RunThere).Set("@run", run).Scalar() is not null
                    || house.Ledger.WasRemoved(run),
                $"I7: request {request} was answered with a run that is not there: {answer.Message}"
            );
        }

        Contents(rows);
        KeptContents(rows);
        AllTicks(rows, ticks);
    }

    /// <summary>What readers see at each path is what the row of its current version says.</summary>
    private static void Contents(Link rows)
    {
        using var found = rows.Use(Current);
        while (found.Read())
        {
            var (path, hash) = (found.Text(), found.TextOrNull());
            var there = Path.Exists(path) ? ContentHash.Of(path).Sha256 : "nothing";
            Promise.That(there == hash, $"I4: {path} holds {there}, its row says {hash}");
        }
    }

    /// <summary>I10: what is kept of earlier versions, to roll back to, is there.</summary>
    private static void KeptContents(Link rows)
    {
        using var found = rows.Use(KeptVersions);
        while (found.Read())
        {
            var (version, path, hash) = (found.Long(), found.Text(), found.TextOrNull());
            var there = Path.Exists(path) ? ContentHash.Of(path).Sha256 : "nothing";
            Promise.That(there == hash, $"I10: of version {version} there is {there} at {path}, its row says {hash}");
        }
    }

    /// <summary>I5: each time that a schedule is due is one row, or in the range of one.</summary>
    private static void AllTicks(Link rows, Func<string, IEnumerable<DateTimeOffset>> ticks)
    {
        var cursors = new List<(string Name, long? Cursor)>();
        using (var found = rows.Use(Cursors))
        {
            while (found.Read())
            {
                cursors.Add((found.Text(), found.LongOrNull()));
            }
        }

        foreach (var (name, cursor) in cursors)
        {
            var single = new List<long>();
            var spans = new List<(long From, long To)>();
            using (var found = rows.Use(TicksOf).Set("@pipeline", name))
            {
                while (found.Read())
                {
                    var (label, at) = (found.Text(), found.Long());
                    if (label.IndexOf('/') is > 0 and var slash)
                    {
                        spans.Add((DateTimeOffset.Parse(label[..slash]).ToUnixTimeMilliseconds(), at));
                    }
                    else
                    {
                        single.Add(at);
                    }
                }
            }

            Promise.That(single.Count == single.Distinct().Count(), $"I5: {name} has two rows for one tick");
            foreach (var due in ticks(name).Select(tick => tick.ToUnixTimeMilliseconds()).Where(due => due <= cursor))
            {
                Promise.That(
                    single.Remove(due) || spans.Exists(span => span.From <= due && due <= span.To),
                    $"I5: {name} was due at {DateTimeOffset.FromUnixTimeMilliseconds(due).ToString("O")}, and no row tells of it"
                );
            }
        }
    }

    private static void None(Link rows, Sql wanted, string what, string which)
    {
        if (rows.Use(wanted).Scalar() is { } number)
        {
            throw new BrokenPromiseException($"liveness: {what} {number} {which}");
        }
    }
}
