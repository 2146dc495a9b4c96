using Signalbox.Core;

namespace Signalbox.Storage;

public partial class ReadSession
{
    private static readonly Sql SignatureSeen = new(
        "select message from hook_signatures where pipeline = @pipeline and source = @source and signature = @signature"
    );

    /// <summary>The message that came with a signature; null when none did, or it is forgotten.</summary>
    public long? MessageSigned(PipelineName pipeline, string source, string signature) =>
        Use(SignatureSeen).Set("@pipeline", pipeline.Value).Set("@source", source).Set("@signature", signature).Scalar();
}

public sealed partial class WriteSession
{
    private static readonly Sql ForgetSignatures = new("delete from hook_signatures where seen_ms < @before");
    private static readonly Sql AddSignature = new(
        """
        insert into hook_signatures (pipeline, source, signature, message, seen_ms) values (@pipeline, @source, @signature, @message, @seen_ms)
        on conflict (pipeline, source, signature) do nothing
        """
    );

    /// <summary>Forgets signatures that are too old to be used again.</summary>
    public void ForgetSignaturesBefore(DateTimeOffset before) => Use(ForgetSignatures).Set("@before", before).Execute();

    /// <summary>Notes that a signature was used, and forgets those that are too old to be used again.</summary>
    /// <exception cref="StoreConflict">It was used before: nothing of this transaction's work is kept.</exception>
    public void UseSignature(PipelineName pipeline, string source, string signature, long message, DateTimeOffset at, DateTimeOffset forget)
    {
        ForgetSignaturesBefore(forget);
        var isNew =
            Use(AddSignature)
                .Set("@pipeline", pipeline.Value)
                .Set("@source", source)
                .Set("@signature", signature)
                .Set("@message", message)
                .Set("@seen_ms", at)
                .Execute() == 1;
        if (!isNew)
        {
            throw new StoreConflict($"a message of {pipeline} came with this signature before");
        }
    }
}
