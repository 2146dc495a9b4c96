using Signalbox.Core.Retry;
using Signalbox.Core.Runs;
using Signalbox.Engine.Outputs;
using Signalbox.Engine.Tests.Driving;
using Signalbox.Storage;

namespace Signalbox.Engine.Tests.Outputs;

/// <summary>What readers see of an output: the old version or the new one, whatever happens to those who make it.</summary>
public sealed class PublishingTests
{
    [Theory]
    [Trait("Requirement", "S90")]
    [Trait("Requirement", "S107")]
    [Trait("Requirement", "S108")]
    [Trait("Requirement", "S109")]
    [Trait("Requirement", "S189")]
    [InlineData(true, "/dev/shm", 1000)]
    [InlineData(false, "/dev/shm", 1000)]
    [InlineData(true, "/tmp", 100)]
    [InlineData(false, "/tmp", 100)]
    public async Task Four_readers_at_full_speed_see_one_whole_version_in_every_publication(bool folder, string where, int publications)
    {
        // Most of a publication is waiting for the disk, which readers do not see: where nothing waits, there is more of them.
        using var home = new PipelineFiles.TemporaryFolder(where);
        var staging = new Staging(Path.Combine(home.Path, ".signalbox"));
        var place = new LocalPlace(staging);
        Publication? last = null;
        var target = Path.Combine(home.Path, folder ? "data/out/" : "data/out.csv");
        await PublishAsync(0);
        using var stop = new CancellationTokenSource();
        var readers = Enumerable
            .Range(0, 4)
            .Select(_ => Task.Run(() => folder ? ReadFolders(stop.Token) : ReadFiles(stop.Token)))
            .ToArray();
        for (var version = 1; version <= publications; version++)
        {
            await PublishAsync(version);
        }

        await stop.CancelAsync();
        var seen = (await Task.WhenAll(readers)).SelectMany(versions => versions).ToHashSet();
        Assert.True(seen.Count > 5, $"readers saw {seen.Count} versions only");
        Assert.Empty(staging.Staged());

        async Task PublishAsync(int version)
        {
            var staged = staging.Locate($"k-{version}", "out", target);
            staging.Prepare(staged);
            if (folder)
            {
                for (var file = 0; file < 20; file++)
                {
                    File.WriteAllText(Path.Combine(staged.Path, $"part-{file:00}"), $"{version}");
                }
            }
            else
            {
                File.WriteAllText(staged.Path, Content(version));
            }

            var intent = Intents.Of(version + 1, staged, staging.Seal(staged).Sha256);
            var placed = await place.PublishAsync(new Placing(staged, intent, last, Keep: 1, IsAgain: false), House.Cancel);
            if (last is not null)
            {
                await place.ForgetAsync(last with { Kept = placed.Kept }, House.Cancel);
            }

            last = intent;
            staging.Discard($"k-{version}");
        }

        HashSet<int> ReadFiles(CancellationToken until)
        {
            var found = new HashSet<int>();
            while (!until.IsCancellationRequested)
            {
                var text = File.ReadAllText(target);
                var version = int.Parse(text[..text.IndexOf('\n')]);
                Assert.Equal(Content(version), text);
                found.Add(version);
            }

            return found;
        }

        // A reader that opens the folder once has one version for as long as it likes; when that is wiped it is told so.
        HashSet<int> ReadFolders(CancellationToken until)
        {
            var found = new HashSet<int>();
            while (!until.IsCancellationRequested)
            {
                using var opened = OpenedFolder.Of(target);
                var parts = new HashSet<string>();
                try
                {
                    for (var file = 0; file < 20; file++)
                    {
                        parts.Add(File.ReadAllText($"{opened.Path}/part-{file:00}"));
                    }
                }
                catch (Exception gone) when (gone is FileNotFoundException or DirectoryNotFoundException)
                {
                    continue;
                }

                found.Add(int.Parse(Assert.Single(parts)));
            }

            return found;
        }

        static string Content(int version) => $"{version}\n{new string((char)('a' + (version % 26)), 50_000)}\nend of {version}\n";
    }

