using Signalbox.Core;
using Signalbox.DuckDb.Work;
using Signalbox.Engine.Proving;
using Signalbox.Storage;

namespace Signalbox.App.Cli;

/// <summary>A proof in words.</summary>
internal static class ProofText
{
    private const int MostColumns = 12;

    public static void Print(TextWriter output, ProofReport report, bool keep)
    {
        if (!report.Conditions.IsEmpty)
        {
            output.WriteLine($"the second run had {string.Join(", ", report.Conditions)}");
        }

        foreach (var note in report.Notes)
        {
            output.WriteLine($"note: {note}");
        }

        foreach (var compared in report.Outputs)
        {
            output.WriteLine(
                $"  {(compared.Same ? "same" : "DIFF")}  {compared.Name}{(compared.Path == compared.Output ? "" : $" ({compared.Path})")}: {compared.Message}"
            );
            if (!compared.Same)
            {
                Explain(output, compared);
            }
        }

        if (keep)
        {
            output.WriteLine($"what the runs made is kept in .signalbox/namespaces/{report.Namespace}");
        }

        output.WriteLine(
            report.State switch
            {
                VerdictState.Idempotent => $"verified: {report.Message}",
                VerdictState.NotIdempotent when report.Outputs.IsEmpty => $"not idempotent: {report.Message}",
                VerdictState.NotIdempotent =>
                    $"not idempotent: {report.Outputs.Count(one => !one.Same)} of {Brief.Count(report.Outputs.Length, "output")} not the same after both runs",
                _ => $"unverified: {report.Message}",
            }
        );
    }

    private static void Explain(TextWriter output, ComparedOutput compared)
    {
        output.WriteLine(
            compared.Cause is { } cause
                ? $"        likely cause: {Names.Of(cause).Replace('_', ' ')} ({compared.Evidence})"
                : "        likely cause: not known"
        );
        if (compared is { First: { } first, Second: { } second })
        {
            output.WriteLine($"        sha256 {first.Sha256[..12]} after the first run, {second.Sha256[..12]} after the second");
        }

        if (compared.Rows is { } rows)
        {
            foreach (var column in rows.Columns.Where(column => column.Differs).Take(MostColumns))
            {
                output.WriteLine(
                    $"        {column.Name}: {Text(column.First)} after the first run, {Text(column.Second)} after the second"
                );
            }

            foreach (var row in rows.Samples)
            {
                output.WriteLine($"        {row.ToJsonString()}");
            }
        }

        foreach (var line in compared.Lines)
        {
            output.WriteLine($"        {line}");
        }
    }

    private static string Text(ColumnStatistics? column) =>
        column is null
            ? "not there"
            : $"{column.Type}, {column.Min ?? "null"} to {column.Max ?? "null"}, {column.Distinct} distinct, {column.Nulls} null";
}
