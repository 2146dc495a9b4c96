using System.Collections.Immutable;
using Signalbox.Core.Breakers;
using Signalbox.Core.Definitions;
using Signalbox.Engine.Alerts;
using Signalbox.Engine.Calendars;
using Signalbox.Engine.PipelineFiles;

namespace Signalbox.Engine.Projects;

/// <summary>What became of opening a project.</summary>
/// <param name="Project">The project; null exactly when there is an error among the problems.</param>
/// <param name="Problems">All of them at once.</param>
public sealed record OpenedProject(Project? Project, ImmutableArray<Problem> Problems);

/// <summary>
/// A project folder and what its <c>signalbox.yaml</c> says. The file may be missing and every key may be left out. Paths in pipelines
/// go from the folder; what the program keeps is in <see cref="StateFolder"/>.
/// </summary>
public sealed record Project
{
    /// <summary>The name of the file with a project's settings.</summary>
    public const string FileName = "signalbox.yaml";

    /// <summary>The name of the folder in which the program keeps its state.</summary>
    public const string StateFolderName = ".signalbox";

    /// <summary>The pool of tasks that name none.</summary>
    public const string DefaultPool = "default";

    /// <summary>Slots of the default pool, unless the project says otherwise.</summary>
    public const int DefaultPoolSlots = 128;

    /// <summary>The full path.</summary>
    public required string Folder { get; init; }

    /// <summary>Where the state is kept. Default: <c>.signalbox/signalbox.db</c>, SQLite.</summary>
    public required DatabaseAddress Database { get; init; }

    /// <summary>Slots by the name of the pool. <see cref="DefaultPool"/> is always there, with 128 slots unless the project says otherwise.</summary>
    public ImmutableSortedDictionary<string, int> Pools { get; init; } =
        ImmutableSortedDictionary.Create<string, int>(StringComparer.Ordinal).Add(DefaultPool, DefaultPoolSlots);

    /// <summary>
    /// The devices that the slots of a pool are, by the name of the pool: their numbers or ids. Each is in one pool. Default none; pools
    /// of which nobody said it are missing.
    /// </summary>
    public ImmutableSortedDictionary<string, ImmutableArray<string>> Devices { get; init; } =
        ImmutableSortedDictionary.Create<string, ImmutableArray<string>>(StringComparer.Ordinal);

    /// <summary>Places outside the project that outputs go to, by name. Default none.</summary>
    public ImmutableSortedDictionary<string, Connection> Connections { get; init; } =
        ImmutableSortedDictionary.Create<string, Connection>(StringComparer.Ordinal);

    /// <summary>People by the name of their group, for those who may answer approvals. Default none.</summary>
    public ImmutableSortedDictionary<string, ImmutableArray<string>> Groups { get; init; } =
        ImmutableSortedDictionary.Create<string, ImmutableArray<string>>(StringComparer.Ordinal);

    /// <summary>Calendars by name, which schedules use. Default none; files can be named by their path.</summary>
    public ImmutableSortedDictionary<string, CalendarSource> Calendars { get; init; } =
        ImmutableSortedDictionary.Create<string, CalendarSource>(StringComparer.Ordinal);

    /// <summary>What outside tasks depend on, by name: whose circuit breakers and retry budgets count. Default none.</summary>
    public ImmutableSortedDictionary<string, TargetSpec> Targets { get; init; } =
        ImmutableSortedDictionary.Create<string, TargetSpec>(StringComparer.Ordinal);

    /// <summary>Task attempts of all pipelines that may run at one time. Default 16.</summary>
    public int MaxActiveTasks { get; init; } = 16;

