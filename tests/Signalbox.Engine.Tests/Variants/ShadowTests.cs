using System.Collections.Immutable;
using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Runs;
using Signalbox.Engine.Control;
using Signalbox.Engine.Outputs;
using Signalbox.Engine.PipelineFiles;
using Signalbox.Engine.Tests.Driving;
using Signalbox.Engine.Variants;
using Signalbox.Storage;

namespace Signalbox.Engine.Tests.Variants;

/// <summary>A candidate beside the current version: what it can reach, what stands for the current version, and what is found.</summary>
public sealed class ShadowTests
{
    private static readonly PipelineName Name = new("daily");

    /// <summary>The candidate would change everything that it names: path, folder, model, alias, another pipeline's input.</summary>
    [Fact]
    [Trait("Requirement", "S176")]
    [Trait("Requirement", "S177")]
    public async Task A_candidate_changes_nothing_live()
    {
        await using var house = new House();
        house.Pipeline(Everything("1"));
        house.Pipeline(
            """
            pipeline: reader
            tasks:
              read: { run: "cat {{ inputs.rows }} > {{ outputs.seen }}", inputs: { rows: "data/{{ ds }}.csv" }, outputs: { seen: "seen/{{ ds }}.csv" } }
            """
        );
        await house.RunAsync("daily");
        await house.RunAsync("reader");
        await house.Store.WriteAsync(
            session => session.SetWatermark(Name, new DateOnly(2024, 3, 1), "by hand", DateTimeOffset.UtcNow),
            House.Cancel
        );
        var before = Live(house);

        var report = await CompareAsync(house, Everything("2"), ["2024-03-01", "2024-03-02"], fresh: true);

        Assert.Equal(before, Live(house));
        Assert.Equal("1", house.Read("data/2024-03-01.csv").Trim());
        Assert.False(File.Exists(house.Path("data/2024-03-02.csv")));
        Assert.False(report.Clean);
        var first = report.Dates[0];
        Assert.Contains(first.Notes, note => note.StartsWith("live was skipped: ", StringComparison.Ordinal));
        Assert.Contains(first.Notes, note => note.StartsWith("asked was skipped: ", StringComparison.Ordinal));
        Assert.Equal(3, first.Outputs.Length);
        Assert.All(first.Outputs, output => Assert.False(output.Clean));

        // The reader still reads the live one, and no folder of the comparison is left.
        await house.RunAsync("reader");
        Assert.Equal("1", house.Read("seen/2024-03-01.csv").Trim());
        Assert.Empty(Directory.EnumerateFileSystemEntries(house.Path(".signalbox/namespaces")));
    }

    [Fact]
    [Trait("Requirement", "S176")]
    public async Task What_was_published_stands_for_the_current_version_only_while_it_is_its_own()
    {
        await using var house = new House();
        house.Write("raw/2024-03-01.csv", "id,n\n1,1\n");
        house.Pipeline(Sum("n"));
        await house.RunAsync("daily");
        Assert.True((await OneAsync(house, Sum("n + 0"))).IsLive);

        // Another date was never run, and after an edit what is published is that of the definition before.
        Assert.False((await CompareAsync(house, Sum("n + 0"), ["2024-03-02"], fresh: false)).Dates[0].IsLive);
        house.Pipeline(Sum("n * 1"));
        Assert.False((await OneAsync(house, Sum("n + 0"))).IsLive);
        await house.RunAsync("daily");
        Assert.True((await OneAsync(house, Sum("n + 0"))).IsLive);

        // Something else stands at the path now than what the run published.
        house.Write("out/2024-03-01.csv", "id,n\n1,7\n");
        File.Delete(house.Path("out/2024-03-01.csv"));
        Assert.False((await OneAsync(house, Sum("n + 0"))).IsLive);

        static async Task<ShadowDate> OneAsync(House house, string candidate) =>
            (await CompareAsync(house, candidate, ["2024-03-01"], fresh: false)).Dates[0];
    }

