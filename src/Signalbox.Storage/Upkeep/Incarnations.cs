namespace Signalbox.Storage;

public partial class ReadSession
{
    private static readonly Sql WasRestored = new("select 1 from meta where name = @name");

    /// <summary>Whether the store was put back and what lies on the disk from after the backup has not been put aside yet.</summary>
    public bool RestorationPending => Use(WasRestored).Set("@name", Restored.Pending).Scalar() is not null;
}

public sealed partial class WriteSession
{
    private static readonly Sql RaiseRuns = new("update counters set value = @value where name = 'run' and value < @value");
    private static readonly Sql NoMorePending = new("delete from meta where name = @name");

    /// <summary>Has the numbers of runs go on after one.</summary>
    public void NumberRunsFrom(long number) => Use(RaiseRuns).Set("@value", number).Post();

    /// <summary>What lies on the disk from after the backup has been put aside.</summary>
    public void EndRestoration() => Use(NoMorePending).Set("@name", Restored.Pending).Post();
}
