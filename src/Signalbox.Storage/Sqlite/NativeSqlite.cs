using System.Reflection;
using System.Runtime.InteropServices;
using SQLitePCL;

namespace Signalbox.Storage.Sqlite;

/// <summary>
/// Chooses the SQLite that runs: the system's where it is newer than the one that comes with the program (3.35.5, of 2021), which
/// lacks five years of corrections.
/// </summary>
public static class NativeSqlite
{
    private const int Bundled = 3_035_005;
    private static readonly Lazy<string> Chosen = new(Choose);

    /// <summary>Loads the library at the first call; the version that runs.</summary>
    public static string Version => Chosen.Value;

    private static string Choose()
    {
        NativeLibrary.SetDllImportResolver(typeof(SQLite3Provider_e_sqlite3).Assembly, Resolve);
        raw.SetProvider(new SQLite3Provider_e_sqlite3());
        // Nobody asks how much memory it has taken, and to keep count all connections wait for one lock.
        _ = raw.sqlite3_config(raw.SQLITE_CONFIG_MEMSTATUS, 0);
        return raw.sqlite3_libversion().utf8_to_string();
    }

    private static IntPtr Resolve(string name, Assembly assembly, DllImportSearchPath? path)
    {
        // The name that Debian, Ubuntu, Fedora and Alpine share; elsewhere the bundled library is found by the usual search.
        if (name != "e_sqlite3" || !NativeLibrary.TryLoad("libsqlite3.so.0", out var handle))
        {
            return IntPtr.Zero;
        }

        if (NativeLibrary.TryGetExport(handle, "sqlite3_libversion_number", out var address))
        {
            var version = Marshal.GetDelegateForFunctionPointer<VersionNumber>(address)();
            if (version > Bundled)
            {
                return handle;
            }
        }

        NativeLibrary.Free(handle);
        return IntPtr.Zero;
    }

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate int VersionNumber();
}
