using System.Globalization;

namespace Signalbox.Engine.Outputs.Tables;

/// <summary>Rows of a load that the database refuses.</summary>
/// <param name="Rows">How many were found.</param>
/// <param name="IsAll">False: the search was broken off, and there may be more.</param>
/// <param name="First">Which is the first, e.g. <c>row 17 of rows.csv</c>.</param>
/// <param name="Column">The column whose value it is refused for; null where it is none, or the message names it.</param>
/// <param name="File">Absolute path of the Parquet file with the rows.</param>
public sealed record RefusedRows(long Rows, bool IsAll, string First, string? Column, string File)
{
    /// <summary>A sentence for people.</summary>
    /// <param name="of">How many rows the load has.</param>
    public string InWords(long of) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{(IsAll ? "" : "at least ")}{Rows:N0} of {of:N0} rows {(Rows == 1 ? "is" : "are")} refused, {(Rows == 1 ? "" : "the first ")}{First}{(Column is null ? "" : $", for column `{Column}`")}"
        );
}

/// <summary>A row that the database refuses, by its number from 1 in the order of the data, and what the database says of it.</summary>
internal sealed record RefusedRow(long Number, PlaceException Why);
