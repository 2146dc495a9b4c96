// Scenes wait most of their time: all at once take little longer than the longest.
[assembly: CollectionBehavior(MaxParallelThreads = -1)]
