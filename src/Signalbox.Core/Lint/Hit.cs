namespace Signalbox.Core.Lint;

/// <summary>What a rule found in a source.</summary>
/// <param name="Offset">Into the source.</param>
internal readonly record struct Hit(string Code, int Offset, string Message, string Mend);
