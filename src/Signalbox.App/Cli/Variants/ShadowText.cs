using System.Globalization;
using System.Text.Json.Nodes;
using Signalbox.Core;
using Signalbox.DuckDb.Work;
using Signalbox.Engine.Variants;

namespace Signalbox.App.Cli;

/// <summary>A comparison for people.</summary>
internal static class ShadowText
{
    private const int MostSamples = 5;

    public static void Print(TextWriter output, ShadowReport report, string project)
    {
        foreach (var date in report.Dates)
        {
            var against = date.IsLive ? $"what run {date.CurrentRun} published" : $"run {date.CurrentRun} of the current version";
            output.WriteLine(
                $"{date.Date}: {(date.Clean ? "clean" : "not clean")} (run {date.CandidateRun} of the candidate against {against})"
            );
            foreach (var line in date.Problems.Concat(date.Notes))
            {
                output.WriteLine($"  {line}");
            }

            foreach (var compared in date.Outputs)
            {
                Print(output, compared);
            }
        }

        output.WriteLine(Verdict(report));
        if (report.Missing + report.Extra + report.Different > 0)
        {
            output.WriteLine($"the rows that differ: {Path.GetRelativePath(project, report.Discrepancies)}");
            if (report.Dates.Any(date => date is { Clean: false, IsLive: true }))
            {
                output.WriteLine("  if the inputs have changed since the current version published, compare again with --fresh");
            }
        }
    }

    private static string Verdict(ShadowReport report)
    {
        var rows = Count(report.Rows, "row");
        var dates = Count(report.Dates.Length, "date");
        var gate = report.Gate is { } wanted ? $"; the gate wants {wanted}: {(report.Clean ? "passed" : "not passed")}" : "";
        return report.CleanDates == report.Dates.Length
            ? $"no discrepancies: {rows} compared on {dates}, validated{gate} (shadow {report.Id})"
            : $"{report.CleanDates} of {dates} clean: {rows} compared, {report.Missing} missing, {report.Extra} extra, {report.Different} different{gate} (shadow {report.Id})";
    }

    private static void Print(TextWriter output, ShadowOutput compared)
    {
        var found = compared.Found;
        if (found.Error is { } error)
        {
            output.WriteLine($"  {compared.Task}.{compared.Output}: could not be compared: {error}");
            return;
        }

        var differ = found.Missing + found.Extra + found.Different;
        output.WriteLine(
            $"  {compared.Task}.{compared.Output}: {found.Matching} matching, {found.Missing} missing, {found.Extra} extra, {found.Different} different "
                + $"({Rate(differ, compared.Rows)} of {Count(compared.Rows, "row")})"
        );
        foreach (var line in found.Schema)
        {
            output.WriteLine($"    {line}");
        }

        if (found.RepeatedKeys > 0)
        {
            output.WriteLine($"    {Count(found.RepeatedKeys, "key")} name more than one row; name more columns under `keys`");
        }

        var both = found.Matching + found.Different;
        foreach (var column in found.Columns.Where(column => column.Different > 0))
        {
            output.WriteLine($"    {column.Name}: {column.Different} different ({Rate(column.Different, both)} of {Count(both, "row")})");
        }

        foreach (var sample in found.Samples.Take(MostSamples))
        {
            output.WriteLine($"    {Row(sample)}");
        }
    }

    private static string Row(JsonObject sample) =>
        string.Join(
            ' ',
            new[] { Text(sample, "kind"), Text(sample, "key"), Side(sample, "current"), Side(sample, "candidate") }.Where(part =>
                part.Length > 0
            )
        );

    private static string Side(JsonObject sample, string side) => Text(sample, side) is { Length: > 0 } row ? $"{side} {row}" : "";

    private static string Text(JsonObject sample, string name) => sample[name]?.ToString() ?? "";

    private static string Rate(long part, long of) =>
        of == 0 ? "0 %" : (100.0 * part / of).ToString("0.####", CultureInfo.InvariantCulture) + " %";

    private static string Count(long number, string one) => Brief.Count(number, one);
}

/// <summary>What <c>shadow --json</c> prints.</summary>
/// <param name="Id">The number of the verdict.</param>
/// <param name="Discrepancies">The Parquet file with the rows that differ.</param>
internal sealed record ShadowDocument(
    long Id,
    string Pipeline,
    string CurrentVersion,
    string CandidateVersion,
    bool Clean,
    int? Gate,
    int CleanDates,
    long Rows,
    long Missing,
    long Extra,
    long Different,
    string Discrepancies,
    ShadowDateDocument[] Dates
)
{
    public static ShadowDocument Of(PipelineName pipeline, VersionHash current, VersionHash candidate, ShadowReport report) =>
        new(
            report.Id,
            pipeline.Value,
            current.Value,
            candidate.Value,
            report.Clean,
            report.Gate,
            report.CleanDates,
            report.Rows,
            report.Missing,
            report.Extra,
            report.Different,
            report.Discrepancies,
            [
                .. report.Dates.Select(date => new ShadowDateDocument(
                    date.Date,
                    date.Clean,
                    date.CurrentRun,
                    date.IsLive,
                    date.CandidateRun,
                    [.. date.Problems],
                    [.. date.Notes],
                    [.. date.Outputs.Select(ShadowOutputDocument.Of)]
                )),
            ]
        );
}

/// <param name="CurrentIsLive">Whether what the current version had published stands for it.</param>
internal sealed record ShadowDateDocument(
    string Date,
    bool Clean,
    long? CurrentRun,
    bool CurrentIsLive,
    long? CandidateRun,
    string[] Problems,
    string[] Notes,
    ShadowOutputDocument[] Outputs
);

/// <param name="Rate">Rows that differ, as a part of those compared.</param>
internal sealed record ShadowOutputDocument(
    string Task,
    string Output,
    string Path,
    bool Clean,
    string? Error,
    long CurrentRows,
    long CandidateRows,
    long Matching,
    long Missing,
    long Extra,
    long Different,
    double Rate,
    long RepeatedKeys,
    ShadowColumnDocument[] Columns,
    string[] Schema,
    JsonObject[] Samples
)
{
    public static ShadowOutputDocument Of(ShadowOutput compared)
    {
        Discrepancies found = compared.Found;
        var both = found.Matching + found.Different;
        return new(
            compared.Task,
            compared.Output,
            compared.Path,
            compared.Clean,
            found.Error,
            found.CurrentRows,
            found.CandidateRows,
            found.Matching,
            found.Missing,
            found.Extra,
            found.Different,
            Part(found.Missing + found.Extra + found.Different, compared.Rows),
            found.RepeatedKeys,
            [.. found.Columns.Select(column => new ShadowColumnDocument(column.Name, column.Different, Part(column.Different, both)))],
            [.. found.Schema],
            [.. found.Samples]
        );
    }

    private static double Part(long part, long of) => of == 0 ? 0 : (double)part / of;
}

/// <param name="Rate">As a part of the rows that both have.</param>
internal sealed record ShadowColumnDocument(string Name, long Different, double Rate);
