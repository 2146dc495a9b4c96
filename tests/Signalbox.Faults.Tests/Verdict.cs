using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;

namespace Signalbox.Faults.Tests;

/// <summary>What the ledger and the witness say about the rows and the files that the product shows in the end.</summary>
internal sealed class Verdict
{
    private const string Success = "success";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    /// <summary>How many of what.</summary>
    public SortedDictionary<string, long> Counts { get; } = new(StringComparer.Ordinal);

    /// <summary>Promises that were broken; one sentence each.</summary>
    public List<string> Findings { get; } = [];

    /// <summary>Waits until all that was begun has ended, and compares.</summary>
    /// <param name="mayFail">Whether a run may end as failed: a fault may have hit its task in earnest.</param>
    public static async Task<Verdict> OfAsync(Load load, bool mayFail)
    {
        var verdict = new Verdict();
        await verdict.SettleAsync(load);
        var runs = await load.AllAsync("/api/runs");
        var messages = await load.AllAsync("/api/inbox");
        verdict.CompareRuns(load, runs, mayFail);
        verdict.CompareMessages(load, messages, runs, mayFail);
        verdict.CompareTicks(load, runs);
        if (!mayFail)
        {
            await verdict.TellFailuresAsync(load, runs);
        }

        verdict.CompareWitness(load, runs);
        await verdict.CountFurtherAsync(load, runs);
        await verdict.ComparePublicationsAsync(load, runs, mayFail);
        verdict.Counts["calls acknowledged"] = load.Acknowledged;
        verdict.Counts["calls refused or unanswered"] = load.Unanswered;
        verdict.Counts["runs"] = runs.Count;
        verdict.Findings.AddRange(load.Witness.Mistakes);
        return verdict;
    }

    /// <summary>No run may be without an end when nothing has ended for long.</summary>
    private async Task SettleAsync(Load load)
    {
        var watch = System.Diagnostics.Stopwatch.StartNew();
        var before = -1;
        while (true)
        {
            List<JsonElement> active =
            [
                .. await load.AllAsync("/api/runs?state=queued"),
                .. await load.AllAsync("/api/runs?state=running"),
                .. (await load.AllAsync("/api/inbox?state=waiting")),
            ];
            // The schedule goes on while it is waited for.
            var others = active.Where(run => !Is(run, "ticked") || IsOld(load, run)).ToList();
            if (others.Count == 0)
            {
                Counts["stuck"] = 0;
                return;
            }

            if (others.Count != before)
            {
                before = others.Count;
                watch.Restart();
            }

            if (watch.Elapsed > Patience)
            {
                Counts["stuck"] = others.Count;
                Findings.AddRange(others.Take(5).Select(run => $"stuck for {Patience.TotalSeconds} s: {run}"));
                return;
            }

            await Task.Delay(300, TestContext.Current.CancellationToken);
        }
    }

    private void CompareRuns(Load load, List<JsonElement> runs, bool mayFail)
    {
        var byNumber = runs.ToDictionary(run => run.GetProperty("number").GetInt64());
        var lost = 0;
        foreach (var (key, number) in load.Runs)
        {
            if (!byNumber.TryGetValue(number, out var run))
            {
                lost++;
                Findings.Add($"lost: {key} was told of run {number}, which is not there");
            }
            else if (State(run) != Success && !(mayFail && State(run) == "failed"))
            {
                Findings.Add($"{key}: its run {number} ended as {State(run)}: {run.GetProperty("reason")}");
            }
        }

        Counts["acknowledged lost"] = lost;
        var byHand = runs.Count(run => run.GetProperty("trigger").GetString() == "manual");
        var asked = load.Wishes.Keys.Count(key => !key.StartsWith("message-", StringComparison.Ordinal));
        if (byHand > asked || load.Runs.Values.Distinct().Count() != load.Runs.Count)
        {
            Findings.Add($"{byHand} runs by hand were made of {asked} wishes, {load.Runs.Count} of them acknowledged");
        }

        Counts["runs that failed"] = runs.Count(run => State(run) == "failed");
    }

