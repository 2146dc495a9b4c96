using System.Text.RegularExpressions;

namespace Signalbox.House.Tests;

/// <summary>One word per thing, and every name written once.</summary>
public sealed partial class NameTests
{
    [Fact]
    public void Each_public_type_has_one_owner()
    {
        var owners = new Dictionary<string, HashSet<string>>();
        foreach (var file in House.CSharp("src"))
        {
            foreach (Match match in TopLevelType().Matches(File.ReadAllText(file)))
            {
                var name = match.Groups["name"].Value;
                // A partial type may have its parts in several folders, but in one project.
                var owner = match.Value.Contains(" partial ", StringComparison.Ordinal) ? Project(file) : file;
                if (!owners.TryGetValue(name, out var places))
                {
                    owners[name] = places = [];
                }

                places.Add(owner);
            }
        }

        Assert.Empty(owners.Where(entry => entry.Value.Count > 1).Select(entry => $"{entry.Key}: {string.Join(", ", entry.Value)}"));
    }

    [Fact]
    public void Names_of_task_variables_are_written_in_one_file()
    {
        var files = House
            .CSharp("src")
            .Where(file => File.ReadAllText(file).Contains("\"SIGNALBOX_", StringComparison.Ordinal))
            .Select(Path.GetFileName);
        Assert.Equal(["TaskEnvironment.cs"], files);
    }

    [Fact]
    public void No_folder_is_a_drawer_for_leftovers()
    {
        string[] drawers = ["Utils", "Utilities", "Helpers", "Common", "Managers", "Misc", "Shared"];
        var found = Directory
            .EnumerateDirectories(House.Root, "*", SearchOption.AllDirectories)
            .Where(path => !path.Contains("/node_modules", StringComparison.Ordinal))
            .Where(path => drawers.Contains(Path.GetFileName(path)));
        Assert.Empty(found);
    }

    [Fact]
    public void No_source_file_is_longer_than_500_lines()
    {
        var long_ = House.CSharp("src").Concat(House.CSharp("tests")).Where(file => File.ReadLines(file).Count() > 500);
        Assert.Empty(long_);
    }

    private static string Project(string file)
    {
        var folder = Path.GetDirectoryName(file);
        while (folder is not null && !Directory.EnumerateFiles(folder, "*.csproj").Any())
        {
            folder = Path.GetDirectoryName(folder);
        }

        return folder ?? file;
    }

    [GeneratedRegex(
        @"^(public|internal) (static |sealed |abstract |readonly |unsafe |partial )*(record struct|record class|class|record|struct|interface|enum) (?<name>\w+)",
        RegexOptions.Multiline | RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 5000
    )]
    private static partial Regex TopLevelType();
}
