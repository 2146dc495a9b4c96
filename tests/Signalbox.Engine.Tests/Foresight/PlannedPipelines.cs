using System.Globalization;

namespace Signalbox.Engine.Tests.Foresight;

/// <summary>Random pipelines with everything that a plan foretells, as files.</summary>
internal static class PlannedPipelines
{
    public const string Settings = "calendars:\n  workdays: { weekdays: [mon, tue, wed, thu, fri] }\n";

    private static readonly string[] Times =
    [
        "cron: \"30 1 * * *\"",
        "cron: \"0 2 * * *\"",
        "cron: \"15 */3 * * *\"",
        "cron: \"0,30 1 * * 0\"",
        "cron: \"45 0-5 * * *\"",
        "cron: \"5 4 * * 1-5\"",
        "every: 2h",
        "every: 5h",
        "rrule: \"FREQ=DAILY;BYHOUR=1,2,14;BYMINUTE=20\"",
    ];
    private static readonly string[] Zones = ["UTC", "Europe/London", "America/New_York", "Asia/Kolkata"];
    private static readonly string[] Calendars =
    [
        "",
        "",
        ", calendar: workdays",
        ", calendar: { exclude: workdays }",
        ", calendar: { shift: workdays }",
    ];
    private static readonly string[] CatchUps = ["none", "latest", "all", "all\nmax_catchup: 2"];
    private static readonly string[] Policies = ["queue", "allow", "skip", "reject", "cancel_running"];

    /// <param name="from">Nothing is due before.</param>
    public static List<string> Make(Random random, DateTimeOffset from) =>
        [
            .. Enumerable.Range(0, 6).Select(i => Scheduled(random, $"p{i}", from)),
            .. random.GetItems(Policies, 3).Select((policy, i) => Overlapping(random, $"o{i}", policy, from)),
            Producer("first", "10 */4 * * *", "all", from),
            Producer("second", "40 */6 * * *", "latest", from),
            Consumer("on_each", "first"),
            Consumer("on_any", "{ any: [first, second] }"),
            Consumer("on_all", "{ all: [first, second] }"),
            Consumer("in_batch", "{ any: [second], consume: batch }"),
            Consumer("on_latest", "{ any: [second], consume: latest }"),
        ];

    private static string Scheduled(Random random, string name, DateTimeOffset from)
    {
        var zone = Pick(random, Zones);
        string One(int i)
        {
            var jitter = random.Next(3) == 0 ? ", jitter: 20m" : "";
            return $"{{ {Pick(random, Times)}, timezone: {zone}{jitter}{Pick(random, Calendars)}{(i > 0 ? $", name: s{i}" : "")} }}";
        }

        var schedules = string.Join(", ", Enumerable.Range(0, random.Next(1, 3)).Select(One));
        var blackout = random.Next(4) switch
        {
            0 => $"blackout: [{{ from: {Instant(from.AddHours(6))}, to: {Instant(from.AddHours(12))} }}]\n",
            1 => "blackout: [{ cron: \"30 0 * * *\", for: 100m }]\n",
            _ => "",
        };
        return $"pipeline: {name}\nschedule: [{schedules}]\ncatchup: {Pick(random, CatchUps)}\noverlap: {Pick(random, Policies)}\n"
            + $"start: {Instant(from)}\n{blackout}tasks:\n  a: {{ noop: {{}} }}\n  b: {{ needs: a, noop: {{}} }}\n";
    }

    /// <summary>Hourly, and every two hours at the same instants; each run waits until half past five.</summary>
    private static string Overlapping(Random random, string name, string policy, DateTimeOffset from) =>
        $"pipeline: {name}\nschedule: [\"0 * * * *\", {{ every: 2h, name: two }}]\noverlap: {policy}\ncatchup: {Pick(random, CatchUps)}\n"
        + $"start: {Instant(from)}\ntasks:\n  early: {{ wait_for: {{ time: \"05:30\" }}, timeout: 90d }}\n";

    private static string Producer(string name, string cron, string catchUp, DateTimeOffset from) =>
        $"pipeline: {name}\nschedule: \"{cron}\"\npartition: day\ncatchup: {catchUp}\nstart: {Instant(from)}\ntasks:\n  make:\n"
        + $"    run: \"echo > {{{{ outputs.it }}}}\"\n    outputs: {{ it: {{ path: \"{name}/{{{{ run_id }}}}.txt\", dataset: {name} }} }}\n";

    private static string Consumer(string name, string datasets) =>
        $"pipeline: {name}\npartition: day\ntriggers: [{{ datasets: {datasets} }}]\ntasks:\n  use: {{ noop: {{}} }}\n";

    private static T Pick<T>(Random random, T[] all) => all[random.Next(all.Length)];

    private static string Instant(DateTimeOffset at) => at.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
