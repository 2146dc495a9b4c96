namespace Signalbox.DuckDb.Tests;

/// <summary>A folder of one test, whose name has what paths of users have: blanks, quotes, letters outside ASCII, brackets.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    internal const string AwkwardName = "it's a \"føl der\" [1] {x} ?*";

    internal TemporaryFolder()
    {
        Root = Directory.CreateTempSubdirectory("signalbox-duck-").FullName;
        Awkward = Directory.CreateDirectory(Path.Combine(Root, AwkwardName)).FullName;
    }

    internal string Root { get; }

    internal string Awkward { get; }

    internal string File(string name) => Path.Combine(Root, name);

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
