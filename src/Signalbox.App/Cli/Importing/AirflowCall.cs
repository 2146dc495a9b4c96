using System.Text.Json;
using Signalbox.Core;

namespace Signalbox.App.Cli;

/// <summary>Turns a call of Airflow's command line (Apache Airflow, "Command Line Interface", versions 2 and 3) into one of ours.</summary>
internal static class AirflowCall
{
    private static readonly Dictionary<string, Reading> Commands = new(StringComparer.Ordinal)
    {
        ["dags backfill"] = new(
            new(StringComparer.Ordinal)
            {
                ["--start-date"] = Take(From),
                ["-s"] = Take(From),
                ["--end-date"] = Take(To),
                ["-e"] = Take(To),
                ["--reset-dagruns"] = Switch("--all", "--replace"),
                ["--rerun-failed-tasks"] = Switch(),
                ["--run-backwards"] = Switch("--reverse"),
                ["-B"] = Switch("--reverse"),
                ["--dry-run"] = Switch("--dry-run"),
                ["-n"] = Switch("--dry-run"),
                ["--conf"] = Take(Params),
                ["-c"] = Take(Params),
                ["--yes"] = Switch(),
                ["-y"] = Switch(),
                ["--continue-on-failures"] = Switch(),
            },
            Backfill
        ),
        ["backfill create"] = new(
            new(StringComparer.Ordinal)
            {
                ["--dag-id"] = Take(text => [text]),
                ["--from-date"] = Take(From),
                ["--to-date"] = Take(To),
                ["--run-backwards"] = Switch("--reverse"),
                ["--max-active-runs"] = Take(text => ["--max-active", text]),
                ["--reprocess-behavior"] = Take(Reprocess),
                ["--dag-run-conf"] = Take(Params),
                ["--dry-run"] = Switch("--dry-run"),
            },
            Backfill
        ),
        ["dags trigger"] = new(
            new(StringComparer.Ordinal)
            {
                ["--exec-date"] = Take(text => ["--date", Instant("--exec-date", text)]),
                ["-e"] = Take(text => ["--date", Instant("-e", text)]),
                ["--logical-date"] = Take(text => ["--date", Instant("--logical-date", text)]),
                ["-l"] = Take(text => ["--date", Instant("-l", text)]),
                ["--run-id"] = Take(text => ["--run-id", text]),
                ["-r"] = Take(text => ["--run-id", text]),
                ["--conf"] = Take(Params),
                ["-c"] = Take(Params),
            },
            rest => ["run", .. rest, "--detach"]
        ),
        ["dags list-runs"] = new(
            new(StringComparer.Ordinal)
            {
                ["--dag-id"] = Take(text => ["--pipeline", text]),
                ["-d"] = Take(text => ["--pipeline", text]),
                ["--state"] = Take(text => ["--state", text]),
                ["--output"] = Take(Output),
                ["-o"] = Take(Output),
            },
            // In version 3 the name stands by itself.
            rest => rest is [var name, ..] && !name.StartsWith('-') ? ["runs", "--pipeline", .. rest] : ["runs", .. rest]
        ),
        ["dags pause"] = new(new(StringComparer.Ordinal) { ["--yes"] = Switch(), ["-y"] = Switch() }, rest => ["pause", .. rest]),
        ["dags unpause"] = new(new(StringComparer.Ordinal) { ["--yes"] = Switch(), ["-y"] = Switch() }, rest => ["unpause", .. rest]),
    };

    /// <summary>The arguments of our call.</summary>
    /// <exception cref="UserMistakeException">There is nothing like it here.</exception>
    public static string[] Translate(IReadOnlyList<string> call)
    {
        var words = call is ["airflow", ..] ? call.Skip(1).ToList() : [.. call];
        var name = string.Join(' ', words.Take(2));
        if (!Commands.TryGetValue(name, out var reading))
        {
            throw new UserMistakeException(
                $"airflow-cli: there is nothing here for `{name}`{Suggestion.DidYouMean(name, Commands.Keys)}; understood are {string.Join(", ", Commands.Keys)}"
            );
        }

        var names = new List<string>();
        var options = new List<string>();
        for (var i = 2; i < words.Count; i++)
        {
            var word = words[i];
            if (!word.StartsWith('-'))
            {
                names.Add(word);
                continue;
            }

            var value =
                word.StartsWith("--", StringComparison.Ordinal) && word.IndexOf('=', StringComparison.Ordinal) is > 0 and var at
                    ? word[(at + 1)..]
                    : null;
            var key = value is null ? word : word[..^(value.Length + 1)];
            if (!reading.Options.TryGetValue(key, out var option))
            {
                throw new UserMistakeException(
                    $"airflow-cli: `{name}` has nothing here for {key}{Suggestion.DidYouMean(key, reading.Options.Keys)}"
                );
            }

            if (option.TakesValue && value is null)
            {
                value = ++i < words.Count ? words[i] : throw new UserMistakeException($"airflow-cli: {key} needs a value");
            }

            options.AddRange(option.Make(value ?? ""));
        }

        return reading.Make([.. names, .. options]);
    }

    private static string[] Backfill(string[] rest)
    {
        // Airflow runs only dates that have no run yet, unless it is told to reset what is there.
        string[] filter = rest.Contains("--all") || rest.Contains("--missing") || rest.Contains("--failed") ? [] : ["--missing"];
        return ["backfill", .. rest, .. filter];
    }

    private static string[] From(string text) => ["--from", Date("--start-date", text)];

    private static string[] To(string text) => ["--to", Date("--end-date", text)];

    private static string[] Reprocess(string behavior) =>
        behavior switch
        {
            "none" => ["--missing"],
            "failed" => ["--failed"],
            "completed" => ["--all", "--replace"],
            _ => throw new UserMistakeException($"airflow-cli: --reprocess-behavior is none, failed or completed, not `{behavior}`"),
        };

    private static string[] Output(string form) =>
        form switch
        {
            "json" => ["--json"],
            "table" or "plain" => [],
            _ => throw new UserMistakeException($"airflow-cli: --output is table, plain or json here, not `{form}`"),
        };

    private static string[] Params(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                return
                [
                    .. document
                        .RootElement.EnumerateObject()
                        .SelectMany(each =>
                            new[]
                            {
                                "--param",
                                $"{each.Name}={(each.Value.ValueKind == JsonValueKind.String ? each.Value.GetString() : each.Value.GetRawText())}",
                            }
                        ),
                ];
            }
        }
        catch (JsonException)
        {
            // Said below, as for JSON of another kind.
        }

        throw new UserMistakeException($"airflow-cli: `{json}` is no JSON object of parameters");
    }

    /// <summary>Days count here: of an instant its day, as Airflow's dates at midnight are meant.</summary>
    private static string Date(string option, string text) =>
        InstantText.Date(text.Split('T', ' ')[0]) is { } day
            ? day.ToString("yyyy-MM-dd")
            : throw new UserMistakeException($"airflow-cli: {option}: `{text}` is no date of the calendar; write e.g. 2024-01-31");

    private static string Instant(string option, string text) => text.Length == 10 ? Date(option, text) : text;

    private static Taking Take(Func<string, string[]> make) => new(TakesValue: true, make);

    private static Taking Switch(params string[] ours) => new(TakesValue: false, _ => ours);

    /// <summary>An option of Airflow's, and what it is here.</summary>
    private sealed record Taking(bool TakesValue, Func<string, string[]> Make);

    /// <summary>A command of Airflow's: its options, and what is made of its names and them.</summary>
    private sealed record Reading(Dictionary<string, Taking> Options, Func<string[], string[]> Make);
}
