namespace Signalbox.App.Cli;

/// <summary>What the program says when it is asked for its version.</summary>
internal static class AppVersion
{
    /// <summary>E.g. <c>signalbox 0.1.0</c>.</summary>
    public static string Text => $"signalbox {Number}";

    public static string Number => typeof(AppVersion).Assembly.GetName().Version?.ToString(3) ?? "0.0.0";
}
