namespace Signalbox.Core.Pools;

/// <content>Which devices are whose: no two tasks that hold slots share one.</content>
public sealed partial class Admission
{
    private readonly IReadOnlyDictionary<string, ImmutableArray<string>> _devices;
    private readonly HashSet<string> _occupied = new(StringComparer.Ordinal);

    /// <summary>The devices that come with the slots a task holds, as <see cref="Runs.Attempt.Gpus"/>. Null: none.</summary>
    public string? DevicesOf(Seat seat) => _entries.GetValueOrDefault(seat)?.Devices;

    /// <summary>
    /// Whether there are slots and not the devices: what an earlier engine gave out stays whose it is, also where the project has put the
    /// device into another pool since.
    /// </summary>
    private bool Lacks(Lane lane) => lane.Gpus > 0 && DevicesIn(lane.Pool) is var all && !all.IsEmpty && Free(all).Count() < lane.Gpus;

    private string? Choose(Lane lane) =>
        lane.Gpus > 0 && DevicesIn(lane.Pool) is var all && !all.IsEmpty ? string.Join(',', Free(all).Take(lane.Gpus)) : null;

    private ImmutableArray<string> DevicesIn(string pool) => _devices.TryGetValue(pool, out var devices) ? devices : [];

    private IEnumerable<string> Free(ImmutableArray<string> devices) => devices.Where(device => !_occupied.Contains(device));

    private void Occupy(Entry entry, int sign)
    {
        if (entry.Devices is not { } held)
        {
            return;
        }

        foreach (var device in held.Split(','))
        {
            _ = sign > 0 ? _occupied.Add(device) : _occupied.Remove(device);
        }

        if (sign < 0)
        {
            Unpark(Limit.Devices);
        }
    }
}
