using Signalbox.Core;
using Signalbox.Core.Runs;
using Signalbox.Engine.Control;
using Signalbox.Storage;

namespace Signalbox.Engine.Proving;

/// <summary>Runs in the namespace of a proof.</summary>
internal static class Trials
{
    /// <summary>Starts a run and waits for its end.</summary>
    /// <exception cref="ProofRefused">It cannot be started.</exception>
    public static async Task<Run> RunAsync(
        EngineSession engine,
        Request.StartRun request,
        CancellationToken cancellationToken,
        Action<long>? started = null
    )
    {
        var answer = await engine.AskAsync(request, cancellationToken);
        if (!answer.Done)
        {
            throw new ProofRefused(answer.Message);
        }

        var number = new RunNumber(answer.Number!.Value);
        started?.Invoke(number.Value);
        try
        {
            return await engine.WaitForRunAsync(number, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // The folder of its namespace is removed: nothing of it may go on.
            await engine.AskAsync(new Request.CancelRun(number.Value, "the proof was left"), CancellationToken.None);
            await engine.WaitForRunAsync(number, CancellationToken.None);
            throw;
        }
    }

    /// <summary>Why a run did not succeed, a sentence.</summary>
    public static string Reason(Store store, Run run)
    {
        var failed = store.Read(session => session.LoadRun(run.Number))!.Tasks.FirstOrDefault(task => task.State == TaskState.Failed);
        return failed is null
            ? $"run {run.Number} is {Names.Of(run.State)}"
            : $"`{failed.Key}` failed: {failed.Failure?.Message ?? failed.Reason}";
    }
}