    [Fact]
    [Trait("Requirement", "S95")]
    public async Task An_attempt_killed_after_writing_80_percent_publishes_nothing_and_the_old_version_stays()
    {
        await using var house = new House();
        house.Write("data/out.csv", "old");
        house.Write("data/parts/a", "old a");
        var name = house.Pipeline(
            """
            pipeline: killed
            tasks:
              make:
                run: |
                  for i in 1 2 3 4 5 6 7 8; do echo $i >> {{ outputs.file }}; echo $i > {{ outputs.folder }}/$i; done
                  kill -9 $$
                outputs:
                  file: data/out.csv
                  folder: data/parts/
              after:
                needs: [make]
                run: "true"
            """
        );
        var run = await house.RunAsync(name);

        Assert.Equal(RunState.Failed, run.State);
        Assert.Equal("old", house.Read("data/out.csv"));
        Assert.Equal(["a"], Directory.GetFiles(house.Path("data/parts")).Select(Path.GetFileName));
        Assert.Empty(house.Publications(run.Number));
        Assert.Empty(house.Staged());
        Assert.Equal(TaskState.UpstreamFailed, house.Task(run.Number, "after").State);
    }

    [Fact]
    [Trait("Requirement", "S3")]
    public async Task A_failing_check_leaves_the_old_version_and_blocks_what_comes_after()
    {
        await using var house = new House();
        house.Write("data/out.csv", "n\n1\n");
        var name = house.Pipeline(
            """
            pipeline: checked
            tasks:
              make:
                run: printf 'n\n-5\n' > {{ outputs.out }}
                outputs:
                  out: { path: data/out.csv, checks: [{ range: { column: n, min: 0 } }] }
              train:
                needs: [make]
                run: touch trained
            """
        );
        var run = await house.RunAsync(name);

        Assert.Equal(RunState.Failed, run.State);
        Assert.Equal(TaskState.Blocked, house.Task(run.Number, "train").State);
        Assert.False(File.Exists(house.Path("trained")));
        Assert.Equal("n\n1\n", house.Read("data/out.csv"));
        Assert.Empty(house.Publications(run.Number));
        var failure = house.Task(run.Number, "make").Failure!;
        Assert.True(failure.CheckFailed);
        Assert.Contains("-5", failure.Message);
        Assert.Empty(house.Staged());
    }

    [Fact]
    public async Task A_declared_output_that_was_not_written_fails_with_its_name_and_no_retry()
    {
        await using var house = new House();
        var name = house.Pipeline(
            """
            pipeline: forgetful
            tasks:
              make:
                run: "true"
                retries: 3
                outputs: { table: data/table.csv }
            """
        );
        var run = await house.RunAsync(name);

        var failure = house.Task(run.Number, "make").Failure!;
        Assert.Equal(FailureClass.Validation, failure.Class);
        Assert.Contains("`table`", failure.Message);
        Assert.Contains("SIGNALBOX_OUTPUT_TABLE", failure.Message);
        Assert.Single(house.Attempts(run.Number));
    }

    [Fact]
    public async Task A_full_disk_at_publication_is_a_full_disk_and_is_not_tried_again()
    {
        var place = new GatedPlace { OnPublish = () => new IOException("cannot publish", 28) };
        await using var house = new House { With = options => options with { LocalPlace = place.Around } };
        var name = house.Pipeline(Simple("full", "data/out.csv"));
        var run = await house.RunAsync(name);

        Assert.Equal(FailureClass.DiskFull, house.Task(run.Number, "make").Failure!.Class);
        var publication = Assert.Single(house.Publications(run.Number));
        Assert.Equal(PublicationState.Aborted, publication.State);
        Assert.False(File.Exists(house.Path("data/out.csv")));
    }

    [Fact]
    public async Task Outputs_on_another_file_system_are_published_and_nothing_else_is_left_there()
    {
        var shm = Directory.CreateDirectory($"/dev/shm/signalbox-test-{Guid.NewGuid():N}").FullName;
        try
        {
            await using var house = new House();
            Directory.CreateSymbolicLink(house.Path("data"), shm);
            var name = house.Pipeline(
                """
                pipeline: elsewhere
                tasks:
                  slow:
                    run: |
                      echo slow > {{ outputs.out }}
                      until test -e go; do sleep 0.01; done
                    outputs: { out: data/deep/er/slow.txt }
                  quick:
                    run: echo quick > {{ outputs.out }}
                    outputs: { out: data/deep/er/quick.txt }
                  then:
                    needs: [quick]
                    run: touch go
                """
            );
            var run = await house.RunAsync(name);

            Assert.Equal(RunState.Success, run.State);
            Assert.Equal("slow\n", File.ReadAllText($"{shm}/deep/er/slow.txt"));
            Assert.Equal("quick\n", File.ReadAllText($"{shm}/deep/er/quick.txt"));
            Assert.Empty(new Staging(house.Path(".signalbox")).Staged());
        }
        finally
        {
            Directory.Delete(shm, recursive: true);
        }
    }

