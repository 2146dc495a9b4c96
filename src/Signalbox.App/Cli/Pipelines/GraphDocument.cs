namespace Signalbox.App.Cli;

/// <summary><c>graph --json</c>.</summary>
internal sealed record GraphDocument(string Pipeline, string Sentence, GraphTaskDocument[] Tasks, string Mermaid);

/// <summary>One task of a graph; its edges come from <paramref name="Needs"/>.</summary>
internal sealed record GraphTaskDocument(string Name, string Kind, int Level, string[] Needs, bool Mapped, string[] Outputs);
