using Signalbox.Core.Runs;

namespace Signalbox.Core.Pools;

/// <content>Queues of tasks, the limits that hold them back, and their order.</content>
public sealed partial class Admission
{
    /// <summary>What a queue of tasks has in common: the limits that hold them back.</summary>
    private readonly record struct Lane(
        PipelineName Pipeline,
        RunNamespace? Namespace,
        string Pool,
        int Slots,
        int Gpus,
        RunNumber? Run,
        TaskName? Map,
        bool IsBackfill,
        string? Target,
        bool IsRetry
    );

    private readonly record struct Limit(char Kind, string Name, long Run)
    {
        public static readonly Limit Server = new('s', "", 0);

        /// <summary>Of all pools: one of them may want what another one had.</summary>
        public static readonly Limit Devices = new('d', "", 0);

        public static Limit OfPool(string pool) => new('p', pool, 0);

        // What is in a namespace counts by itself: it never takes the place of what is live.
        public static Limit OfPipeline(Lane lane) =>
            new('n', lane.Namespace is { } space ? $"{lane.Pipeline}@{space}" : lane.Pipeline.Value, 0);

        public static Limit OfMap(Lane lane) => new('m', lane.Map!.Value.Value, lane.Run!.Value.Value);

        public static Limit OfTarget(string target) => new('t', target, 0);

        /// <summary>Counts what backfills alone hold of it.</summary>
        public Limit OfBackfills => this with { Kind = char.ToUpperInvariant(Kind) };

        public string Words =>
            Kind switch
            {
                's' => "the server",
                'p' => $"pool {Name}",
                _ => $"pipeline {Name}",
            };
    }

    private sealed class Entry
    {
        public required Seat Seat { get; init; }

        public required Lane Lane { get; init; }

        public required int Priority { get; init; }

        public required bool IsBackfill { get; init; }

        public required DateTimeOffset ReadyAt { get; init; }

        public required int PipelineLimit { get; init; }

        public required int? MapLimit { get; init; }

        public required bool Holds { get; set; }

        /// <summary>As <see cref="Attempt.Gpus"/>.</summary>
        public required string? Devices { get; set; }
    }

    private sealed class EntryOrder : IComparer<Entry>
    {
        public static readonly EntryOrder Instance = new();

        public int Compare(Entry? x, Entry? y)
        {
            var order = y!.Priority.CompareTo(x!.Priority);
            order = order != 0 ? order : x.IsBackfill.CompareTo(y.IsBackfill);
            order = order != 0 ? order : x.ReadyAt.CompareTo(y.ReadyAt);
            order = order != 0 ? order : x.Seat.Run.Value.CompareTo(y.Seat.Run.Value);
            order = order != 0 ? order : string.CompareOrdinal(x.Seat.Task.Task.Value, y.Seat.Task.Task.Value);
            return order != 0 ? order : x.Seat.Task.MapIndex.CompareTo(y.Seat.Task.MapIndex);
        }
    }

    private sealed class HeadOrder : IComparer<(Entry Head, Lane Lane)>
    {
        public static readonly HeadOrder Instance = new();

        public int Compare((Entry Head, Lane Lane) x, (Entry Head, Lane Lane) y) => EntryOrder.Instance.Compare(x.Head, y.Head);
    }
}
