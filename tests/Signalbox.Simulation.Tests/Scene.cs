using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Signalbox.Storage;
using Signalbox.Storage.Sqlite;

namespace Signalbox.Simulation.Tests;

/// <summary>What all performances share: made once.</summary>
internal static class Scene
{
    private static readonly ConcurrentDictionary<(string, string?, DateTimeOffset), List<DateTimeOffset>> KnownTicks = new();
    private static readonly Lazy<string> Made = new(MakeTemplate);
    private static readonly Lazy<TransitionTable> Page = new(() => new TransitionTable(Path.Combine(Folder(), "../../docs/run-states.md")));
    private static int folders;

    /// <summary>An empty database: to make its tables takes longer than to copy it.</summary>
    public static string Template => Made.Value;

    public static TransitionTable Transitions => Page.Value;

    /// <summary>In memory where there is such a place: nothing here is about disks.</summary>
    private static string Root { get; } =
        Path.Combine(Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath(), $"signalbox-play-{Environment.ProcessId}");

    /// <summary>When a schedule is due from a week's start to well after its end.</summary>
    public static IReadOnlyList<DateTimeOffset> Ticks(string pipeline, IReadOnlyList<DayOfWeek>? days, DateTimeOffset start) =>
        KnownTicks.GetOrAdd(
            (pipeline, days is null ? null : string.Join(' ', days), start),
            _ => [.. Simulation.Tests.Ticks.Of(pipeline, days, start - TimeSpan.FromDays(1), start + TimeSpan.FromDays(20))]
        );

    public static string NewFolder() => Directory.CreateDirectory(Path.Combine(Root, $"{Interlocked.Increment(ref folders)}")).FullName;

    public static string Folder([CallerFilePath] string file = "") => Path.GetDirectoryName(file)!;

    private static string MakeTemplate()
    {
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(Root, recursive: true);
        var file = Path.Combine(NewFolder(), "template.db");
        using (Store.Open(file)) { }

        using var link = new SqliteLink(new SqliteDialect(file), file, readOnly: false);
        // The name of an installation is chance, and keys are made with it.
        link.Script("update meta set value = '5eed0000000000000000000000000000' where name = 'instance'; pragma wal_checkpoint(truncate)");
        return file;
    }
}
