using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Signalbox.Core;
using Signalbox.Core.Breakers;
using Signalbox.Core.Definitions;
using Signalbox.Engine.Alerts;
using Signalbox.Engine.Calendars;
using Signalbox.Engine.Projects;

namespace Signalbox.Engine.PipelineFiles;

/// <summary>A pipeline and the file it is from.</summary>
/// <param name="File">Relative to the project folder, with <c>/</c>.</param>
/// <param name="Pipeline">What the file says, or said when it could last be read.</param>
/// <param name="Version">The name of this content: a comment or another order of keys does not change it.</param>
public sealed record LoadedPipeline(string File, Pipeline Pipeline, VersionHash Version);

/// <summary>All pipelines of a folder at one instant.</summary>
/// <param name="Pipelines">In the order of their files.</param>
/// <param name="Problems">Of all files; a file with an error keeps its last good pipeline, if it had one.</param>
public sealed record PipelineSet(ImmutableArray<LoadedPipeline> Pipelines, ImmutableArray<Problem> Problems)
{
    public bool TryFind(string name, [NotNullWhen(true)] out LoadedPipeline? pipeline)
    {
        pipeline = Pipelines.FirstOrDefault(loaded => loaded.Pipeline.Name.Value == name);
        return pipeline is not null;
    }
}

