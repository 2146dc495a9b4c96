using System.Diagnostics;
using Signalbox.DuckDb;

namespace Signalbox.Engine.Outputs.Tables;

/// <summary>DuckDB files, each of which one process at a time may write to.</summary>
internal static class DuckFile
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    /// <summary>Opens a file, which is made when it is not there, and waits while another process has it open.</summary>
    public static (DuckDatabase Database, DuckConnection Connection) Open(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var since = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                var database = DuckDatabase.Open(path);
                return (database, Prepared(database.Connect()));
            }
            catch (DuckException error) when (TableErrors.IsLocked(error) && Stopwatch.GetElapsedTime(since) < Patience)
            {
                Thread.Sleep(Pause);
            }
        }
    }

    private static DuckConnection Prepared(DuckConnection connection)
    {
        _ = connection.Execute("set TimeZone = 'UTC'");
        return connection;
    }
}
