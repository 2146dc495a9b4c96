using System.Reflection;
using Signalbox.Storage;

namespace Signalbox.Engine.Tests.Outputs;

/// <summary>
/// On a class of tests that dies at each fault point whose name begins so: its test takes the names from <see cref="Names"/>, so that a new
/// point is tested as soon as it is listed.
/// </summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class KillsAtAttribute(params string[] prefixes) : Attribute
{
    public string[] Prefixes => prefixes;

    /// <summary>The names that a class is for.</summary>
    public static TheoryData<string> Names(Type tests)
    {
        var prefixes = tests.GetCustomAttribute<KillsAtAttribute>()!.Prefixes;
        return [.. FaultPoints.All.Where(name => prefixes.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal)))];
    }
}

/// <summary>No fault point is without a test that dies there; at those of any server a server dies under load, in the fault harness.</summary>
public sealed class FaultPointTests
{
    [Fact]
    public void Every_fault_point_is_hit_by_a_test()
    {
        var prefixes = typeof(FaultPointTests)
            .Assembly.GetTypes()
            .SelectMany(type => type.GetCustomAttribute<KillsAtAttribute>()?.Prefixes ?? [])
            .ToList();
        Assert.DoesNotContain(
            FaultPoints.All.Except(FaultPoints.OfAnyServer),
            name => !prefixes.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal))
        );
        Assert.Equal(FaultPoints.All.Length, FaultPoints.All.Distinct().Count());
    }
}
