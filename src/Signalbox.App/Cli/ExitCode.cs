namespace Signalbox.App.Cli;

/// <summary>What the program ends with, for every verb the same.</summary>
internal static class ExitCode
{
    public const int Done = 0;

    /// <summary>The program did its part, but the work it ran did not succeed.</summary>
    public const int WorkFailed = 1;

    /// <summary>The call or a file is wrong, and its author can mend it.</summary>
    public const int UserMistake = 2;

    /// <summary>The server, or the database's, is not there (EX_UNAVAILABLE of sysexits.h).</summary>
    public const int NotThere = 69;

    /// <summary>Our fault (EX_SOFTWARE of sysexits.h).</summary>
    public const int OurFault = 70;
}
