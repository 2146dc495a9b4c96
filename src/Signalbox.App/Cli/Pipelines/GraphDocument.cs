namespace Signalbox.App.Cli;

/// <summary><c>graph --json</c>.</summary>
/// <param name="Idempotency">As <see cref="ProofBadge"/> has it: <c>verified</c>, <c>not_idempotent</c> or <c>unverified</c>.</param>
internal sealed record GraphDocument(string Pipeline, string Sentence, GraphTaskDocument[] Tasks, string Mermaid, string Idempotency);

/// <summary>One task of a graph; its edges come from <paramref name="Needs"/>.</summary>
internal sealed record GraphTaskDocument(string Name, string Kind, int Level, string[] Needs, bool Mapped, string[] Outputs);
