using System.Text.Json.Nodes;
using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.DuckDb.Work;
using Signalbox.Engine.Proving;
using Signalbox.Storage;

namespace Signalbox.App.Cli;

/// <summary><c>verify idempotency --json</c>.</summary>
internal sealed record ProofDocument(
    string Pipeline,
    string Version,
    string Verdict,
    string Message,
    string? Cause,
    long FirstRun,
    long? SecondRun,
    string Namespace,
    string[] Conditions,
    string[] Notes,
    ProofOutputDocument[] Outputs
)
{
    public static ProofDocument Of(Pipeline pipeline, VersionHash version, ProofReport report) =>
        new(
            pipeline.Name.Value,
            version.Value,
            report.State switch
            {
                VerdictState.Idempotent => "verified",
                VerdictState.NotIdempotent => "not_idempotent",
                _ => "unverified",
            },
            report.Message,
            report.Cause is { } cause ? Names.Of(cause) : null,
            report.First.Value,
            report.Second?.Value,
            report.Namespace,
            [.. report.Conditions],
            [.. report.Notes],
            [.. report.Outputs.Select(ProofOutputDocument.Of)]
        );
}

/// <summary>One output after both runs.</summary>
/// <param name="Task">Null for a file beside the declared outputs.</param>
internal sealed record ProofOutputDocument(
    string? Task,
    string Output,
    string Path,
    bool Same,
    string Message,
    string? Cause,
    string? Evidence,
    ProofContentDocument? First,
    ProofContentDocument? Second,
    ColumnComparison[] Columns,
    JsonObject[] Samples,
    string[] Lines
)
{
    public static ProofOutputDocument Of(ComparedOutput output) =>
        new(
            output.Task,
            output.Output,
            output.Path,
            output.Same,
            output.Message,
            output.Cause is { } cause ? Names.Of(cause) : null,
            output.Evidence,
            ProofContentDocument.Of(output.First),
            ProofContentDocument.Of(output.Second),
            [.. output.Rows?.Columns ?? []],
            [.. output.Rows?.Samples ?? []],
            [.. output.Lines]
        );
}

/// <summary>What one run left.</summary>
internal sealed record ProofContentDocument(string Sha256, long Bytes, long? Rows)
{
    public static ProofContentDocument? Of(ContentSeen? seen) => seen is null ? null : new(seen.Sha256, seen.Bytes, seen.Rows);
}