    [Fact]
    [Trait("Requirement", "S176")]
    public async Task A_gate_wants_so_many_clean_dates_and_the_verdict_holds_up_a_promotion()
    {
        await using var house = new House();
        house.Write("raw/2024-03-01.csv", "id,n\n1,1\n");
        house.Write("raw/2024-03-02.csv", "id,n\n1,5\n2,-1\n");
        house.Pipeline(Sum("n"));
        await house.SaveAsync();
        var candidate = Sum("greatest(n, 0)");
        string[] both = ["2024-03-01", "2024-03-02"];
        Assert.False((await CompareAsync(house, candidate, both, gate: 2)).Clean);
        var version = await SaveAsync(house, candidate);
        Assert.True((await house.AskAsync(new Request.Deploy("daily", "green", version.Value, "c.yaml", null))).Done);

        var refused = await house.AskAsync(new Request.PromoteVariant("daily", null, "go", Force: false));
        Assert.False(refused.Done);
        Assert.Contains("1 of 2 dates clean", refused.Message, StringComparison.Ordinal);
        Assert.Contains("--force", refused.Message, StringComparison.Ordinal);
        Assert.Null(house.Store.Read(session => session.ActiveVariant(Name)));

        // The last verdict counts.
        Assert.True((await CompareAsync(house, candidate, both, gate: 1)).Clean);
        Assert.True((await house.AskAsync(new Request.PromoteVariant("daily", null, "go", Force: false))).Done);
        await house.AskAsync(new Request.RollbackVariant("daily", "back"));
        Assert.False((await CompareAsync(house, candidate, both, gate: 2)).Clean);
        Assert.True((await house.AskAsync(new Request.PromoteVariant("daily", null, "known and wanted", Force: true))).Done);
        Assert.Equal([false, true, false], house.Store.Read(session => session.Shadows(Name, 10)).Select(verdict => verdict.Clean));
    }

    [Fact]
    public async Task A_candidate_that_fails_or_makes_less_is_not_clean()
    {
        await using var house = new House();
        house.Write("raw/2024-03-01.csv", "id,n\n1,1\n");
        house.Pipeline(Sum("n"));
        await house.SaveAsync();
        var failed = (await CompareAsync(house, Sum("n + nothing"), ["2024-03-01"])).Dates[0];
        Assert.Contains(failed.Problems, problem => problem.Contains("`sum` failed", StringComparison.Ordinal));
        var other = (await CompareAsync(house, Sum("n").Replace("  sum:", "  other:", StringComparison.Ordinal), ["2024-03-01"])).Dates[0];
        Assert.Contains(other.Problems, problem => problem.Contains("nothing is compared", StringComparison.Ordinal));
        Assert.Equal(2, other.Notes.Length);
    }

    [Fact]
    public void An_object_of_a_store_is_a_file_in_a_comparison()
    {
        Assert.Equal("/p/.signalbox/namespaces/shadow-x/s3/lake/a/b.csv", Target("shadow-x"));
        Assert.Equal("s3://lake/_namespaces/green/a/b.csv", Target("green"));

        static string Target(string space) => Targets.Output("/p", "/p/.signalbox", new RunNamespace(space), "s3://lake/a/b.csv");
    }

