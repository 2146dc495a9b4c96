namespace Signalbox.DuckDb;

/// <summary>What kind of error DuckDB reported, from the words its message begins with.</summary>
public enum DuckErrorKind
{
    Other,

    /// <summary>The text is not SQL.</summary>
    Parser,

    /// <summary>A column, function or type does not exist or does not fit.</summary>
    Binder,

    /// <summary>A table, view or function does not exist, or exists already.</summary>
    Catalog,

    Constraint,

    /// <summary>A value does not convert to the type it should have, is out of its range, or was refused as input.</summary>
    Conversion,

    /// <summary>Files and devices: not there, no permission, locked, full.</summary>
    Io,
    OutOfMemory,

    /// <summary><see cref="DuckConnection.Interrupt"/> ended the statement.</summary>
    Interrupted,
}

/// <summary>DuckDB refused or failed a statement. The message is DuckDB's own.</summary>
public class DuckException : Exception
{
    public DuckException(string message)
        : base(message) => Kind = KindOf(message);

    public DuckException(string message, Exception inner)
        : base(message, inner) => Kind = KindOf(message);

    public DuckErrorKind Kind { get; }

    // The C API tells the error's type for executed results only; the message's prefix is there for prepared statements too.
    private static DuckErrorKind KindOf(string message)
    {
        int colon = message.IndexOf(" Error:", StringComparison.Ordinal);
        if (colon is < 0 or > 40)
        {
            return message.StartsWith("INTERRUPT", StringComparison.Ordinal) ? DuckErrorKind.Interrupted : DuckErrorKind.Other;
        }
        return message[..colon] switch
        {
            "Parser" or "Syntax" => DuckErrorKind.Parser,
            "Binder" => DuckErrorKind.Binder,
            "Catalog" => DuckErrorKind.Catalog,
            "Constraint" => DuckErrorKind.Constraint,
            "Conversion" or "Invalid Input" or "Out of Range" or "Mismatch Type" => DuckErrorKind.Conversion,
            "IO" or "Permission" => DuckErrorKind.Io,
            "Out of Memory" => DuckErrorKind.OutOfMemory,
            "Interrupt" or "INTERRUPT" => DuckErrorKind.Interrupted,
            _ => DuckErrorKind.Other,
        };
    }
}

/// <summary>DuckDB's native library is not there or does not load. The message says where it was looked for and how to mend it.</summary>
public sealed class DuckLibraryException(string message) : DuckException(message);
