namespace Signalbox.Engine.Outputs;

/// <summary>One at a time publishes to a path or switches it, so that the record of what is current never contradicts the place.</summary>
internal sealed class PathDoors
{
    private readonly Dictionary<string, Door> _doors = new(StringComparer.Ordinal);

    /// <summary>Waits until nobody else is at a path.</summary>
    /// <returns>Leaves the path when it is disposed.</returns>
    public async Task<IDisposable> HoldAsync(string path, CancellationToken cancellationToken)
    {
        Door door;
        lock (_doors)
        {
            if (!_doors.TryGetValue(path, out door!))
            {
                _doors[path] = door = new Door();
            }

            door.Users++;
        }

        try
        {
            // Not with the token, which a semaphore watches on the thread pool: whoever is at the path leaves it in the end.
            cancellationToken.ThrowIfCancellationRequested();
            await door.Gate.WaitAsync(CancellationToken.None);
        }
        catch
        {
            Leave(path, door);
            throw;
        }

        return new Held(this, path, door);
    }

    /// <summary>Holds several paths, in one order for all who do, so that nobody waits for another in a circle.</summary>
    public async Task<IDisposable> HoldAsync(IEnumerable<string> paths, CancellationToken cancellationToken)
    {
        var held = new HeldAll();
        try
        {
            foreach (var path in paths.Distinct().Order(StringComparer.Ordinal))
            {
                held.Add(await HoldAsync(path, cancellationToken));
            }
        }
        catch
        {
            held.Dispose();
            throw;
        }

        return held;
    }

    private void Leave(string path, Door door)
    {
        lock (_doors)
        {
            if (--door.Users == 0)
            {
                _doors.Remove(path);
                door.Gate.Dispose();
            }
        }
    }

    private sealed class Door
    {
        public SemaphoreSlim Gate { get; } = new(1);

        public int Users { get; set; }
    }

    private sealed class Held(PathDoors doors, string path, Door door) : IDisposable
    {
        public void Dispose()
        {
            door.Gate.Release();
            doors.Leave(path, door);
        }
    }

    private sealed class HeldAll : IDisposable
    {
        private readonly List<IDisposable> _all = [];

        public void Add(IDisposable one) => _all.Add(one);

        public void Dispose() => _all.ForEach(one => one.Dispose());
    }
}