    private async Task TellFailuresAsync(Load load, List<JsonElement> runs)
    {
        foreach (var run in runs.Where(run => State(run) == "failed").Take(5))
        {
            var document = (await load.GetAsync($"/api/runs/{run.GetProperty("number")}")).GetProperty("run");
            Findings.AddRange(
                AttemptsOf(document)
                    .Where(attempt => attempt.GetProperty("failure").ValueKind == JsonValueKind.Object)
                    .Select(attempt => $"run {run.GetProperty("number")}: {attempt.GetProperty("failure")}")
            );
        }
    }

    private void CompareMessages(Load load, List<JsonElement> messages, List<JsonElement> runs, bool mayFail)
    {
        var byNumber = messages.ToDictionary(message => message.GetProperty("id").GetInt64());
        var states = runs.ToDictionary(run => run.GetProperty("number").GetInt64());
        var numbers = load.Witness.All.Where(each => each.Pipeline == "hooked").ToLookup(each => each.Number, each => each.Run);
        foreach (var (sent, message) in load.Messages)
        {
            if (!byNumber.TryGetValue(message, out var kept) || kept.GetProperty("run") is not { ValueKind: JsonValueKind.Number } run)
            {
                Counts["acknowledged lost"]++;
                Findings.Add($"lost: the sender of {sent} was told of message {message}, which started no run");
                continue;
            }

            var started = states[run.GetInt64()];
            if (State(started) != Success && !(mayFail && State(started) == "failed"))
            {
                Findings.Add($"message {message}: its run {run} ended as {State(started)}");
            }
            else if (!mayFail && !numbers[sent].Contains(started.GetProperty("run_id").GetString()!))
            {
                Findings.Add($"message {message}: no command of its run saw {sent}");
            }
        }

        foreach (var twice in numbers.Where(each => each.Distinct().Count() > 1))
        {
            Findings.Add($"what was sent once as {twice.Key} became {string.Join(" and ", twice.Distinct())}");
        }
    }

