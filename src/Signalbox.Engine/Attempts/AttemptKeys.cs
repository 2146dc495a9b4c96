using Signalbox.Core;
using Signalbox.Storage;

namespace Signalbox.Engine.Attempts;

/// <summary>
/// How attempt keys are made: <c>INSTANCE-RUN-TASK[-ITEM]-aN</c>, the task by its position, for names may hold what a key may not. Commands
/// that belong to an attempt have its key and a dash before what tells them apart.
/// </summary>
internal static class AttemptKeys
{
    /// <summary>The name of the installation that keeps its state in a store.</summary>
    public static string InstanceOf(Store store) => store.Read(session => session.Instance)[..8];

    public static AttemptKey Of(string instance, RunNumber run, int position, int mapIndex, int number) =>
        AttemptKey.Of(mapIndex >= 0 ? $"{instance}-{run}-{position}-{mapIndex}-a{number}" : $"{instance}-{run}-{position}-a{number}");

    /// <summary>The run that a key of this installation names; null when it names none.</summary>
    public static RunNumber? RunOf(string instance, ReadOnlySpan<char> key)
    {
        if (!key.StartsWith(instance) || key.Length <= instance.Length || key[instance.Length] != '-')
        {
            return null;
        }

        var numbers = key[(instance.Length + 1)..];
        return numbers.IndexOf('-') is > 0 and var end && long.TryParse(numbers[..end], out var run) ? new RunNumber(run) : null;
    }
}
