using Signalbox.Core;
using Signalbox.Engine.Outputs;
using Signalbox.Storage;

namespace Signalbox.Engine.Tests.Outputs;

/// <summary>Rows of publications for tests that talk to a place directly.</summary>
internal static class Intents
{
    public static Publication Of(long id, StagedOutput staged, string sha256, PublicationKind kind = PublicationKind.File) =>
        new(
            id,
            new RunNumber(1),
            new PipelineName("p"),
            new TaskKey(new TaskName("make")),
            Attempt: 1,
            Token: 1,
            staged.Output,
            "p.make.out",
            staged.Target,
            staged.Path,
            "2001-01-05",
            kind,
            PublicationState.Prepared,
            sha256,
            Bytes: null,
            Rows: null,
            Columns: null,
            new VersionHash("0123456789ab"),
            DateTimeOffset.UnixEpoch
        );
}
