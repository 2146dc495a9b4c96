namespace Signalbox.Core.Runs;

/// <summary>Times, failures and counts as the reasons of a run say them.</summary>
internal static class Sentence
{
    public static string Of(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'");

    public static string Of(Retry.Failure failure) => $"{Names.Of(failure.Class)}: {failure.Message}";

    public static string Count(long number, string one, string many) => number == 1 ? $"1 {one}" : $"{number} {many}";
}
