namespace Signalbox.Engine.Tests.PipelineFiles;

/// <summary>A folder whose path has all that trips programs up: spaces, quotes, letters beyond ASCII.</summary>
/// <param name="parent">Where it is made. Default: the system's folder for such things.</param>
internal sealed class TemporaryFolder(string? parent = null) : IDisposable
{
    public string Path { get; } =
        Directory
            .CreateDirectory(System.IO.Path.Combine(parent ?? System.IO.Path.GetTempPath(), $"sig nal'box \"é☃\" {Guid.NewGuid():N}"))
            .FullName;

    public string Write(string name, string text)
    {
        var path = System.IO.Path.Combine(Path, name);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
