using System.Diagnostics;
using Signalbox.Core;
using Signalbox.Core.Runs;

namespace Signalbox.Storage;

/// <summary>A definition that is deployed beside the live one of its pipeline: its runs write to a namespace of their own.</summary>
/// <param name="SourceFile">The file it was deployed from, as it was named.</param>
/// <param name="Who">Who deployed it.</param>
public sealed record Variant(
    PipelineName Pipeline,
    RunNamespace Name,
    VersionHash Version,
    string SourceFile,
    string Who,
    string? Reason,
    DateTimeOffset DeployedAt
);

/// <summary>Why another variant became the active one.</summary>
public enum VariantSwitchKind
{
    /// <summary>Somebody made it the one that readers see.</summary>
    Promote,

    /// <summary>Somebody went back to the one before.</summary>
    Rollback,
}

/// <summary>One change of the variant of a pipeline that readers are served.</summary>
/// <param name="From">Null is the live version, which people call blue.</param>
/// <param name="To">Null is the live version.</param>
/// <param name="FromVersion">The definition behind <paramref name="From"/> at that time.</param>
public sealed record VariantSwitch(
    long Id,
    PipelineName Pipeline,
    VariantSwitchKind Kind,
    RunNamespace? From,
    VersionHash FromVersion,
    RunNamespace? To,
    VersionHash ToVersion,
    string Who,
    string? Reason,
    DateTimeOffset At
);

public partial class ReadSession
{
    private const string VariantColumns = "pipeline, variant, version, source_file, who, reason, deployed_ms from variants";
    private const string VariantSwitchColumns =
        "id, pipeline, kind, from_variant, from_version, to_variant, to_version, who, reason, at_ms from variant_switches";
    private static readonly Sql VariantNamed = new($"select {VariantColumns} where pipeline = @pipeline and variant = @variant");
    private static readonly Sql VariantsOf = new($"select {VariantColumns} where pipeline = @pipeline order by variant");
    private static readonly Sql AllVariants = new($"select {VariantColumns} order by pipeline, variant");
    private static readonly Sql CurrentOfPipeline = new(
        $"""
        select {PublicationColumns} from publications
        where pipeline = @pipeline and coalesce(namespace, '') = @namespace and id in (select publication from current_versions) order by path
        """
    );
    private static readonly Sql SwitchesOfVariants = new(
        $"select {VariantSwitchColumns} where pipeline = @pipeline order by id desc limit @limit"
    );
    private static readonly Sql LatestSwitches = new(
        $"""
        select {VariantSwitchColumns} s where id = (select max(l.id) from variant_switches l where l.pipeline = s.pipeline) order by pipeline
        """
    );

    /// <summary>A variant that is deployed; null when there is none of that name.</summary>
    public Variant? Variant(PipelineName pipeline, RunNamespace name) =>
        Use(VariantNamed).Set("@pipeline", pipeline.Value).Set("@variant", name.Value).First(VariantOf);

    /// <summary>The deployed variants of a pipeline, by name.</summary>
    public IReadOnlyList<Variant> Variants(PipelineName pipeline) => Use(VariantsOf).Set("@pipeline", pipeline.Value).All(VariantOf);

    /// <summary>The deployed variants of all pipelines.</summary>
    public IReadOnlyList<Variant> Variants() => Use(AllVariants).All(VariantOf);

    /// <summary>What a pipeline has made and is current, by path.</summary>
    /// <param name="space">In this namespace; null for the live places.</param>
    public IReadOnlyList<Publication> CurrentOf(PipelineName pipeline, RunNamespace? space) =>
        Use(CurrentOfPipeline).Set("@pipeline", pipeline.Value).Set("@namespace", space?.Value ?? "").All(PublicationOf);

    /// <summary>The variant that readers of a pipeline are served; null is the live version, also when nothing was ever switched.</summary>
    public RunNamespace? ActiveVariant(PipelineName pipeline) => VariantSwitches(pipeline, 1) is [var latest] ? latest.To : null;

