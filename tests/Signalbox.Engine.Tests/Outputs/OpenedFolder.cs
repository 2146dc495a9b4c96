using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Signalbox.Engine.Tests.Outputs;

/// <summary>A folder as a reader has it that opens it once: one version for as long as it likes.</summary>
internal sealed partial class OpenedFolder : IDisposable
{
    private const int OpenDirectory = 0x10000;

    private readonly SafeFileHandle _handle;

    private OpenedFolder(SafeFileHandle handle) => _handle = handle;

    /// <summary>A path that leads to it whatever is put at its name.</summary>
    public string Path => $"/proc/self/fd/{_handle.DangerousGetHandle()}";

    public static OpenedFolder Of(string path)
    {
        var handle = new SafeFileHandle(Open(path, OpenDirectory), ownsHandle: true);
        Assert.False(handle.IsInvalid);
        return new OpenedFolder(handle);
    }

    public void Dispose() => _handle.Dispose();

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint Open(string path, int flags);
}
