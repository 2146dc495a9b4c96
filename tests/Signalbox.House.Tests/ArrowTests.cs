using System.Xml.Linq;

namespace Signalbox.House.Tests;

/// <summary>The arrows between the rooms, read from the project files.</summary>
public sealed class ArrowTests
{
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Signalbox.Core"] = [],
        ["Signalbox.DuckDb"] = [],
        ["Signalbox.Storage"] = ["Signalbox.Core"],
        ["Signalbox.Engine"] = ["Signalbox.Storage", "Signalbox.DuckDb"],
        ["Signalbox.App"] = ["Signalbox.Engine"],
    };

    public static TheoryData<string> Rooms => [.. Directory.GetDirectories(House.Sources).Select(path => Path.GetFileName(path))];

    [Theory]
    [MemberData(nameof(Rooms))]
    public void Each_room_refers_only_to_the_rooms_it_may(string room)
    {
        Assert.True(Allowed.ContainsKey(room), $"{room} is not on the map: add it to CONTRIBUTING.md and to this test");
        var project = XDocument.Load(Path.Combine(House.Sources, room, room + ".csproj"));
        var arrows = project
            .Descendants("ProjectReference")
            .Select(reference => Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value));
        Assert.Equal(Allowed[room].Order(), arrows.Order());
    }

    [Fact]
    public void Core_has_no_packages_but_analyzers()
    {
        var project = XDocument.Load(Path.Combine(House.Sources, "Signalbox.Core", "Signalbox.Core.csproj"));
        Assert.All(project.Descendants("PackageReference"), reference => Assert.Equal("all", reference.Attribute("PrivateAssets")?.Value));
    }

    [Fact]
    public void Every_room_has_a_test_project()
    {
        var tested = Directory.GetDirectories(Path.Combine(House.Root, "tests")).Select(Path.GetFileName).ToHashSet();
        Assert.All(Allowed.Keys.Where(room => room != "Signalbox.App"), room => Assert.Contains(room + ".Tests", tested));
    }
}
