using System.Reflection;
using System.Runtime.InteropServices;

namespace Signalbox.DuckDb.Interop;

/// <summary>Finds libduckdb.so beside the binding's assembly, on first use and never before: loading 70 MB has no place in a program's start.</summary>
internal static class NativeLibraryLoader
{
    internal const string Name = "duckdb";
    private const string FileName = "libduckdb.so";

    internal static nint Resolve(string name, Assembly assembly, DllImportSearchPath? search)
    {
        if (name != Name)
        {
            return 0;
        }
        string beside = Path.GetDirectoryName(assembly.Location) is { Length: > 0 } folder ? folder : AppContext.BaseDirectory;
        string file = Path.Combine(beside, FileName);
        if (!File.Exists(file))
        {
            file = Path.Combine(AppContext.BaseDirectory, FileName);
        }
        if (!File.Exists(file))
        {
            throw new DuckLibraryException(
                $"DuckDB's native library is missing: there is no {FileName} in {beside}; build or install Signalbox again, which puts it there."
            );
        }
        try
        {
            return NativeLibrary.Load(file);
        }
        catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
        {
            throw new DuckLibraryException(
                $"DuckDB's native library {file} does not load (it is made for Linux on x64 with glibc): {e.Message.ReplaceLineEndings(" ")}"
            );
        }
    }
}
