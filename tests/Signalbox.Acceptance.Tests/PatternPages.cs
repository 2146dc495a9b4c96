using System.Text.RegularExpressions;

namespace Signalbox.Acceptance.Tests;

/// <summary>docs/patterns: a page for each pattern, whose code is that of the examples it is about, which other tests run.</summary>
public sealed partial class PatternPages
{
    public static TheoryData<string> Names =>
        new(
            Directory
                .EnumerateFiles(Path.Combine(BuiltProgram.Root, "docs", "patterns"), "*.md")
                .Select(page => Path.GetFileNameWithoutExtension(page))
                .Where(name => name != "README")
                .Order(StringComparer.Ordinal)
        );

    [Theory]
    [MemberData(nameof(Names))]
    public void All_code_of_a_page_stands_in_its_example(string name)
    {
        var page = File.ReadAllText(Path.Combine(BuiltProgram.Root, "docs", "patterns", $"{name}.md"));
        // A page about one example has its name; one about several links to each.
        var example = Linked()
            .Matches(page)
            .Select(match => match.Groups["name"].Value)
            .Append(name)
            .Distinct()
            .SelectMany(ExampleFiles.Texts)
            .ToList();
        var blocks = Code().Matches(page).Select(match => match.Groups["code"].Value).ToList();

        Assert.Contains(blocks, block => example.Contains(block));
        Assert.All(blocks, block => Assert.Contains(example, text => text.Contains(block, StringComparison.Ordinal)));
    }

    [Fact]
    public void Every_page_is_found_from_the_readme()
    {
        var readme = File.ReadAllText(Path.Combine(BuiltProgram.Root, "docs", "patterns", "README.md"));
        Assert.All(Names.Select(row => row.Data), name => Assert.Contains($"({name}.md)", readme, StringComparison.Ordinal));
    }

    [GeneratedRegex(@"\]\(\.\./\.\./examples/(?<name>\w+)\)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 5000)]
    private static partial Regex Linked();

    [GeneratedRegex(
        @"^```(yaml|python|sql)\n(?<code>.*?)^```$",
        RegexOptions.Multiline | RegexOptions.Singleline | RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 5000
    )]
    private static partial Regex Code();
}