    /// <summary>All that live readers can see, and all that the store says of it.</summary>
    private static string[] Live(House house)
    {
        var files = Directory
            .EnumerateFiles(house.Folder, "*", SearchOption.AllDirectories)
            .Where(file => !file.StartsWith(house.Path(".signalbox"), StringComparison.Ordinal) && !file.Contains("/candidates/"))
            .Select(file => $"{file} {ContentHash.Of(file).Sha256} {File.GetLastWriteTimeUtc(file):O}");
        var known = house.Store.Read(session =>
        {
            List<string?> lines =
            [
                .. session.CurrentOf(Name, null).Select(version => $"{version.Path} {version.Id}"),
                .. session.CurrentVersions("sums").Select(version => $"{version.Dataset} {version.Id}"),
                .. session.Versions("sums", null, 100).Select(version => $"{version.Dataset} {version.Id}"),
                .. session.ModelVersions("m").Select(version => $"model {version.Version} {version.Sha256}"),
                .. session.ModelAliases("m").Select(alias => $"{alias.Alias} {alias.Version}"),
                session.Watermark(Name)?.ToString(),
                session.Pipeline(Name)!.Version.ToString(),
                session.ActiveVariant(Name)?.Value,
                session.LatestSuccess(Name)!.Number.ToString(),
                .. session.RunsOf(Name, DateTimeOffset.UnixEpoch, DateTimeOffset.UtcNow).Select(run => $"run {run.Number} {run.State}"),
            ];
            return lines;
        });
        return [.. files.Order(StringComparer.Ordinal), .. known.Select(line => line ?? "none")];
    }

    private static async Task<ShadowReport> CompareAsync(
        House house,
        string candidate,
        string[] dates,
        bool fresh = false,
        int? gate = null
    )
    {
        await house.SaveAsync();
        var (name, live) = house.Store.Read(session => (session.Pipeline(Name)!.Version!.Value, session.Pipeline(Name)!.Version!.Value));
        var current = house.Store.Read(session => session.Definition(Name, live))!.Pipeline;
        var version = await SaveAsync(house, candidate);
        return await new ShadowTrial(house.Session, House.Options(house.Time).WorkerCommand).RunAsync(
            new ShadowRequest
            {
                Current = current,
                CurrentVersion = name,
                Candidate = house.Store.Read(session => session.Definition(Name, version))!.Pipeline,
                CandidateVersion = version,
                Dates = [.. dates.Select(date => current.CalendarOf().Find(date).Slice!)],
                Fresh = fresh,
                Gate = gate,
                Who = "ann",
            },
            House.Cancel
        );
    }

    private static Task<VersionHash> SaveAsync(House house, string text)
    {
        var parsed = PipelineFile.Parse("candidate.yaml", System.Text.Encoding.UTF8.GetBytes(text), TaskDefaults.None);
        Assert.NotNull(parsed.Pipeline);
        return house.Store.WriteAsync(session => session.SaveDefinition(parsed.Pipeline, text, house.Time.GetUtcNow()), House.Cancel);
    }

    private static string Everything(string says) =>
        """
            pipeline: daily
            tasks:
              rows:
                run: "echo SAYS > {{ outputs.rows }}; mkdir -p {{ outputs.parts }}; echo SAYS > {{ outputs.parts }}/a.csv"
                outputs:
                  rows: { path: "data/{{ ds }}.csv", dataset: sums }
                  parts: "parts/{{ ds }}/"
              fit:
                needs: [rows]
                run: "echo SAYS > {{ outputs.model }}; echo '{\"auc\": SAYS}' > $SIGNALBOX_METRICS"
                outputs: { model: { path: models/m.txt, model: m } }
              live: { needs: [fit], promote: { model: m, alias: champion } }
              asked: { needs: [rows], approve: { message: "SAYS?" }, timeout: ONLY }
            """.Replace("SAYS", says, StringComparison.Ordinal)
        // The live run asks too, and its time-out lets it go on.
        .Replace("timeout: ONLY", "timeout: 1s", StringComparison.Ordinal).Replace(
            "message: \"1?\"",
            "message: \"1?\", on_timeout: approve",
            StringComparison.Ordinal
        );

    private static string Sum(string expression) =>
        $$$"""
            pipeline: daily
            tasks:
              sum:
                run: "true"
                sql: "select id, {{{expression}}} as n from raw"
                inputs: { raw: "raw/{{ ds }}.csv" }
                outputs: { n: { path: "out/{{ ds }}.csv", compare: { keys: [id] } } }
            """.Replace("    run: \"true\"\n", "", StringComparison.Ordinal);
}
