using Signalbox.Core;
using Signalbox.Core.Runs;

namespace Signalbox.Storage;

/// <summary>One change of the current version of a path.</summary>
/// <param name="From">The version that was current; null when there was none.</param>
/// <param name="Who">The task that published, as <c>pipeline.task</c>, or the person who switched.</param>
/// <param name="Request">The request that asked for it; null when nobody did.</param>
/// <param name="EndedAt">Null as long as it is under way: a switch that was begun is finished, also by the next engine.</param>
public sealed record VersionSwitch(
    long Id,
    string Path,
    long? From,
    long To,
    string Who,
    string? Reason,
    long? Request,
    DateTimeOffset At,
    DateTimeOffset? EndedAt
);

/// <summary>An attempt that was over when it came to publish, and was refused.</summary>
public sealed record Refusal(RunNumber Run, TaskKey Task, int Attempt, long Token, string Reason, DateTimeOffset At);

public partial class ReadSession
{
    private const string SwitchColumns =
        "id, path, from_publication, to_publication, who, reason, request, at_ms, ended_ms from version_switches";
    private static readonly Sql SwitchesOfPath = new($"select {SwitchColumns} where path = @path order by id desc limit @limit");
    private static readonly Sql SwitchesOfRequest = new($"select {SwitchColumns} where request = @request order by id");
    private static readonly Sql AnySwitchTo = new(
        "select 1 from version_switches where to_publication = @id and ended_ms is not null limit 1"
    );
    private static readonly Sql SwitchesUnfinished = new($"select {SwitchColumns} where ended_ms is null order by id");
    private static readonly Sql VersionAtInstant = new(
        "select to_publication from version_switches where path = @path and at_ms <= @at_ms order by id desc limit 1"
    );
    private static readonly Sql RefusalsOfRun = new(
        "select run_number, task, map_index, attempt, token, reason, at_ms from refusals where run_number = @run order by id"
    );

    /// <summary>How the current version of a path changed, the newest first.</summary>
    public IReadOnlyList<VersionSwitch> Switches(string path, int limit) =>
        Use(SwitchesOfPath).Set("@path", path).Set("@limit", limit).All(SwitchOf);

    /// <summary>The switches that a request asked for, in their order.</summary>
    public IReadOnlyList<VersionSwitch> SwitchesOf(long request) => Use(SwitchesOfRequest).Set("@request", request).All(SwitchOf);

    /// <summary>Whether readers have ever seen a version as the current one.</summary>
    public bool WasCurrent(long publication) => Use(AnySwitchTo).Set("@id", publication).Scalar() is not null;

    /// <summary>Switches that were begun and not ended: to be finished after a crash.</summary>
    public IReadOnlyList<VersionSwitch> UnfinishedSwitches() => Use(SwitchesUnfinished).All(SwitchOf);

    /// <summary>The number of the version that was current at an instant; null when there was none.</summary>
    public long? VersionAt(string path, DateTimeOffset at) => Use(VersionAtInstant).Set("@path", path).Set("@at_ms", at).Scalar();

    /// <summary>The stale attempts of a run that were refused, in their order.</summary>
    public IReadOnlyList<Refusal> Refusals(RunNumber run) =>
        Use(RefusalsOfRun).Set(run).All(row => new Refusal(new(row.Long()), row.Key(), row.Int(), row.Long(), row.Text(), row.Time()));

    private static VersionSwitch SwitchOf(Statement row) =>
        new(
            row.Long(),
            row.Text(),
            row.LongOrNull(),
            row.Long(),
            row.Text(),
            row.TextOrNull(),
            row.LongOrNull(),
            row.Time(),
            row.TimeOrNull()
        );
}

public sealed partial class WriteSession
{
    private static readonly Sql PutCurrent = new(
        """
        insert into current_versions (path, publication, switched_ms) values (@path, @id, @at_ms)
        on conflict (path) do update set publication = excluded.publication, switched_ms = excluded.switched_ms
        """
    );
    private static readonly Sql PutKept = new("update publications set kept = @kept where id = @id");
    private static readonly Sql AddSwitch = new(
        """
        insert into version_switches (path, from_publication, to_publication, who, reason, request, at_ms)
        values (@path, @from, @id, @who, @reason, @request, @at_ms) returning id
        """
    );
    private static readonly Sql EndSwitch = new("update version_switches set ended_ms = @at_ms where id = @id and ended_ms is null");
    private static readonly Sql DropSwitch = new("delete from version_switches where id = @id and ended_ms is null");
    private static readonly Sql AddRefusal = new(
        """
        insert into refusals (run_number, task, map_index, attempt, token, reason, at_ms)
        values (@run, @task, @map_index, @attempt, @token, @reason, @at_ms) on conflict do nothing
        """
    );

    /// <summary>Records that a version is about to become current at its path.</summary>
    /// <param name="request">The request that asks for it.</param>
    /// <returns>The number of the switch, for <see cref="EndVersionSwitch"/>.</returns>
    public long BeginVersionSwitch(
        Publication? from,
        Publication to,
        string who,
        string? reason,
        DateTimeOffset at,
        long? request = null
    ) =>
        Use(AddSwitch)
            .Set("@path", to.Path)
            .Set("@from", from?.Id)
            .Set("@id", to.Id)
            .Set("@who", who)
            .Set("@reason", reason)
            .Set("@request", request)
            .Set("@at_ms", at)
            .Scalar()!
            .Value;

    /// <summary>Forgets a switch that was begun and that the place refused: readers see what they saw.</summary>
    /// <exception cref="StoreConflict">It has ended.</exception>
    public void DropVersionSwitch(long id) =>
        Use(DropSwitch).Set("@id", id).Post(() => new StoreConflict($"switch {id} is not there, or has ended"));

    /// <summary>Records that readers now see a version at its path, and where the one before it can be found again.</summary>
    /// <param name="id">The number of the switch.</param>
    /// <param name="kept">Where the content of <paramref name="from"/> is; null when it is gone.</param>
    /// <exception cref="StoreConflict">The switch was ended before.</exception>
    public void EndVersionSwitch(long id, Publication? from, Publication to, string? kept, DateTimeOffset at)
    {
        Use(EndSwitch).Set("@id", id).Set("@at_ms", at).Post(() => new StoreConflict($"switch {id} is not there, or has ended"));
        Use(PutCurrent).Set("@path", to.Path).Set("@id", to.Id).Set("@at_ms", at).Post();
        KeepVersion(to.Id, kept: null);
        if (from is not null && from.Id != to.Id)
        {
            KeepVersion(from.Id, kept);
        }
    }

    /// <summary>Records where the content of a version that is not current can be found again; null when it is gone.</summary>
    public void KeepVersion(long id, string? kept) => Use(PutKept).Set("@id", id).Set("@kept", kept).Post();

    /// <summary>Records that an attempt that is over came to publish and was refused; once for each attempt.</summary>
    /// <returns>Whether this is the first time.</returns>
    public bool AddRefusalOf(Refusal refusal) =>
        Use(AddRefusal)
            .Set(refusal.Run)
            .Set(refusal.Task)
            .Set("@attempt", refusal.Attempt)
            .Set("@token", refusal.Token)
            .Set("@reason", refusal.Reason)
            .Set("@at_ms", refusal.At)
            .Execute() > 0;
}
