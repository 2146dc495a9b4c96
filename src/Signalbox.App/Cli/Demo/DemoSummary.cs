using System.Globalization;

namespace Signalbox.App.Cli;

/// <summary>The demo's last page: what happened, in tables, and what to try next.</summary>
internal static class DemoSummary
{
    public static void Print(DemoDocument document, TextWriter output)
    {
        output.WriteLine();
        output.WriteLine("A week of features");
        TextTable.Write(
            output,
            ["day", "run", "rows in", "flights", "airports", "attempts", "checks", "state"],
            [
                .. document.Days.Select(day =>
                    new[]
                    {
                        day.Date,
                        Whole(day.Run),
                        Whole(day.RowsIn),
                        Whole(day.Flights),
                        Whole(day.Airports),
                        Whole(day.Attempts),
                        $"{day.ChecksPassed} of {day.Checks} passed",
                        day.State,
                    }
                ),
            ]
        );
        if (document.Stopped is { } stop)
        {
            output.WriteLine();
            output.WriteLine($"Stopped by a check: {stop.Date}, {stop.Task}: {stop.Message} (wanted: {stop.Expected})");
            output.WriteLine($"  blocked, not failed: {string.Join(", ", stop.Blocked)}; {Seen(stop)}; then mended and re-run");
        }

        if (document.Retried is { } retry)
        {
            output.WriteLine();
            output.WriteLine($"Retried: {retry.Date}, {retry.Task}: attempt {retry.Attempt} failed ({retry.Class}: {retry.Message})");
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  again after {retry.DelaySeconds:0.0}s: {retry.State}"));
        }

        foreach (var training in document.Trainings)
        {
            Print(training, output);
        }

        output.WriteLine();
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"The demo took {document.Seconds:0.0}s. What to try next:"));
        foreach (var line in document.Next)
        {
            output.WriteLine($"  {line}");
        }
    }

    private static void Print(DemoTrainingDocument training, TextWriter output)
    {
        output.WriteLine();
        output.WriteLine($"Trained in run {training.Run} on {training.Week}, measured on {Whole(training.Flights)} held-out flights");
        TextTable.Write(
            output,
            ["model", "AUC", "log loss"],
            [.. training.Models.Select(model => new[] { model.Model, Number(model.Auc), Number(model.LogLoss) })]
        );
        output.WriteLine(
            training.Promoted
                ? $"  version {training.Version} is promoted to champion: {training.Decision}"
                : $"  version {training.Version} is not promoted, champion stays version {training.Champion}: {training.Decision}"
        );
    }

    private static string Seen(DemoStopDocument stop) =>
        stop.VisibleToReaders ? "readers went on with what they had" : $"readers of features/ saw nothing of {stop.Date}";

    private static string Whole(long? number) => number?.ToString("N0", CultureInfo.InvariantCulture) ?? "-";

    private static string Number(double number) => number.ToString("0.0000", CultureInfo.InvariantCulture);
}
