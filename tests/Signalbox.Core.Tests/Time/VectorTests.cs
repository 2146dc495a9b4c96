using System.Globalization;
using Signalbox.Core.Time;

namespace Signalbox.Core.Tests.Time;

/// <summary>Ticks against another calculator: <c>vectors.txt</c>, which <c>vectors.py</c> makes with Python's zones and rules.</summary>
public sealed class VectorTests
{
    [Fact]
    [Trait("Requirement", "S52")]
    [Trait("Requirement", "S24")]
    public void Cron_agrees_with_another_calculator_in_thirty_zones()
    {
        var lines = Lines("cron");
        Assert.True(lines.Count > 200, $"only {lines.Count} vectors");
        foreach (var fields in lines)
        {
            var (zone, from, to) = (Zone.Find(fields[1]).Zone!, Instant(fields[3]), Instant(fields[4]));
            var cron = new ZonedCron(CronExpression.Parse(fields[2]).Expression!, zone);
            var expected = fields[5].Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(Instant).ToList();
            Same(fields, expected, cron.Between(from, to).Select(tick => tick.Utc));
            // One by one, forward and backward.
            Same(fields, expected, Chain(cron.Next(from.AddTicks(-1)), tick => cron.Next(tick)).TakeWhile(at => at < to));
            Same(fields, Enumerable.Reverse(expected), Chain(cron.Previous(to), tick => cron.Previous(tick)).TakeWhile(at => at >= from));
        }
    }

    [Fact]
    [Trait("Requirement", "S19")]
    public void Recurrence_rules_agree_with_another_calculator()
    {
        var lines = Lines("rrule");
        Assert.True(lines.Count > 100, $"only {lines.Count} vectors");
        foreach (var fields in lines)
        {
            var start = Label(fields[1]);
            var parse = RecurrenceRuleParser.Parse(fields[2], start, Zone.Utc);
            Assert.True(parse.Rule is not null, $"{fields[2]}: {string.Join("; ", parse.Errors)}");
            var expected = fields[3].Split(' ').Select(Label).ToList();
            var found = new List<DateTime>();
            for (var at = parse.Rule!.FirstAtOrAfter(start); at is { } label; at = parse.Rule.FirstAtOrAfter(label.AddMinutes(1)))
            {
                found.Add(label);
                if (found.Count == expected.Count)
                {
                    break;
                }
            }

            Same(fields, expected, found);
        }
    }

    private static IEnumerable<DateTimeOffset> Chain(Tick? first, Func<Tick, Tick?> next)
    {
        for (var at = first; at is { } tick; at = next(tick))
        {
            yield return tick.Utc;
        }
    }

    private static void Same<T>(string[] fields, IEnumerable<T> expected, IEnumerable<T> actual)
    {
        var (wanted, found) = (expected.ToList(), actual.ToList());
        Assert.True(wanted.SequenceEqual(found), $"{string.Join(" | ", fields)}: got {string.Join(", ", found)}");
    }

    private static List<string[]> Lines(string kind)
    {
        using var reader = new StreamReader(typeof(VectorTests).Assembly.GetManifestResourceStream("vectors.txt")!);
        return [.. reader.ReadToEnd().Split('\n').Select(line => line.Split('|')).Where(fields => fields[0] == kind)];
    }

    private static DateTimeOffset Instant(string text) => new(Label(text.TrimEnd('Z')), TimeSpan.Zero);

    private static DateTime Label(string text) => DateTime.ParseExact(text, "yyyy-MM-dd'T'HH:mm", CultureInfo.InvariantCulture);
}
