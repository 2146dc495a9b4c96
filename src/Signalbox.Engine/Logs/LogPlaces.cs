namespace Signalbox.Engine.Logs;

/// <summary>
/// An index of logs whose secrets are masked: which place in the file a place in what is shown comes from, every mebibyte. So a part of a large
/// log is read without all that is before it. Any number of threads.
/// </summary>
public sealed class LogPlaces
{
    /// <summary>Bytes of a log between two entries.</summary>
    internal const int Step = 1024 * 1024;

    private const int MostLogs = 256;
    private readonly Lock _gate = new();
    private readonly Dictionary<Key, List<Place>> _logs = [];

    /// <summary>A log as it is shown: the same file with the same cut, and the same secrets masked.</summary>
    internal readonly record struct Key(string Path, ulong Inode, LogCut? Cut, int Secrets);

    /// <summary>A byte of a log at which a new redactor may begin.</summary>
    internal readonly record struct Place(long InFile, long Shown);

    /// <summary>The last place that is known before a position in what is shown, or the beginning.</summary>
    internal Place Before(Key log, long position)
    {
        lock (_gate)
        {
            if (!_logs.TryGetValue(log, out var places))
            {
                return default;
            }

            var (low, high) = (0, places.Count);
            while (low < high)
            {
                var middle = (low + high) / 2;
                (low, high) = places[middle].Shown <= position ? (middle + 1, high) : (low, middle);
            }

            return low == 0 ? default : places[low - 1];
        }
    }

    /// <summary>Notes a place, unless one is known near before it.</summary>
    internal void Note(Key log, Place place)
    {
        lock (_gate)
        {
            if (!_logs.TryGetValue(log, out var places))
            {
                if (_logs.Count == MostLogs)
                {
                    _logs.Clear(); // they are found anew
                }

                _logs[log] = places = [];
            }

            if (place.InFile >= (places.Count == 0 ? 0 : places[^1].InFile) + Step)
            {
                places.Add(place);
            }
        }
    }
}
