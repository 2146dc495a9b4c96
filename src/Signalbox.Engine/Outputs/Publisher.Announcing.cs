using Signalbox.Core.Runs;
using Signalbox.Engine.Attempts;
using Signalbox.Engine.Triggers;
using Signalbox.Storage;

namespace Signalbox.Engine.Outputs;

/// <content>The word that a dataset has been updated.</content>
internal sealed partial class Publisher
{
    /// <summary>
    /// What readers are served of a declared dataset is another from here on: an update. One that a backfill makes, or a re-run of what the
    /// same run published before, starts its consumers only when that was asked for.
    /// </summary>
    private static void Announce(WriteSession session, LiveAttempt attempt, Publication published, DateTimeOffset at)
    {
        var run = attempt.Run;
        if (
            attempt.Node.Outputs.First(output => output.Name == published.Output).Dataset is null
            || published.Namespace != session.ActiveVariant(run.Pipeline)
        )
        {
            return;
        }

        var isAgain = run.Trigger == RunTrigger.Backfill || session.HasUpdated(run.Number, published.Dataset, published.Path);
        var withDownstream = isAgain && session.HasDownstream(run.Number);
        session.AddUpdate(
            new StoredUpdate(
                Id: 0,
                published.Dataset,
                published.Partition,
                published.Sha256,
                published.Id,
                run.Number,
                Who: null,
                Key: null,
                withDownstream ? (run.Backfill is { } backfill ? DatasetFacts.GroupOf(backfill) : DatasetFacts.GroupOf(run.Number)) : null,
                isAgain && !withDownstream
                    ? (
                        run.Backfill is { } without
                            ? $"backfill {without} made it, without --downstream"
                            : $"run {run.Number} had published it before, and was re-run without --downstream"
                    )
                    : null,
                at
            )
        );
    }
}
