using System.Threading.Channels;
using Signalbox.Core;
using Signalbox.DuckDb.Work;
using Signalbox.Engine.Executors;

namespace Signalbox.Engine.Tests.Outputs;

/// <summary>Commands that end at once, as their text says: well when it is <c>pass</c>, else with exit code 1. What is asked of rows has one answer.</summary>
internal sealed class ScriptedCommands : IExecutor
{
    /// <summary>What was run, in its order.</summary>
    public List<string> Ran { get; } = [];

    public string Name => "scripted";

    public ExecutorCapabilities Capabilities { get; } = new(true, true, true, true, "");

    public ChannelReader<Observation> Observations { get; } = Channel.CreateUnbounded<Observation>().Reader;

    public Task<SubmitResult> SubmitAsync(AttemptSpec spec, bool maybeSubmittedBefore, CancellationToken cancellationToken)
    {
        var isWell = true;
        if (spec.Command is CommandSpec.Shell { Text: var text })
        {
            Ran.Add(text);
            isWell = text == "pass";
        }
        else
        {
            var files = ((CommandSpec.Arguments)spec.Command).Argv;
            WorkFiles.WriteResponse(files[1], Answer((ChecksRequest)WorkFiles.ReadRequest(files[0])));
        }

        return Task.FromResult<SubmitResult>(
            new SubmitResult.AlreadyKnown(
                new Observation
                {
                    Key = spec.Key,
                    Phase = isWell ? Phase.Succeeded : Phase.Failed,
                    ExitCode = isWell ? 0 : 1,
                }
            )
        );
    }

    /// <summary>Every check of the rows finds one of three wrong.</summary>
    private static ChecksResponse Answer(ChecksRequest request)
    {
        if (request.Rejects is { } rejects)
        {
            File.WriteAllText(rejects.Path, "one row");
        }

        return new ChecksResponse
        {
            Source = new SourceDescription { Path = request.Path, Rows = 2 },
            Rejected = request.Rejects is null ? null : new RejectedRows(1, 3, new Dictionary<string, long> { ["a check"] = 1 }),
            Checks =
            [
                .. request.Checks.Select(check => new CheckResult
                {
                    Name = "a check",
                    CheckKind = "not_null",
                    Severity = check.Severity,
                    Passed = false,
                    Ran = true,
                    Expected = "none",
                    Message = "one row is wrong",
                }),
            ],
        };
    }

    public Task<IReadOnlyList<Observation>> ObserveAsync(IReadOnlyList<AttemptRef> attempts, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public Task<DateTimeOffset?> LastWriteAsync(AttemptRef attempt, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public Task CancelAsync(AttemptRef attempt, TimeSpan grace, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task ForgetAsync(AttemptRef attempt, CancellationToken cancellationToken) => throw new NotSupportedException();

    public IAsyncEnumerable<AttemptKey> ListOwnedAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

    public IAsyncEnumerable<LogChunk> ReadLogAsync(
        AttemptRef attempt,
        LogStream stream,
        long from,
        bool follow,
        CancellationToken cancellationToken
    ) => throw new NotSupportedException();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
