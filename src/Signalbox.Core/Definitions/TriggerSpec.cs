using System.Text.Json.Serialization;

namespace Signalbox.Core.Definitions;

/// <summary>What starts runs beside the schedule, or instead of it. A closed list: one case here, one shape in the pipeline file's reader.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(Datasets), "datasets")]
[JsonDerivedType(typeof(Message), "message")]
public abstract partial record TriggerSpec
{
    private TriggerSpec() { }

    /// <summary><c>datasets:</c>: runs are made of updates of datasets. A pipeline has at most one such trigger: it is one subscriber.</summary>
    /// <param name="When">Which updates make a run together.</param>
    /// <param name="Consume">How many runs the updates that wait become. Default <see cref="ConsumeMode.Each"/>.</param>
    /// <param name="Partitions">
    /// When a partition of this pipeline is due whose dataset is cut finer, such as a week of days. Default <see cref="PartitionCover.All"/>.
    /// </param>
    public sealed record Datasets(
        DatasetCondition When,
        ConsumeMode Consume = ConsumeMode.Each,
        PartitionCover Partitions = PartitionCover.All
    ) : TriggerSpec;

    /// <summary><c>webhook:</c>, <c>file:</c>, <c>kafka:</c>, <c>redis:</c>, <c>postgres:</c>, <c>pipeline:</c>: each message makes a run.</summary>
    public sealed record Message(Triggers.MessageTrigger Trigger) : TriggerSpec;
}

/// <summary>Which updates of datasets make a run together: a dataset, all of several conditions, or any of them, nested as deep as one likes.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(Updated), "updated")]
[JsonDerivedType(typeof(All), "all")]
[JsonDerivedType(typeof(Any), "any")]
public abstract record DatasetCondition
{
    private DatasetCondition() { }

    /// <summary>The names of the datasets in it, each once, in the order written.</summary>
    [JsonIgnore]
    public ImmutableArray<string> Names => [.. Leaves().Distinct(StringComparer.Ordinal)];

    private protected abstract IEnumerable<string> Leaves();

    /// <summary>The condition as people read it: <c>a and (b or c)</c>.</summary>
    public abstract override string ToString();

    /// <summary>The dataset has an update that this subscriber has not consumed.</summary>
    public sealed record Updated(string Dataset) : DatasetCondition
    {
        private protected override IEnumerable<string> Leaves() => [Dataset];

        public override string ToString() => Dataset;
    }

    /// <summary>Every one of the conditions holds, for the same partition of the consumer.</summary>
    /// <param name="Of">At least one.</param>
    public sealed record All(ImmutableArray<DatasetCondition> Of) : DatasetCondition
    {
        private protected override IEnumerable<string> Leaves() => Of.SelectMany(condition => condition.Leaves());

        public override string ToString() => Join(Of, " and ");
    }

    /// <summary>One of the conditions holds.</summary>
    /// <param name="Of">At least one.</param>
    public sealed record Any(ImmutableArray<DatasetCondition> Of) : DatasetCondition
    {
        private protected override IEnumerable<string> Leaves() => Of.SelectMany(condition => condition.Leaves());

        public override string ToString() => Join(Of, " or ");
    }

    private static string Join(ImmutableArray<DatasetCondition> conditions, string word) =>
        string.Join(word, conditions.Select(each => each is Updated ? each.ToString() : $"({each})"));
}

/// <summary>How many runs the updates that wait for one subscriber become.</summary>
public enum ConsumeMode
{
    /// <summary>Each update a run of its own, in their order; with several datasets each run takes the oldest of each. The default.</summary>
    Each,

    /// <summary>All that wait when the pipeline has no unfinished run of this trigger become one run for each partition.</summary>
    Batch,

    /// <summary>As <see cref="Batch"/>; of several updates of one dataset and partition the older ones count as superseded.</summary>
    Latest,
}

/// <summary>When a partition is due whose dataset is cut finer: a week of days, a day of hours.</summary>
public enum PartitionCover
{
    /// <summary>When every one of the finer partitions has been updated at least once. The default.</summary>
    All,

    /// <summary>With every update of any of them.</summary>
    Any,
}