/// <summary>
/// The folder <c>pipelines/</c> of a project: every <c>*.yaml</c> and <c>*.yml</c> in it and below it is a pipeline. Files that begin with a dot, and files
/// that editors leave, are none. A bad file is set aside alone.
/// </summary>
/// <remarks>Not safe for use from several threads at once.</remarks>
/// <param name="project">The project folder.</param>
/// <param name="defaults">Settings of tasks that neither task nor pipeline gives.</param>
/// <param name="connections">The connections that tasks may name. Null: whether there are such is not checked.</param>
/// <param name="alerts">With the channels that tasks may name. Null: whether there are such is not checked.</param>
/// <param name="targets">The targets that tasks may name. Null: whether there are such is not checked.</param>
/// <param name="calendars">The calendars that schedules may name beside files. Null: the project declares none.</param>
public sealed class PipelineFolder(
    string project,
    TaskDefaults? defaults = null,
    IReadOnlyDictionary<string, Connection>? connections = null,
    AlertSettings? alerts = null,
    CalendarShelf? calendars = null,
    IReadOnlyDictionary<string, TargetSpec>? targets = null
)
{
    /// <summary>The name of the folder in a project.</summary>
    public const string Name = "pipelines";

    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Settle = TimeSpan.FromMilliseconds(30);
    private static readonly EnumerationOptions Everything = new()
    {
        RecurseSubdirectories = true,
        MaxRecursionDepth = 8,
        IgnoreInaccessible = true,
        AttributesToSkip = FileAttributes.Hidden | FileAttributes.System,
    };

    private readonly CalendarShelf _calendars = calendars ?? new CalendarShelf(project, ImmutableDictionary<string, CalendarSource>.Empty);
    private readonly string _folder = System.IO.Path.Combine(project, Name);
    private readonly SortedDictionary<string, Known> _files = new(StringComparer.Ordinal);

    /// <summary>The full path of the folder; it need not exist.</summary>
    public string Path => _folder;

    /// <summary>
    /// Reads what has changed since the last call. A file that cannot be read any more keeps the pipeline it had; a file that is gone
    /// takes its pipeline with it.
    /// </summary>
    public PipelineSet Load()
    {
        Refresh();
        return Current();
    }

    /// <summary>
    /// The pipelines now, and again after every change, well within a second of it: told by the operating system, and by looking twice a
    /// second where that stays silent (network drives, mounts of containers). Ends when cancelled.
    /// </summary>
    public async IAsyncEnumerable<PipelineSet> WatchAsync([EnumeratorCancellation] CancellationToken cancel)
    {
        using var changed = new SemaphoreSlim(0, 1);
        using var watcher = Watcher(changed);
        Refresh();
        yield return Current();
        while (!cancel.IsCancellationRequested)
        {
            try
            {
                if (await changed.WaitAsync(Poll, cancel))
                {
                    // An editor's save is several steps; one reading after the last of them is enough.
                    await Task.Delay(Settle, cancel);
                }
            }
            catch (OperationCanceledException)
            {
                yield break;
            }

            if (Refresh())
            {
                yield return Current();
            }
        }
    }

    private FileSystemWatcher? Watcher(SemaphoreSlim changed)
    {
        try
        {
            var watcher = new FileSystemWatcher(project) { IncludeSubdirectories = false };
            if (Directory.Exists(_folder))
            {
                watcher.Path = _folder;
                watcher.IncludeSubdirectories = true;
            }

            watcher.NotifyFilter = NotifyFilters.FileName | NotifyFilters.DirectoryName | NotifyFilters.LastWrite | NotifyFilters.Size;
            void Wake(object sender, EventArgs args)
            {
                try
                {
                    changed.Release();
                }
                catch (Exception e) when (e is SemaphoreFullException or ObjectDisposedException)
                {
                    // Somebody has been woken already, or nobody listens any more.
                }
            }

            watcher.Changed += Wake;
            watcher.Created += Wake;
            watcher.Deleted += Wake;
            watcher.Renamed += Wake;
            watcher.EnableRaisingEvents = true;
            return watcher;
        }
        catch (Exception e) when (e is IOException or ArgumentException or UnauthorizedAccessException)
        {
            // No watch to be had (the system's limit of them, no such folder): looking twice a second is enough.
            return null;
        }
    }

    /// <summary>Whether anything has changed.</summary>
    private bool Refresh()
    {
        var changed = false;
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var path in Files())
        {
            var name = System.IO.Path.GetRelativePath(project, path).Replace('\\', '/');
            seen.Add(name);
            changed |= RefreshFile(name, path);
        }

        foreach (var gone in _files.Keys.Where(name => !seen.Contains(name)).ToList())
        {
            changed |= _files.Remove(gone);
        }

        return changed;
    }

    private IEnumerable<string> Files()
    {
        if (!Directory.Exists(_folder))
        {
            return [];
        }

        try
        {
            return
            [
                .. Directory
                    .EnumerateFiles(_folder, "*", Everything)
                    .Where(path =>
                        System.IO.Path.GetExtension(path) is ".yaml" or ".yml" && !System.IO.Path.GetFileName(path).StartsWith('.')
                    ),
            ];
        }
        catch (IOException)
        {
            // A folder vanished while it was listed: the next look sees what is left.
            return [.. _files.Keys.Select(name => System.IO.Path.Combine(project, name)).Where(File.Exists)];
        }
    }

    private bool RefreshFile(string name, string path)
    {
        _files.TryGetValue(name, out var known);
        byte[] content;
        var stamp = default(Stamp);
        try
        {
            var info = new FileInfo(path);
            stamp = new Stamp(info.LastWriteTimeUtc, info.Length);
            if (known is not null && known.Stamp == stamp && DateTime.UtcNow - stamp.Written > Racy && !known.IsOutdated)
            {
                return false;
            }

            content = PipelineFile.Load(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            var problem = new Problem(name, 1, 1, Severity.Error, "unreadable", $"the file cannot be read: {e.Message.TrimEnd('.')}");
            if (known is not null && known.Problems is [{ Code: "unreadable" } before] && before == problem)
            {
                return false;
            }

            _files[name] = new Known(stamp, [], known?.Loaded, [problem]);
            return true;
        }

        var hash = SHA256.HashData(content);
        if (known is not null && known.Hash.AsSpan().SequenceEqual(hash) && !known.IsOutdated)
        {
            _files[name] = known with { Stamp = stamp };
            return false;
        }

        var parsed = PipelineFile.Parse(name, content, defaults, connections, alerts, _calendars, targets);
        var loaded = parsed.Pipeline is { } pipeline ? new LoadedPipeline(name, pipeline, PipelineJson.HashOf(pipeline)) : known?.Loaded;
        _files[name] = new Known(stamp, hash, loaded, parsed.Problems)
        {
            NamePlace = parsed.PlaceOf("pipeline"),
            Others = [.. parsed.Files.Select(file => (file, Stamp.Of(file)))],
            Parsed = parsed.Pipeline is { } read && OtherPipelines.AreNamedBy(read) ? parsed : null,
        };
        return true;
    }

    // A file that was written within the grain of file times may be written again without its time moving on.
    private static readonly TimeSpan Racy = TimeSpan.FromSeconds(2);

    private PipelineSet Current()
    {
        var pipelines = ImmutableArray.CreateBuilder<LoadedPipeline>(_files.Count);
        var problems = ImmutableArray.CreateBuilder<Problem>();
        var owners = new Dictionary<PipelineName, string>();
        foreach (var (name, file) in _files)
        {
            problems.AddRange(file.Problems);
            if (file.Loaded is not { } loaded)
            {
                continue;
            }

            if (owners.TryAdd(loaded.Pipeline.Name, name))
            {
                pipelines.Add(loaded);
                continue;
            }

            problems.Add(
                new Problem(
                    name,
                    file.NamePlace.Line,
                    file.NamePlace.Column,
                    Severity.Error,
                    "duplicate-pipeline",
                    $"the pipeline `{loaded.Pipeline.Name}` is in {owners[loaded.Pipeline.Name]} already; give this one another name"
                )
            );
        }

        var isComplete = _files.Values.All(file => file.Loaded is not null);
        foreach (var (name, file) in _files)
        {
            if (file.Parsed is { } parsed)
            {
                problems.AddRange(OtherPipelines.Check(name, parsed, pipelines.Select(loaded => loaded.Pipeline), isComplete));
            }
        }

        return new PipelineSet(pipelines.ToImmutable(), problems.ToImmutable());
    }

    private readonly record struct Stamp(DateTime Written, long Length)
    {
        public static Stamp Of(string path)
        {
            var info = new FileInfo(path);
            return info.Exists ? new Stamp(info.LastWriteTimeUtc, info.Length) : default;
        }
    }

    private sealed record Known(Stamp Stamp, byte[] Hash, LoadedPipeline? Loaded, ImmutableArray<Problem> Problems)
    {
        public (int Line, int Column) NamePlace { get; init; } = (1, 1);

        /// <summary>The calendar files that went into it.</summary>
        public ImmutableArray<(string Path, Stamp Stamp)> Others { get; init; } = [];

        public bool IsOutdated => Others.Any(other => Stamp.Of(other.Path) != other.Stamp);

        /// <summary>Kept where the pipeline names others, of which mistakes may come and go while the file stays as it is.</summary>
        public ParsedPipeline? Parsed { get; init; }
    }
}
