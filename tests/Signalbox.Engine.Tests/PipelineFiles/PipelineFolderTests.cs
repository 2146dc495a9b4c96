using System.Diagnostics;
using Signalbox.Core.Definitions;
using Signalbox.Engine.PipelineFiles;

namespace Signalbox.Engine.Tests.PipelineFiles;

public sealed class PipelineFolderTests : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);
    private readonly TemporaryFolder _project = new();

    public void Dispose() => _project.Dispose();

    [Fact]
    public void Every_yaml_file_is_a_pipeline_and_nothing_else_is()
    {
        _project.Write("pipelines/b.yaml", "pipeline: b\nrun: echo\n");
        _project.Write("pipelines/a.yml", "pipeline: a\nrun: echo\n");
        _project.Write("pipelines/team é/c.yaml", "pipeline: c\nrun: echo\n");
        foreach (var other in new[] { "x.sql", ".hidden.yaml", "b.yaml~", "b.yaml.swp", "README.md" })
        {
            _project.Write("pipelines/" + other, "not: [yaml");
        }

        var set = new PipelineFolder(_project.Path).Load();
        Assert.Empty(Yaml.Errors(set.Problems));
        Assert.Equal(
            ["pipelines/a.yml a", "pipelines/b.yaml b", "pipelines/team é/c.yaml c"],
            set.Pipelines.Select(loaded => $"{loaded.File} {loaded.Pipeline.Name}")
        );
    }

    [Fact]
    public void A_project_without_the_folder_has_no_pipelines()
    {
        var set = new PipelineFolder(_project.Path).Load();
        Assert.Empty(set.Pipelines);
        Assert.Empty(Yaml.Errors(set.Problems));
    }

    [Fact]
    public void A_bad_file_is_set_aside_alone()
    {
        _project.Write("pipelines/a.yaml", "pipeline: a\nrunn: echo\n");
        _project.Write("pipelines/b.yaml", "pipeline: b\nrun: echo\n");
        _project.Write("pipelines/c.yaml", "\0");
        var set = new PipelineFolder(_project.Path).Load();
        Assert.Equal("b", Assert.Single(set.Pipelines).Pipeline.Name.Value);
        Assert.Equal(
            ["pipelines/a.yaml", "pipelines/c.yaml"],
            Yaml.Errors(set.Problems).Select(problem => problem.Split(':')[0]).Distinct()
        );
    }

    [Fact]
    public void The_second_file_with_a_name_is_refused_at_the_name()
    {
        _project.Write("pipelines/a.yaml", "pipeline: same\nrun: echo 1\n");
        _project.Write("pipelines/b.yaml", "# two\npipeline: same\nrun: echo 2\n");
        var set = new PipelineFolder(_project.Path).Load();
        Assert.Equal("pipelines/a.yaml", Assert.Single(set.Pipelines).File);
        Assert.Equal(
            "pipelines/b.yaml:2:11: the pipeline `same` is in pipelines/a.yaml already; give this one another name",
            Assert.Single(Yaml.Errors(set.Problems))
        );
    }

    [Fact]
    public void The_version_is_that_of_what_the_file_says_not_of_how()
    {
        var folder = new PipelineFolder(_project.Path);
        _project.Write("pipelines/a.yaml", "pipeline: a\nowner: me\ntasks: { t: { run: echo, retries: 0 } }\n");
        var first = folder.Load().Pipelines[0].Version;
        _project.Write("pipelines/a.yaml", "# a comment\r\nowner:  'me'\r\npipeline: a\r\ntasks:\r\n  t:\r\n    run: echo\r\n");
        Assert.Equal(first, folder.Load().Pipelines[0].Version);
        _project.Write("pipelines/a.yaml", "pipeline: a\nowner: me\ntasks: { t: { run: echo, retries: 1 } }\n");
        Assert.NotEqual(first, folder.Load().Pipelines[0].Version);
        _project.Write("pipelines/a.yaml", "pipeline: a\nowner: me\ntasks: { t: { run: echo } }\n");
        Assert.Equal(first, folder.Load().Pipelines[0].Version);
    }

    [Fact]
    public async Task Changes_are_live_within_a_second()
    {
        _project.Write("pipelines/a.yaml", "pipeline: a\nrun: echo 0\n");
        await using var watch = new Watch(_project.Path);
        await watch.Until(set => set.TryFind("a", out _));
        for (var i = 1; i <= 3; i++)
        {
            var clock = Stopwatch.StartNew();
            _project.Write("pipelines/a.yaml", $"pipeline: a\ndescription: change {i}\nrun: echo {i}\n");
            await watch.Until(set => set.TryFind("a", out var a) && a.Pipeline.Description == $"change {i}");
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(1), clock.Elapsed.ToString());
        }
    }

    [Fact]
    public async Task A_save_by_renaming_and_new_and_removed_files_are_seen()
    {
        await using var watch = new Watch(_project.Path);
        await watch.Until(set => set.Pipelines.IsEmpty);
        _project.Write("pipelines/a.yaml", "pipeline: a\nrun: echo 0\n");
        await watch.Until(set => set.TryFind("a", out _));
        var temporary = _project.Write("pipelines/.a.yaml.tmp", "pipeline: renamed\nrun: echo 1\n");
        File.Move(temporary, Path.Combine(_project.Path, "pipelines/a.yaml"), overwrite: true);
        await watch.Until(set => set.TryFind("renamed", out _) && set.Pipelines.Length == 1);
        File.Delete(Path.Combine(_project.Path, "pipelines/a.yaml"));
        await watch.Until(set => set.Pipelines.IsEmpty);
        Directory.Delete(Path.Combine(_project.Path, "pipelines"), recursive: true);
        _project.Write("pipelines/deep/b.yaml", "pipeline: b\nrun: echo\n");
        await watch.Until(set => set.TryFind("b", out _));
    }

    [Fact]
    public async Task A_half_written_file_keeps_what_was_good_and_says_what_is_wrong()
    {
        _project.Write("pipelines/a.yaml", "pipeline: a\nrun: echo 0\n");
        await using var watch = new Watch(_project.Path);
        var before = await watch.Until(set => set.TryFind("a", out _));
        _project.Write("pipelines/a.yaml", "pipeline: a\nrun: \"echo");
        var broken = await watch.Until(set => Yaml.Errors(set.Problems).Length > 0);
        Assert.Equal(before.Pipelines[0].Version, Assert.Single(broken.Pipelines).Version);
        Assert.StartsWith("pipelines/a.yaml:2:6: this is not YAML", Assert.Single(Yaml.Errors(broken.Problems)), StringComparison.Ordinal);
        _project.Write("pipelines/a.yaml", "pipeline: a\nrun: echo 1\n");
        var mended = await watch.Until(set => Yaml.Errors(set.Problems).Length == 0);
        Assert.NotEqual(before.Pipelines[0].Version, mended.Pipelines[0].Version);
    }

    [Fact]
    public async Task A_change_that_moves_neither_size_nor_time_is_seen()
    {
        var path = _project.Write("pipelines/a.yaml", "pipeline: a\nrun: echo 1\n");
        var written = File.GetLastWriteTimeUtc(path);
        await using var watch = new Watch(_project.Path);
        await watch.Until(set => set.TryFind("a", out _));
        File.WriteAllText(path, "pipeline: b\nrun: echo 1\n");
        File.SetLastWriteTimeUtc(path, written);
        await watch.Until(set => set.TryFind("b", out _));
    }

    [Fact]
    public void A_file_that_may_not_be_read_is_a_problem()
    {
        _project.Write("pipelines/b.yaml", "pipeline: b\nrun: echo\n");
        File.CreateSymbolicLink(Path.Combine(_project.Path, "pipelines/a.yaml"), "nowhere.yaml");
        var set = new PipelineFolder(_project.Path).Load();
        Assert.Equal("b", Assert.Single(set.Pipelines).Pipeline.Name.Value);
        var problem = Assert.Single(set.Problems, problem => problem.Severity == Severity.Error);
        Assert.Equal(("pipelines/a.yaml", "unreadable"), (problem.File, problem.Code));
    }

    /// <summary>Watches in the background; conditions are waited for with a deadline.</summary>
    private sealed class Watch : IAsyncDisposable
    {
        private readonly CancellationTokenSource _end = new();
        private readonly IAsyncEnumerator<PipelineSet> _sets;

        public Watch(string project) => _sets = new PipelineFolder(project).WatchAsync(_end.Token).GetAsyncEnumerator();

        public async Task<PipelineSet> Until(Func<PipelineSet, bool> condition)
        {
            using var late = new CancellationTokenSource(Deadline);
            while (await _sets.MoveNextAsync().AsTask().WaitAsync(late.Token))
            {
                if (condition(_sets.Current))
                {
                    return _sets.Current;
                }
            }

            throw new InvalidOperationException("the watch ended");
        }

        public async ValueTask DisposeAsync()
        {
            await _end.CancelAsync();
            Assert.False(await _sets.MoveNextAsync());
            await _sets.DisposeAsync();
            _end.Dispose();
        }
    }
}
