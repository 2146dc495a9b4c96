using Signalbox.Core.Runs;
using Signalbox.Engine.Control;
using Signalbox.Engine.Outputs;
using Signalbox.Engine.Tests.Driving;
using Signalbox.Storage;

namespace Signalbox.Engine.Tests.Outputs;

/// <summary>An engine that is killed at any step of publishing to this machine, or of a rollback, and the next one that goes on.</summary>
[KillsAt("publish-", "local-", "switch-")]
public sealed class KilledPublishingTests
{
    private const int Killed = 137;

    public static TheoryData<string> Points => KillsAtAttribute.Names(typeof(KilledPublishingTests));

    [Theory]
    [MemberData(nameof(Points))]
    public async Task Readers_see_the_old_or_the_new_and_the_next_engine_finishes_it(string point)
    {
        await using var house = new House();
        var rejects = point.Contains("quarantine", StringComparison.Ordinal);
        var name = house.Pipeline(
            """
            pipeline: killed
            params: { v: { type: string } }
            tasks:
              make:
                run: |
                  echo {{ params.v }} > {{ outputs.file }}
                  for i in 1 2 3; do echo {{ params.v }} > {{ outputs.folder }}/$i; done
                  printf 'n\n{{ params.v }}\n-1\n' > rows.csv; test -z "$SIGNALBOX_OUTPUT_ROWS" || cp rows.csv "$SIGNALBOX_OUTPUT_ROWS"
                outputs:
                  file: { path: data/file.txt, dataset: made, keep: 1 }
                  folder: { path: data/folder/, dataset: made, keep: 1 }

            """
                + (
                    rejects
                        ? "      rows: { path: data/rows.csv, checks: [{ range: { column: n, min: 0, quarantine: rejected/ } }] }\n"
                        : ""
                )
        );
        await house.RunAsync(name, parameters: """{"v": "1"}""");
        await house.RunAsync(name, parameters: """{"v": "2"}""");
        await house.CloseAsync();
        using var server = await Children.ServeAsync(house.Folder, House.Cancel, point);
        var isRollback = point.StartsWith("switch-", StringComparison.Ordinal) || point == FaultPoints.AfterSwitch;
        var last = isRollback ? "1" : "3";
        using var stop = new CancellationTokenSource();
        var reading = Task.Run(() => Read(house, ["2", last], stop.Token), House.Cancel);
        if (isRollback)
        {
            // Answered by whoever comes after the one that dies.
            var answer = await house.AskAsync(new Request.RollBackDataset("made", null, null, "it was wrong"));
            Assert.True(answer.Done, answer.Message);
        }
        else
        {
            var number = await house.StartAsync(name, parameters: """{"v": "3"}""");
            await server.WaitForExitAsync(House.Cancel).WaitAsync(House.Deadline, House.Cancel);
            Assert.Equal(RunState.Success, (await house.EndAsync(number)).State);
            Assert.Equal(rejects ? 3 : 2, house.Publications(number).Count);
            Assert.All(house.Publications(number), publication => Assert.Equal(PublicationState.Published, publication.State));
            if (rejects)
            {
                Assert.Equal("n\n3\n", house.Read("data/rows.csv"));
                Assert.Single(Directory.GetFiles(house.Path("rejected"), "*", SearchOption.AllDirectories));
            }
        }

        await server.WaitForExitAsync(House.Cancel).WaitAsync(House.Deadline, House.Cancel);
        Assert.Equal(Killed, server.ExitCode);
        await stop.CancelAsync();
        await reading;
        Assert.Equal($"{last}\n", house.Read("data/file.txt"));
        Assert.Equal(["1", "2", "3"], Directory.GetFiles(house.Path("data/folder")).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Empty(house.Staged());
        Assert.Empty(house.Store.Read(session => session.UnfinishedSwitches()));
        foreach (var path in (string[])[house.Path("data/file.txt"), house.Path("data/folder")])
        {
            Chains.AssertWhole(house, path, keep: 1);
            // The one that is kept is the one that was current before it died.
            Assert.Equal("2", Chains.ValueOf(house.Store.Read(session => Assert.Single(session.KeptAt(path))).Kept!));
        }
    }

    private static void Read(House house, string[] values, CancellationToken until)
    {
        while (!until.IsCancellationRequested)
        {
            Assert.Contains(File.ReadAllText(house.Path("data/file.txt")).Trim(), values);
            Assert.Contains(Chains.ValueOf(house.Path("data/folder")), values);
        }
    }
}

/// <summary>What must be true of the versions of a path, whatever happened.</summary>
internal static class Chains
{
    /// <summary>The row of what is current is what is there, and what is kept is what the rows say, and no more than may be.</summary>
    public static void AssertWhole(House house, string path, int keep)
    {
        var (current, kept) = house.Store.Read(session => (session.PublicationAt(path)!, session.KeptAt(path)));
        Assert.Equal(current.Sha256, ContentHash.Of(path).Sha256);
        Assert.Null(current.Kept);
        Assert.InRange(kept.Count, 0, keep);
        foreach (var version in kept)
        {
            Assert.Equal(version.Sha256, ContentHash.Of(version.Kept!).Sha256);
        }

        var known = house.Store.Read(session =>
            session.VersionsAt(path, 1000).Where(version => version.Kept is not null).Select(version => $"{version.Id}").ToHashSet()
        );
        var lying = Directory.Exists(house.Path(".signalbox/versions"))
            ? Directory
                .GetDirectories(house.Path(".signalbox/versions"))
                .Where(folder => Path.Exists(Path.Combine(folder, Path.GetFileName(path))))
                .Select(folder => Path.GetFileName(folder)!)
            : [];
        Assert.Equal(known.Order(StringComparer.Ordinal), lying.Order(StringComparer.Ordinal));
    }

    /// <summary>The one value that a file, or every file of a folder that is opened once, has.</summary>
    public static string ValueOf(string path)
    {
        if (File.Exists(path))
        {
            return File.ReadAllText(path).Trim();
        }

        while (true)
        {
            using var opened = OpenedFolder.Of(path);
            try
            {
                var files = Directory.GetFiles(opened.Path);
                if (files.Length > 0)
                {
                    return Assert.Single(files.Select(file => File.ReadAllText(file).Trim()).Distinct());
                }
            }
            catch (Exception gone) when (gone is FileNotFoundException or DirectoryNotFoundException)
            {
                // The version was dropped while it was read, and the reader was told so: it reads again.
            }
        }
    }
}
