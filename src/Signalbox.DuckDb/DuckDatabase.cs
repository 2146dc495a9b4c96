using System.Runtime.InteropServices;
using Signalbox.DuckDb.Interop;

namespace Signalbox.DuckDb;

/// <summary>How a database is opened. Every property left out keeps DuckDB's own default.</summary>
public sealed record DuckSettings
{
    public static DuckSettings Default { get; } = new();

    /// <summary>Worker threads, at least 1. Default: one per processor.</summary>
    public int? Threads { get; init; }

    /// <summary>Most memory DuckDB uses before it spills to <see cref="TempDirectory"/>, e.g. <c>512MB</c> or <c>4GiB</c>. Default: 80 % of the machine's.</summary>
    public string? MemoryLimit { get; init; }

    /// <summary>Where DuckDB spills to. Default: <c>.tmp</c> in the current folder for an in-memory database, else beside the database.</summary>
    public string? TempDirectory { get; init; }

    /// <summary>Opens an existing file for reading only; several processes may. Default: false.</summary>
    public bool ReadOnly { get; init; }
}

/// <summary>
/// An open DuckDB database: a file, or memory.
/// </summary>
/// <remarks>
/// A small binding of our own over DuckDB's C API (its .NET packages do not restore everywhere). DuckDB takes as much memory and as many
/// threads as it may, and a fault in it ends the process: heavy work belongs in a child process, never in the server.
/// Extensions are never downloaded. Threads: a database may be shared; a connection and its readers belong to one thread at a time.
/// </remarks>
public sealed class DuckDatabase : IDisposable
{
    /// <summary>The path that means a database in memory.</summary>
    public const string Memory = ":memory:";

    private readonly DatabaseHandle handle;

    private DuckDatabase(DatabaseHandle handle) => this.handle = handle;

    /// <summary>The version of the native library, e.g. <c>v1.5.6</c>. Loads the library.</summary>
    /// <exception cref="DuckLibraryException">The native library is missing or does not load.</exception>
    public static string LibraryVersion => Marshal.PtrToStringUTF8(NativeMethods.duckdb_library_version()) ?? "";

    /// <summary>Opens the database at <paramref name="path"/>, which is made if it is not there, or <see cref="Memory"/>.</summary>
    /// <exception cref="DuckLibraryException">The native library is missing or does not load.</exception>
    /// <exception cref="DuckException">The file is not a database, is locked by another process, or a setting is refused.</exception>
    public static DuckDatabase Open(string path, DuckSettings? settings = null)
    {
        settings ??= DuckSettings.Default;
        if (path.Contains('?'))
        {
            // It takes what follows for URL parameters and puts its write-ahead log somewhere else.
            throw new DuckException($"DuckDB keeps no database file under a path with a question mark: {path}");
        }
        _ = NativeMethods.duckdb_create_config(out nint config);
        try
        {
            Set(config, "autoinstall_known_extensions", "false");
            if (settings.Threads is { } threads)
            {
                Set(config, "threads", threads.ToString());
            }
            if (settings.MemoryLimit is { } limit)
            {
                Set(config, "memory_limit", limit);
            }
            if (settings.TempDirectory is { } folder)
            {
                Set(config, "temp_directory", folder);
            }
            if (settings.ReadOnly)
            {
                Set(config, "access_mode", "READ_ONLY");
            }
            int state = NativeMethods.duckdb_open_ext(path, out DatabaseHandle database, config, out nint error);
            if (state == NativeMethods.Success)
            {
                return new DuckDatabase(database);
            }
            database.Dispose();
            string message = Marshal.PtrToStringUTF8(error) ?? $"the database {path} could not be opened";
            NativeMethods.duckdb_free(error);
            throw new DuckException(message);
        }
        finally
        {
            unsafe
            {
                NativeMethods.duckdb_destroy_config(&config);
            }
        }
    }

    /// <summary>Opens a database in memory with one connection, which closes the database with it.</summary>
    public static DuckConnection OpenMemory(DuckSettings? settings = null)
    {
        DuckDatabase database = Open(Memory, settings);
        try
        {
            return database.Connect(ownsDatabase: true);
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }

    /// <summary>A new connection: its own transaction, settings and temporary tables.</summary>
    public DuckConnection Connect() => Connect(ownsDatabase: false);

    /// <summary>Closes the database once its last connection is closed.</summary>
    public void Dispose() => handle.Dispose();

    private DuckConnection Connect(bool ownsDatabase)
    {
        if (NativeMethods.duckdb_connect(handle, out ConnectionHandle connection) != NativeMethods.Success)
        {
            connection.Dispose();
            throw new DuckException("DuckDB gave no connection to an open database.");
        }
        return new DuckConnection(connection, ownsDatabase ? this : null);
    }

    private static void Set(nint config, string name, string value)
    {
        if (NativeMethods.duckdb_set_config(config, name, value) != NativeMethods.Success)
        {
            throw new DuckException($"DuckDB refuses '{value}' for its setting {name}.");
        }
    }
}
