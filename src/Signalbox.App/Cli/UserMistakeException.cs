namespace Signalbox.App.Cli;

/// <summary>Something about the call or the project that its author can mend: the message says what is wrong, where, and how.</summary>
internal sealed class UserMistakeException(string message) : Exception(message);