    /// <summary>How long what an attempt staged may stay after the attempt is over, wherever it lies. Default 60 s.</summary>
    public TimeSpan StagingTtl { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long messages from outside are kept. Default 30 days after they were dealt with.</summary>
    public InboxSettings Inbox { get; init; } = InboxSettings.Default;

    /// <summary>How the logs of attempts are kept.</summary>
    public LogSettings Logs { get; init; } = LogSettings.Default;

    /// <summary>How long what has ended is kept. Default: runs and records 365 days, and at least 100 runs of a pipeline; the audit 730 days.</summary>
    public RetentionSettings Retention { get; init; } = RetentionSettings.Default;

    /// <summary>From what size on a backfill is warned of, and what an hour of work costs. Default nothing.</summary>
    public BackfillLimits Backfills { get; init; } = BackfillLimits.None;

    /// <summary>Settings of tasks that neither task nor pipeline gives. Default none.</summary>
    public TaskDefaults Defaults { get; init; } = TaskDefaults.None;

    /// <summary>Who is told of alerts. Default nobody.</summary>
    public AlertSettings Alerts { get; init; } = AlertSettings.None;

    /// <summary><c>.signalbox</c> in the project folder: database, logs, staged outputs, secrets.</summary>
    public string StateFolder => Path.Combine(Folder, StateFolderName);

    /// <summary>The values of <c>secret:NAME</c>.</summary>
    public Secrets Secrets => new(Path.Combine(StateFolder, Secrets.FolderName), new SealedSecrets(StateFolder));

    /// <summary>The pipelines of the project.</summary>
    public PipelineFolder OpenPipelines() => new(Folder, Defaults, Connections, Alerts, CalendarShelf, Targets);

    /// <summary>
    /// What keeps the secrets that a pipeline needs from being had, its own and those of the databases that it loads into or waits for: asked before the
    /// first task of a run starts.
    /// </summary>
    public ImmutableArray<Diagnostic> MissingSecrets(Pipeline pipeline)
    {
        var secrets = Secrets;
        var found = secrets.Missing(pipeline).ToBuilder();
        foreach (var task in pipeline.Tasks)
        {
            if (
                DatabaseOf(task) is var (database, field)
                && database.Address.Secret is { } secret
                && secrets.Resolve(secret).Problem is { } problem
            )
            {
                found.Add(
                    new Diagnostic(
                        "missing-secret",
                        Severity.Error,
                        $"tasks.{task.Name}.{field}",
                        $"connection `{database.Name}`: {problem}"
                    )
                );
            }
        }

        return found.ToImmutable();
    }

    /// <summary>The values that nobody may read in what a task wrote: of the secrets that it is given, and of the database that it works with. Those that can be found.</summary>
    public IReadOnlyList<string> SecretsOf(TaskNode task)
    {
        var secrets = Secrets;
        var values = Secrets.MentionedBy(task).Select(mentioned => secrets.Resolve(mentioned.Name).Value).OfType<string>().ToList();
        if (DatabaseOf(task) is var (database, _) && database.Address.Resolve(secrets).Value is { } address)
        {
            if (database.Address.Secret is not null)
            {
                values.Add(address);
            }

            values.AddRange(DatabaseAddress.PasswordsIn(address));
        }

        return values;
    }

    private (Connection.Postgres Connection, string Field)? DatabaseOf(TaskNode task)
    {
        var (name, field) = task.Kind switch
        {
            TaskKind.Load load => (TableName.Parse(load.Into, out _)?.Connection, "load.into"),
            TaskKind.WaitForSql wait => (wait.Connection, "wait_for.connection"),
            _ => (null, ""),
        };
        return name is not null && Connections.GetValueOrDefault(name) is Connection.Postgres database ? (database, field) : null;
    }

    /// <summary>Finds the calendars that schedules name.</summary>
    public CalendarShelf CalendarShelf => new(Folder, Calendars);

    /// <summary>
    /// The connection for <c>s3://bucket/...</c>: the one whose <c>bucket</c> it is, else the one that is named like the bucket, else the only one
    /// there is that is for all buckets.
    /// </summary>
    /// <param name="bucket">The name of the bucket.</param>
    /// <param name="problem">What is wrong and how to mend it; null exactly when there is a connection.</param>
    public Connection.S3? S3For(string bucket, out string? problem)
    {
        problem = null;
        var open = new List<Connection.S3>();
        foreach (var connection in Connections.Values.OfType<Connection.S3>())
        {
            if (connection.Bucket == bucket)
            {
                return connection;
            }

            if (connection.Bucket is null)
            {
                open.Add(connection);
            }
        }

        if (open.Find(connection => connection.Name == bucket) is { } named)
        {
            return named;
        }

        if (open is [var only])
        {
            return only;
        }

        problem =
            open.Count == 0
                ? $"no connection is for s3://{bucket}; write in {FileName}: connections: {{ {Named(bucket)}: {{ s3: {{ endpoint: ..., access_key: secret:NAME, secret_key: secret:NAME }} }} }}"
                : $"{string.Join(", ", open.Select(connection => $"`{connection.Name}`"))} could all be for s3://{bucket}; write `bucket: {bucket}` under the s3 of the one that is";
        return null;

        string Named(string name) => Core.Slug.Problem(name) is null && !Connections.ContainsKey(name) ? name : "lake";
    }

    /// <summary>
    /// Opens the project that a command is about: the folder it was told, else the current folder or the nearest one above it that has a
    /// <c>signalbox.yaml</c>, else the current folder.
    /// </summary>
    /// <param name="told">The value of <c>--project</c>, from <paramref name="current"/>; null when it was not given.</param>
    /// <param name="current">The full path of the current folder.</param>
    public static OpenedProject Find(string? told, string current)
    {
        if (told is not null)
        {
            var folder = Path.GetFullPath(told, current);
            return Directory.Exists(folder)
                ? Open(folder)
                : Refused(
                    told,
                    "no-project",
                    File.Exists(folder)
                        ? "this is a file; --project takes a folder"
                        : "there is no such folder; `signalbox init` makes a project"
                );
        }

        for (var folder = new DirectoryInfo(current); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, FileName)))
            {
                return Open(folder.FullName);
            }
        }

        return Open(current);
    }

    /// <summary>Opens the project in a folder that exists. Writes nothing.</summary>
    public static OpenedProject Open(string folder)
    {
        folder = Path.GetFullPath(folder);
        var file = Path.Combine(folder, FileName);
        if (!File.Exists(file))
        {
            return new OpenedProject(ProjectFile.Empty(folder), []);
        }

        byte[] content;
        try
        {
            content = File.ReadAllBytes(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Refused(FileName, "unreadable", $"the file cannot be read: {e.Message.TrimEnd('.')}");
        }

        return ProjectFile.Parse(FileName, content, folder);
    }

    /// <summary>
    /// Makes the state folder if there is none: open to its owner alone, and ignored by git.
    /// </summary>
    /// <exception cref="IOException">The folder cannot be made.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder must not be made.</exception>
    public void CreateState()
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(StateFolder);
        }
        else
        {
            Directory.CreateDirectory(StateFolder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        var ignore = Path.Combine(StateFolder, ".gitignore");
        if (!File.Exists(ignore))
        {
            File.WriteAllText(ignore, "*\n");
        }
    }

    private static OpenedProject Refused(string file, string code, string message) =>
        new(null, [new Problem(file, 1, 1, Severity.Error, code, message)]);
}
