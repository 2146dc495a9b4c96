namespace Signalbox.Storage;

/// <summary>A pool: how many slots it has. How many are taken is counted from the tasks that hold them.</summary>
public sealed record Pool(string Name, int Slots, string? Description);

public partial class ReadSession
{
    private static readonly Sql AllPools = new("select name, slots, description from pools order by name");

    /// <summary>All pools, by name.</summary>
    public IReadOnlyList<Pool> Pools() => Use(AllPools).All(row => new Pool(row.Text(), row.Int(), row.TextOrNull()));
}

public sealed partial class WriteSession
{
    private static readonly Sql SetOnePool = new(
        """
        insert into pools (name, slots, description) values (@name, @slots, @description)
        on conflict (name) do update set slots = excluded.slots, description = excluded.description
        """
    );
    private static readonly Sql RemoveOnePool = new("delete from pools where name = @name");

    /// <summary>Makes a pool, or changes it.</summary>
    public void SavePool(Pool pool) =>
        Use(SetOnePool).Set("@name", pool.Name).Set("@slots", pool.Slots).Set("@description", pool.Description).Post();

    /// <summary>False: there is no such pool.</summary>
    public bool RemovePool(string name) => Use(RemoveOnePool).Set("@name", name).Execute() == 1;
}
