using Signalbox.Core.Definitions;

namespace Signalbox.Storage;

public partial class ReadSession
{
    private static readonly Sql MetaNamed = new("select value from meta where name = @name");
    private static readonly Sql StepsDone = new("select max(number) from schema_steps");
    private static readonly Sql EndedWithActive = new(
        """
        select r.number from runs r where r.ended_ms is not null
            and exists (select 1 from tasks t where t.run_number = r.number and t.state in ('queued', 'running')) order by r.number
        """
    );
    private static readonly Sql AttemptsAhead = new(
        """
        select distinct a.run_number from attempts a join tasks t
            on t.run_number = a.run_number and t.task = a.task and t.map_index = a.map_index
        where a.token > t.token or a.number > t.try_number order by a.run_number
        """
    );
    private static readonly Sql TicksWithoutPipeline = new(
        "select count(*) from ticks t where not exists (select 1 from pipelines p where p.name = t.pipeline)"
    );
    private static readonly Sql AllDefinitions = new("select pipeline, version, json from definitions order by pipeline, version");

    /// <summary>The schema that the database has.</summary>
    public int SchemaVersion => (int)(Use(StepsDone).Scalar() ?? 0);

    /// <summary>What makes this store another than every other one.</summary>
    public string Instance => Meta("instance");

    /// <summary>Raised when the store was restored from a backup: tokens from before are stale.</summary>
    public int Incarnation => int.Parse(Meta("incarnation"));

    /// <summary>
    /// Looks for damage: the engine's own check, and what Signalbox knows must hold. One sentence per problem; empty when all is well. It
    /// reads everything.
    /// </summary>
    public IReadOnlyList<string> CheckIntegrity()
    {
        var problems = new List<string>(Link.Dialect.CheckFiles(Link));
        problems.AddRange(Use(EndedWithActive).All(row => $"run {row.Long()} has ended, and a task of it still holds a slot"));
        problems.AddRange(Use(AttemptsAhead).All(row => $"run {row.Long()} has an attempt that its task does not know of"));
        if (Use(TicksWithoutPipeline).Scalar() is > 0 and var count)
        {
            problems.Add($"{count} occurrences belong to no pipeline");
        }

        using var rows = Use(AllDefinitions);
        while (rows.Read())
        {
            var (pipeline, version, json) = (rows.Text(), rows.Text(), rows.Text());
            if (PipelineJson.HashOf(json).Value != version)
            {
                problems.Add($"the definition {version} of pipeline {pipeline} is not what its name says: it was changed");
            }
        }

        return problems;
    }

    private string Meta(string name) =>
        Use(MetaNamed).Set("@name", name).First(row => row.Text()) ?? throw new StoreCorrupt($"the store does not say its {name}");
}
