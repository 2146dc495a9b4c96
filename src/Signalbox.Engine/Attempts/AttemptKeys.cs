using Signalbox.Core;
using Signalbox.Storage;

namespace Signalbox.Engine.Attempts;

/// <summary>
/// How attempt keys are made: <c>LINEAGE-RUN-TASK[-ITEM]-aN</c>, the task by its position, for names may hold what a key may not. Commands
/// that belong to an attempt have its key and a dash before what tells them apart.
/// </summary>
internal static class AttemptKeys
{
    /// <summary>The name of the installation that keeps its state in a store.</summary>
    public static string InstanceOf(Store store) => store.Read(session => session.Instance)[..8];

    /// <summary>
    /// What begins the keys of a store's attempts: the name of the installation, and from the second incarnation on which one it is. So
    /// what runs for an attempt from after a backup is never taken for one that was begun since the backup was put back.
    /// </summary>
    public static string LineageOf(Store store) =>
        store.Read(session =>
            session.Incarnation is > 1 and var incarnation ? $"{session.Instance[..8]}-r{incarnation}" : session.Instance[..8]
        );

    public static AttemptKey Of(string lineage, RunNumber run, int position, int mapIndex, int number) =>
        AttemptKey.Of(mapIndex >= 0 ? $"{lineage}-{run}-{position}-{mapIndex}-a{number}" : $"{lineage}-{run}-{position}-a{number}");

    /// <summary>The run that a key of this lineage names; null when it names none.</summary>
    public static RunNumber? RunOf(string lineage, ReadOnlySpan<char> key)
    {
        if (!key.StartsWith(lineage) || key.Length <= lineage.Length || key[lineage.Length] != '-')
        {
            return null;
        }

        var numbers = key[(lineage.Length + 1)..];
        return numbers.IndexOf('-') is > 0 and var end && long.TryParse(numbers[..end], out var run) ? new RunNumber(run) : null;
    }
}
