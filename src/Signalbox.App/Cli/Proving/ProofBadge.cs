using Signalbox.Core.Definitions;
using Signalbox.Storage;

namespace Signalbox.App.Cli;

/// <summary>What is proven of a pipeline as it is now.</summary>
/// <param name="Idempotency"><c>verified</c>, <c>not_idempotent</c>, or <c>unverified</c>: nobody has proven this version.</param>
/// <param name="Partition">The slice it was tried for; null when it is unverified.</param>
/// <param name="Message">What was seen; null when it is unverified.</param>
internal sealed record ProofBadge(
    string Pipeline,
    string Version,
    string Idempotency,
    string? Partition,
    string? Message,
    string? Cause,
    string? At
)
{
    /// <summary>The badge in words for people.</summary>
    public string Words => Idempotency.Replace('_', ' ');

    /// <param name="store">Null: nothing ever ran.</param>
    public static ProofBadge Of(Store? store, Pipeline pipeline)
    {
        var version = PipelineJson.HashOf(pipeline);
        return store?.Read(session => session.Verdict(pipeline.Name, version)) is { } verdict
            ? new ProofBadge(
                pipeline.Name.Value,
                version.Value,
                verdict.State == VerdictState.Idempotent ? "verified" : "not_idempotent",
                verdict.Partition,
                verdict.Message,
                verdict.Cause,
                InstantText.Utc(verdict.At)
            )
            : new ProofBadge(pipeline.Name.Value, version.Value, "unverified", null, null, null, null);
    }
}
