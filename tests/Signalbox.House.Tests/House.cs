namespace Signalbox.House.Tests;

/// <summary>The checkout that the tests were built from.</summary>
internal static class House
{
    public static readonly string Root = FindRoot();

    public static string Sources => Path.Combine(Root, "src");

    /// <summary>Every C# source below a folder of the checkout, without what the build made.</summary>
    public static IEnumerable<string> CSharp(string folder) =>
        Directory
            .EnumerateFiles(Path.Combine(Root, folder), "*.cs", SearchOption.AllDirectories)
            .Where(path => !path.Contains("/bin/", StringComparison.Ordinal) && !path.Contains("/obj/", StringComparison.Ordinal));

    private static string FindRoot()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Signalbox.slnx")))
        {
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("The tests run outside the checkout.");
        }

        return folder;
    }
}
