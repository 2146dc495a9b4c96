using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Retry;
using Signalbox.Core.Runs;
using Signalbox.Engine.Attempts;
using Signalbox.Engine.Tests.Driving;

namespace Signalbox.Engine.Tests.Attempts;

/// <summary>Nothing that a command leaves where a file is expected makes the server wait for ever, or fill its memory.</summary>
public sealed class SpecialFileTests
{
    [Theory]
    [InlineData("mkfifo \"$SIGNALBOX_RESULT\"", "the result file is a named pipe")]
    [InlineData("mkfifo \"$SIGNALBOX_ERROR\"; exit 1", "the error file is a named pipe")]
    [InlineData("ln -s /dev/zero \"$SIGNALBOX_ERROR\"; exit 1", "the error file is a device")]
    [InlineData("mkfifo \"$SIGNALBOX_METRICS\"", "the metrics file is a named pipe", ", metrics: true")]
    [InlineData(
        "head -c 2000000 /dev/zero > \"$SIGNALBOX_METRICS\"",
        "the metrics file has 2000000 bytes; at most 1048576",
        ", metrics: true"
    )]
    [InlineData("truncate -s 5G \"$SIGNALBOX_RESULT\"", "the result file has 5368709120 bytes")]
    [InlineData(
        "mkdir -p {{ outputs.out }}/b; mkfifo {{ outputs.out }}/b/p",
        "`b/p` in it is a named pipe",
        ", outputs: { out: data/out/ }"
    )]
    [InlineData("mkfifo {{ outputs.out }}", "output `out`: it is a named pipe", ", outputs: { out: data/out }")]
    public async Task What_is_no_file_is_refused_with_its_kind(string command, string message, string more = "")
    {
        await using var house = new House();
        var name = house.Pipeline($"pipeline: special\ntasks:\n  a: {{ run: '{command}'{more} }}\n");
        var number = await house.StartAsync(name);
        Assert.Equal(RunState.Failed, (await house.EndAsync(number)).State);
        var failure = house.Task(number, "a").Failure!;
        Assert.Contains(message, failure.Message, StringComparison.Ordinal);
        Assert.Equal(FailureClass.Validation, failure.Class);
    }

    [Fact]
    public async Task Of_an_error_file_without_end_the_beginning_is_read()
    {
        await using var house = new House();
        var name = house.Pipeline("pipeline: long\ntasks:\n  a: { run: 'truncate -s 5G \"$SIGNALBOX_ERROR\"; exit 3' }\n");
        var number = await house.StartAsync(name);
        Assert.Equal(RunState.Failed, (await house.EndAsync(number)).State);
        Assert.InRange(house.Task(number, "a").Failure!.Message.Length, 1, Reports.LargestError);
    }

    [Fact]
    public async Task A_pipe_among_the_pipeline_files_is_a_problem_of_that_file_alone()
    {
        await using var house = new House();
        var name = house.Pipeline("pipeline: good\ntasks:\n  a: { run: \"true\" }\n");
        using var made = System.Diagnostics.Process.Start("mkfifo", [house.Path("pipelines/pipe.yaml")]);
        await made.WaitForExitAsync(House.Cancel);
        var set = await Task.Run(() => house.Session.Project.OpenPipelines().Load(), House.Cancel).WaitAsync(House.Deadline, House.Cancel);
        Assert.Equal(new PipelineName(name), Assert.Single(set.Pipelines).Pipeline.Name);
        var problem = Assert.Single(set.Problems, problem => problem.Severity == Severity.Error);
        Assert.Equal(("pipelines/pipe.yaml", "unreadable"), (problem.File, problem.Code));
        Assert.Contains("a named pipe", problem.Message, StringComparison.Ordinal);
    }
}