    /// <summary>The latest switch of every pipeline that was ever switched, by pipeline.</summary>
    public IReadOnlyList<VariantSwitch> LatestVariantSwitches() => Use(LatestSwitches).All(VariantSwitchOf);

    /// <summary>The switches of a pipeline, the newest first.</summary>
    public IReadOnlyList<VariantSwitch> VariantSwitches(PipelineName pipeline, int limit) =>
        Use(SwitchesOfVariants).Set("@pipeline", pipeline.Value).Set("@limit", limit).All(VariantSwitchOf);

    private protected static string Word(VariantSwitchKind kind) =>
        kind switch
        {
            VariantSwitchKind.Promote => "promote",
            VariantSwitchKind.Rollback => "rollback",
            _ => throw new UnreachableException(),
        };

    private static VariantSwitchKind? VariantSwitchKindOf(string word) =>
        word switch
        {
            "promote" => VariantSwitchKind.Promote,
            "rollback" => VariantSwitchKind.Rollback,
            _ => null,
        };

    private static Variant VariantOf(Statement row) =>
        new(new(row.Text()), new(row.Text()), new(row.Text()), row.Text(), row.Text(), row.TextOrNull(), row.Time());

    private static VariantSwitch VariantSwitchOf(Statement row) =>
        new(
            row.Long(),
            new(row.Text()),
            row.Word(VariantSwitchKindOf),
            row.TextOrNull() is { } from ? new RunNamespace(from) : null,
            new(row.Text()),
            row.TextOrNull() is { } to ? new RunNamespace(to) : null,
            new(row.Text()),
            row.Text(),
            row.TextOrNull(),
            row.Time()
        );
}

public sealed partial class WriteSession
{
    private static readonly Sql PutVariant = new(
        """
        insert into variants (pipeline, variant, version, source_file, who, reason, deployed_ms)
        values (@pipeline, @variant, @version, @source_file, @who, @reason, @deployed_ms)
        on conflict (pipeline, variant) do update set version = excluded.version, source_file = excluded.source_file, who = excluded.who,
            reason = excluded.reason, deployed_ms = excluded.deployed_ms
        """
    );
    private static readonly Sql DropVariant = new("delete from variants where pipeline = @pipeline and variant = @variant");
    private static readonly Sql AddVariantSwitchRow = new(
        """
        insert into variant_switches (pipeline, kind, from_variant, from_version, to_variant, to_version, who, reason, at_ms)
        values (@pipeline, @kind, @from_variant, @from_version, @to_variant, @to_version, @who, @reason, @at_ms) returning id
        """
    );

    /// <summary>Deploys a variant, or another definition under the same name.</summary>
    public void SaveVariant(Variant variant) =>
        Use(PutVariant)
            .Set("@pipeline", variant.Pipeline.Value)
            .Set("@variant", variant.Name.Value)
            .Set("@version", variant.Version.Value)
            .Set("@source_file", variant.SourceFile)
            .Set("@who", variant.Who)
            .Set("@reason", variant.Reason)
            .Set("@deployed_ms", variant.DeployedAt)
            .Execute();

    /// <summary>Ends a variant: it gets no more runs. False: there is none of that name.</summary>
    public bool EndVariant(PipelineName pipeline, RunNamespace name) =>
        Use(DropVariant).Set("@pipeline", pipeline.Value).Set("@variant", name.Value).Execute() == 1;

    /// <summary>Switches what readers of a pipeline are served. The switch's number; its own <see cref="VariantSwitch.Id"/> does not matter.</summary>
    public long AddVariantSwitch(VariantSwitch made) =>
        Use(AddVariantSwitchRow)
            .Set("@pipeline", made.Pipeline.Value)
            .Set("@kind", Word(made.Kind))
            .Set("@from_variant", made.From?.Value)
            .Set("@from_version", made.FromVersion.Value)
            .Set("@to_variant", made.To?.Value)
            .Set("@to_version", made.ToVersion.Value)
            .Set("@who", made.Who)
            .Set("@reason", made.Reason)
            .Set("@at_ms", made.At)
            .Scalar()!
            .Value;
}
