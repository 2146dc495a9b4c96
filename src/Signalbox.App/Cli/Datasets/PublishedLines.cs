namespace Signalbox.App.Cli;

/// <summary>What a run published, for people: a line for each output.</summary>
internal static class PublishedLines
{
    private const int MostShown = 10;
    private const int HashShown = 12;

    public static void Write(TextWriter output, PublishedDocument[] published)
    {
        foreach (var each in published.Take(MostShown))
        {
            var rows = each.Rows is { } count ? $", {Brief.Count(count, "row")}" : "";
            var hash = each.Sha256 is { } sha ? $", sha256 {sha[..Math.Min(HashShown, sha.Length)]}" : "";
            var under = each.State == "published" ? "" : " (under way)";
            output.WriteLine($"  published {each.Dataset} version {each.Version}{rows}{hash}{under}");
        }

        if (published.Length > MostShown)
        {
            output.WriteLine($"  and {published.Length - MostShown} more; `signalbox runs show --json` lists all");
        }
    }
}
