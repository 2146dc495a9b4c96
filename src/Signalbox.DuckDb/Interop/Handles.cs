using System.Runtime.InteropServices;

namespace Signalbox.DuckDb.Interop;

/// <summary>A handle that DuckDB gives out and takes back through a pointer to it.</summary>
internal abstract class DuckHandle() : SafeHandle(0, ownsHandle: true)
{
    public override bool IsInvalid => handle == 0;
}

internal sealed unsafe class DatabaseHandle : DuckHandle
{
    protected override bool ReleaseHandle()
    {
        nint value = handle;
        NativeMethods.duckdb_close(&value);
        return true;
    }
}

internal sealed unsafe class ConnectionHandle : DuckHandle
{
    protected override bool ReleaseHandle()
    {
        nint value = handle;
        NativeMethods.duckdb_disconnect(&value);
        return true;
    }
}

internal sealed unsafe class StatementHandle : DuckHandle
{
    protected override bool ReleaseHandle()
    {
        nint value = handle;
        NativeMethods.duckdb_destroy_prepare(&value);
        return true;
    }
}

internal sealed unsafe class PendingHandle : DuckHandle
{
    protected override bool ReleaseHandle()
    {
        nint value = handle;
        NativeMethods.duckdb_destroy_pending(&value);
        return true;
    }
}

internal sealed unsafe class ChunkHandle : DuckHandle
{
    protected override bool ReleaseHandle()
    {
        nint value = handle;
        NativeMethods.duckdb_destroy_data_chunk(&value);
        return true;
    }
}

/// <summary>Owns the memory of one <see cref="NativeResult"/> and what hangs on it.</summary>
internal sealed unsafe class ResultHandle : DuckHandle
{
    public ResultHandle() => SetHandle((nint)NativeMemory.AllocZeroed((nuint)sizeof(NativeResult)));

    /// <summary>The result itself, for the functions that take it by value. Only while the handle is not disposed.</summary>
    internal NativeResult Value => *(NativeResult*)handle;

    protected override bool ReleaseHandle()
    {
        NativeMethods.duckdb_destroy_result(handle);
        NativeMemory.Free((void*)handle);
        return true;
    }
}