    [Theory]
    [InlineData("folder over file")]
    [InlineData("file over folder")]
    [InlineData("file over link")]
    [InlineData("folder over link")]
    public async Task Whatever_stood_at_the_target_is_replaced_in_one_step_and_only_that(string what)
    {
        await using var house = new House();
        house.Write("kept/precious", "mine");
        Directory.CreateDirectory(house.Path("data"));
        var isFolder = what.StartsWith("folder", StringComparison.Ordinal);
        switch (what[(what.LastIndexOf(' ') + 1)..])
        {
            case "file":
                house.Write("data/out", "old");
                break;
            case "folder":
                house.Write("data/out/old", "old");
                break;
            default:
                Directory.CreateSymbolicLink(house.Path("data/out"), house.Path("kept"));
                break;
        }

        var name = house.Pipeline(
            $$"""
            pipeline: replacing
            tasks:
              make:
                run: echo new > {{(isFolder ? "$SIGNALBOX_OUTPUT_OUT/new" : "$SIGNALBOX_OUTPUT_OUT")}}
                outputs: { out: {{(isFolder ? "data/out/" : "data/out")}} }
            """
        );
        for (var again = 0; again < 2; again++)
        {
            var run = await house.RunAsync(name);
            Assert.Equal((RunState.Success, (string?)null), (run.State, house.Task(run.Number, "make").Failure?.Message));
            Assert.Equal("new\n", house.Read(isFolder ? "data/out/new" : "data/out"));
            Assert.Null(new FileInfo(house.Path("data/out")).LinkTarget);
        }

        Assert.Equal("mine", house.Read("kept/precious"));
        Assert.Empty(house.Staged());
    }

    [Fact]
    public async Task A_folder_with_links_and_files_that_may_not_be_written_is_published_as_it_is()
    {
        await using var house = new House();
        house.Write("kept/precious", "mine");
        var name = house.Pipeline(
            """
            pipeline: links
            tasks:
              make:
                run: |
                  cd "$SIGNALBOX_OUTPUT_OUT"
                  echo 1 > real && chmod 444 real
                  ln -s real near && ln -s . self && ln -s nowhere dangling && ln -s "$KEPT_FOLDER" far
                env: { KEPT_FOLDER: "KEPT" }
                outputs: { out: data/out/ }
            """.Replace("KEPT\" }", house.Path("kept").Replace("\"", "\\\"", StringComparison.Ordinal) + "\" }", StringComparison.Ordinal)
        );
        var run = await house.RunAsync(name);

        Assert.Equal((RunState.Success, (string?)null), (run.State, house.Task(run.Number, "make").Failure?.Message));
        Assert.Equal(
            ["dangling", "far", "near", "real", "self"],
            new DirectoryInfo(house.Path("data/out")).EnumerateFileSystemInfos().Select(entry => entry.Name).Order(StringComparer.Ordinal)
        );
        Assert.Equal(5, ContentHash.Of(house.Path("data/out")).Files);
        Assert.Equal("mine", house.Read("kept/precious"));
        Assert.Empty(house.Staged());
    }

    [Fact]
    public void Discard_wipes_nothing_that_is_not_ours()
    {
        using var home = new PipelineFiles.TemporaryFolder();
        var kept = home.Write(".signalbox/staging/a-1/out/precious", "mine");
        var place = new Staging(Path.Combine(home.Path, ".signalbox"));
        place.Discard("a-1");
        Assert.True(File.Exists(kept));
        Assert.Empty(place.Staged());
    }

    [Fact]
    public async Task A_staging_place_that_cannot_be_wiped_does_not_hold_up_the_end_of_the_attempt()
    {
        await using var house = new House { With = options => options with { Staging = folder => new StickyStaging(folder) } };
        var run = await house.RunAsync(house.Pipeline(Simple("unwiped", "data/out.csv")));

        Assert.Equal(RunState.Success, run.State);
        Assert.Contains(house.Said, line => line.Contains("cannot be wiped", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_model_whose_metrics_file_is_rubbish_fails_its_task_and_nothing_else()
    {
        await using var house = new House();
        var name = house.Pipeline(
            """
            pipeline: rubbish
            tasks:
              train:
                run: echo model > {{ outputs.model }}; echo rubbish > $SIGNALBOX_METRICS
                metrics: false
                outputs: { model: { path: model.json, model: delay } }
            """
        );
        var run = await house.RunAsync(name);

        Assert.Equal(RunState.Failed, run.State);
        Assert.Contains("metrics file is not JSON", house.Task(run.Number, "train").Failure!.Message);
        Assert.Empty(house.Said);
    }

    private static string Simple(string name, string path) =>
        $$$"""
            pipeline: {{{name}}}
            tasks:
              make:
                run: echo $SIGNALBOX_ATTEMPT > {{ outputs.out }}
                outputs: { out: {{{path}}} }
            """;
}