    private void CompareTicks(Load load, List<JsonElement> runs)
    {
        var dates = runs.Where(run => Is(run, "ticked"))
            .Select(run => run.GetProperty("logical_date").GetDateTimeOffset())
            .Order()
            .ToList();
        Counts["ticks"] = dates.Count;
        for (var i = 1; i < dates.Count; i++)
        {
            if (dates[i] - dates[i - 1] != load.Every)
            {
                Findings.Add(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"ticks: {dates[i - 1]:O} is followed by {dates[i]:O}, not after {load.Every}"
                    )
                );
            }
        }
    }

    private void CompareWitness(Load load, List<JsonElement> runs)
    {
        var all = load.Witness.All;
        var ended = all.Where(each => each.EndedAtLine is not null).Select(each => (each.Pipeline, each.Run)).ToHashSet();
        foreach (var run in runs.Where(run => State(run) == Success))
        {
            if (!ended.Contains((run.GetProperty("pipeline").GetString()!, run.GetProperty("run_id").GetString()!)))
            {
                Findings.Add($"run {run.GetProperty("number")} is a success, and none of its commands came to its end");
            }
        }

        foreach (var task in all.GroupBy(each => (each.Pipeline, each.Run, each.Task)).Where(task => task.Count() > 1))
        {
            var attempts = task.OrderBy(each => each.Attempt).ToList();
            for (var i = 1; i < attempts.Count; i++)
            {
                if (attempts[i - 1].EndedAtLine > attempts[i].BegunAtLine)
                {
                    Findings.Add($"{task.Key}: attempts {attempts[i - 1].Attempt} and {attempts[i].Attempt} ran at the same time");
                }
            }
        }

        Counts["commands begun"] = all.Count;
        Counts["commands begun as a further attempt"] = all.Count(each => each.Attempt > 1);
    }

    /// <summary>Why commands were begun again: how many attempts ended with which class, of the runs in which there was one.</summary>
    private async Task CountFurtherAsync(Load load, List<JsonElement> runs)
    {
        var again = load.Witness.All.Where(each => each.Attempt > 1).Select(each => (each.Pipeline, each.Run)).ToHashSet();
        foreach (var run in runs.Where(run => again.Contains((Text(run, "pipeline"), Text(run, "run_id")))))
        {
            var document = (await load.GetAsync($"/api/runs/{run.GetProperty("number")}")).GetProperty("run");
            foreach (var failure in AttemptsOf(document).Select(attempt => attempt.GetProperty("failure")))
            {
                if (failure.ValueKind == JsonValueKind.Object)
                {
                    var what = $"commands begun as a further attempt, after {Text(failure, "class")}";
                    Counts[what] = Counts.GetValueOrDefault(what) + 1;
                }
            }
        }
    }

    private async Task ComparePublicationsAsync(Load load, List<JsonElement> runs, bool mayFail)
    {
        var (published, early, twice) = (0, 0, 0);
        foreach (var run in runs.Where(run => Is(run, "made") && State(run) == Success))
        {
            var document = (await load.GetAsync($"/api/runs/{run.GetProperty("number")}")).GetProperty("run");
            var failed = AttemptsOf(document)
                .Where(attempt => Text(attempt, "state") == "failed")
                .Select(attempt => attempt.GetProperty("number").GetInt32())
                .ToHashSet();
            var all = document
                .GetProperty("published")
                .EnumerateArray()
                .Select(each =>
                    (
                        Dataset: each.GetProperty("dataset").GetString()!,
                        State: each.GetProperty("state").GetString()!,
                        Attempt: each.GetProperty("attempt").GetInt32()
                    )
                )
                .ToList();
            // One output of an attempt may be visible already when its next one is refused by the disk: then that attempt has failed.
            var outputs = all.Where(each => !(mayFail && failed.Contains(each.Attempt))).ToList();
            published += all.Count;
            early += all.Count - outputs.Count;
            twice += outputs.Count - outputs.DistinctBy(each => each.Dataset).Count();
            if (outputs.Count != 2 || outputs.Exists(each => each.State != "published") || all.Distinct().Count() != all.Count)
            {
                Findings.Add(
                    $"run {run.GetProperty("number")} has published {string.Join(", ", all)}, not each of its two outputs once; "
                        + $"its attempts: {string.Join(", ", AttemptsOf(document))}"
                );
            }
        }

        Counts["published by an attempt that failed after it"] = early;
        Counts["published"] = published;
        Counts["published twice"] = twice;
        if (published == 0)
        {
            return;
        }

        var file = Path.Combine(load.Project.Folder, "data", "file.txt");
        var current = (await load.GetAsync("/api/datasets/versions?name=file&limit=1000"))
            .GetProperty("versions")
            .EnumerateArray()
            .Single(version => version.GetProperty("current").GetBoolean());
        var content = await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
        if (Convert.ToHexStringLower(SHA256.HashData(content)) != current.GetProperty("sha256").GetString())
        {
            Findings.Add($"{file} is not what its current version says: {current}");
        }
    }

    /// <summary>Looks at what readers see: each folder of one attempt alone. To be called when nobody publishes.</summary>
    public static string? Torn(string folder)
    {
        var made = Path.Combine(folder, "data", "folder");
        if (!Directory.Exists(made))
        {
            return null;
        }

        var files = Directory.GetFiles(made);
        var values = files.Select(File.ReadAllText).Distinct().ToList();
        return files.Length == 3 && values is [{ Length: > 1 }]
            ? null
            : $"readers see {files.Length} files of {values.Count} versions in {made}";
    }

    private static bool IsOld(Load load, JsonElement run) =>
        run.GetProperty("created_at").GetDateTimeOffset() < DateTimeOffset.UtcNow - load.Every - TimeSpan.FromSeconds(10);

    private static bool Is(JsonElement run, string pipeline) => run.GetProperty("pipeline").GetString() == pipeline;

    private static IEnumerable<JsonElement> AttemptsOf(JsonElement run) =>
        run.GetProperty("tasks").EnumerateArray().SelectMany(task => task.GetProperty("attempts").EnumerateArray());

    private static string Text(JsonElement document, string name) => document.GetProperty(name).GetString()!;

    private static string State(JsonElement run) => run.GetProperty("state").GetString()!;
}
