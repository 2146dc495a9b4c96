using System.Globalization;
using Signalbox.Engine.Projects;
using Signalbox.Storage;

namespace Signalbox.App.Cli;

/// <summary>Whether a process runs the engine of a project, as its lock file and the process table tell: for people, never for decisions.</summary>
internal static class EngineHolder
{
    public static bool IsAlive(Project project) => project.Database.IsPostgres || Pid(project) is not null;

    /// <summary>The process that holds the lock of a SQLite store; null when there is none.</summary>
    public static int? Pid(Project project)
    {
        try
        {
            var held = (EngineLock.LatestHolder(project.Database.Value + ".lock") ?? "").Split(' ');
            return
                int.TryParse(held[0], NumberStyles.None, CultureInfo.InvariantCulture, out var pid)
                && held.Length > 1
                && File.Exists($"/proc/{pid}/cmdline")
                && File.ReadAllText($"/proc/{pid}/cmdline").Contains("signalbox", StringComparison.Ordinal)
                ? pid
                : null;
        }
        catch (IOException)
        {
            return null;
        }
    }
}
