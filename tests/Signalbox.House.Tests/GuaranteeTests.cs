using System.Text.RegularExpressions;

namespace Signalbox.House.Tests;

/// <summary>The table of what is promised names tests that there are, and the report has a row for each promise.</summary>
public sealed class GuaranteeTests
{
    private const int Guarantees = 36;
    private static readonly string[] Lines =
    [
        .. File.ReadAllLines(Path.Combine(House.Root, "tests", "Signalbox.Faults.Tests", "guarantees.txt")).Where(line => line[0] == 'G'),
    ];

    [Fact]
    public void Each_guarantee_has_a_row_in_the_report()
    {
        Assert.Equal(Enumerable.Range(1, Guarantees).Select(number => $"G{number}"), Lines.Select(line => line[..line.IndexOf(':')]));
        var report = File.ReadAllText(Path.Combine(House.Root, "docs", "fault-report.md"));
        Assert.All(Enumerable.Range(1, Guarantees), number => Assert.Contains($"| G{number} |", report, StringComparison.Ordinal));
    }

    [Fact]
    public void Each_test_that_a_guarantee_names_is_there()
    {
        var sources = House.CSharp("tests").Select(File.ReadAllText).ToList();
        var unknown = new List<string>();
        foreach (var name in Lines.SelectMany(line => line[(line.IndexOf('|') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries)))
        {
            if (name == "-" || (name.StartsWith("bench/", StringComparison.Ordinal) && File.Exists(Path.Combine(House.Root, name))))
            {
                continue;
            }

            var parts = name.Split('.');
            // A class may have its tests in several files, and from another one.
            if (!IsThere($@"\bclass {parts[0]}\b") || (parts.Length > 1 && !IsThere($@" {parts[1]}\(")))
            {
                unknown.Add(name);
            }
        }

        Assert.Empty(unknown);

        bool IsThere(string pattern) => sources.Exists(text => Regex.IsMatch(text, pattern, RegexOptions.None, TimeSpan.FromSeconds(5)));
    }
}
