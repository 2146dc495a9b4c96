namespace Signalbox.Acceptance.Tests;

/// <summary>What people copy from must be free of mistakes, and describe itself.</summary>
public sealed class DemoFiles
{
    public static TheoryData<string> Examples => [.. ExampleFiles.Names];

    [Theory]
    [MemberData(nameof(Examples))]
    public async Task An_example_has_no_mistakes_and_says_what_it_shows(string name)
    {
        using var project = ExampleFiles.Copy(name);
        Assert.Equal("[]", (await project.CallAsync("validate", "--json")).Expect(0).Output.Trim());
        Assert.StartsWith("# ", project.Read("README.md"), StringComparison.Ordinal);
        Assert.Contains(
            $"[{name}]({name})",
            File.ReadAllText(Path.Combine(BuiltProgram.Root, "examples", "README.md")),
            StringComparison.Ordinal
        );
    }
}
