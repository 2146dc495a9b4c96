using Signalbox.Core;
using Signalbox.Core.Runs;
using Signalbox.Storage;

namespace Signalbox.Engine.Outputs;

/// <summary>Where readers of a path are sent.</summary>
/// <param name="Path">The path or address to read.</param>
/// <param name="Version">The version that stands there; null when nothing was published there.</param>
/// <param name="Variant">The variant whose version it is; null is the live one, which people call blue.</param>
/// <param name="Active">The active variant of the pipeline that makes it; another than <paramref name="Variant"/> when that one never made this.</param>
public sealed record ActivePath(string Path, Publication? Version, RunNamespace? Variant, RunNamespace? Active)
{
    /// <summary>Whether the active variant lacks this, so that the live version is served in its place.</summary>
    public bool FallsBack => Active != Variant;
}

/// <summary>The variants that readers are served, of all pipelines that do not serve the live one; looked up once for what belongs together.</summary>
/// <remarks>
/// The one place that knows what "active" means for a path: what stands at a live path stays there, and a reader who resolves it is sent to
/// the same path in the active variant's namespace where that variant has published it, else to the live path.
/// </remarks>
public sealed class ActiveVariants
{
    // Of a folder with more versions than this inside, no claim is made that a variant has them all.
    private const int MostInside = 10_000;

    private readonly Dictionary<PipelineName, RunNamespace> _active;
    private readonly string _project;
    private readonly string _state;

    private ActiveVariants(Dictionary<PipelineName, RunNamespace> active, string project, string state)
    {
        _active = active;
        _project = project;
        _state = state;
    }

    /// <summary>As they are now.</summary>
    /// <param name="project">The project folder.</param>
    /// <param name="state">The state folder.</param>
    public static ActiveVariants Read(ReadSession session, string project, string state)
    {
        var active = new Dictionary<PipelineName, RunNamespace>();
        foreach (var latest in session.LatestVariantSwitches())
        {
            if (latest.To is { } variant)
            {
                active.Add(latest.Pipeline, variant);
            }
        }

        return new ActiveVariants(active, project, state);
    }

    /// <summary>The active variant of a pipeline; null is the live one.</summary>
    public RunNamespace? Of(PipelineName pipeline) => _active.TryGetValue(pipeline, out var variant) ? variant : null;

    /// <summary>Where readers of a live path or address are sent.</summary>
    /// <param name="live">The path as publications have it: absolute, or an address; without a trailing slash.</param>
    public ActivePath Resolve(ReadSession session, string live)
    {
        foreach (var (pipeline, variant) in _active)
        {
            if (session.PublicationAt(Targets.Output(_project, _state, variant, live)) is { } found && found.Pipeline == pipeline)
            {
                return new ActivePath(found.Path, found, variant, variant);
            }
        }

        var version = session.PublicationAt(live);
        return new ActivePath(live, version, null, version is null ? null : Of(version.Pipeline));
    }

    /// <summary>What readers of a dataset are served, by partition and path.</summary>
    public IReadOnlyList<ActivePath> Dataset(ReadSession session, string dataset)
    {
        var served = session.CurrentVersions(dataset).Select(version => Resolve(session, version.Path)).ToList();
        var known = served.Select(path => path.Path).ToHashSet(StringComparer.Ordinal);
        foreach (var (pipeline, variant) in _active)
        {
            // What the live line never made, the variant may have.
            foreach (var version in session.CurrentVersions(dataset, variant))
            {
                if (version.Pipeline == pipeline && known.Add(version.Path))
                {
                    served.Add(new ActivePath(version.Path, version, variant, variant));
                }
            }
        }

        return
        [
            .. served.OrderBy(path => path.Version!.Partition, StringComparer.Ordinal).ThenBy(path => path.Path, StringComparer.Ordinal),
        ];
    }

    /// <summary>
    /// Where an input of a run is read: what its own pipeline made in its own namespace, what other pipelines made in their active variants,
    /// and else what stands at the path.
    /// </summary>
    /// <param name="rendered">As the pipeline file gives it: relative to the project, absolute, with wildcards, or an address.</param>
    public string Input(ReadSession session, Run run, string rendered)
    {
        // Left as it is written where nothing is redirected, so that patterns and links come to the command unchanged.
        var live = Targets.IsAddress(rendered) ? rendered : Path.Combine(_project, rendered);
        if (run.Namespace is { IsVerify: true } proof && Targets.Input(_project, _state, proof, rendered) is var copy && copy != live)
        {
            // A proof works on a copy of the project: whatever is there is read there.
            return copy;
        }

        if (run.Namespace is { } own && Redirected(session, live, own, run.Pipeline) is { } mine)
        {
            return mine;
        }

        foreach (var (pipeline, variant) in _active)
        {
            // What a pipeline made itself is read in its own line: the live line goes on as if there were no other.
            if (pipeline != run.Pipeline && Redirected(session, live, variant, pipeline) is { } theirs)
            {
                return theirs;
            }
        }

        return live;
    }

    /// <summary>The same path in a namespace, when a pipeline has there whatever it has at the live one; else null.</summary>
    private string? Redirected(ReadSession session, string live, RunNamespace space, PipelineName pipeline)
    {
        var end = live.AsSpan().IndexOfAny("*?[");
        var stem = (end < 0 ? live : live[..(live.LastIndexOf('/', end) is > 0 and var slash ? slash : end)]).TrimEnd('/');
        if (!Targets.IsAddress(live) && stem.StartsWith(Targets.FolderOf(_state, space), StringComparison.Ordinal))
        {
            return live;
        }

        var there = Targets.Output(_project, _state, space, stem);
        if (there == stem)
        {
            return null;
        }

        var folder = Targets.IsAddress(stem) ? stem : Path.GetFullPath(stem);
        return IsIn(session, there, pipeline) || HasAllInside(session, folder, there, pipeline) ? there + live[stem.Length..] : null;
    }

    /// <summary>Whether a path is what a pipeline published, or a part of it.</summary>
    private static bool IsIn(ReadSession session, string path, PipelineName pipeline)
    {
        for (var at = path; at.Length > 1; at = at[..Math.Max(at.LastIndexOf('/'), 0)])
        {
            if (session.PublicationAt(at) is { } found)
            {
                return found.Pipeline == pipeline && (at == path || Path.Exists(path));
            }
        }

        return false;
    }

    private static bool HasAllInside(ReadSession session, string live, string there, PipelineName pipeline)
    {
        var inside = session.PublicationsInside(there, MostInside);
        if (inside.Count is 0 or MostInside || inside.Any(version => version.Pipeline != pipeline))
        {
            return false;
        }

        var lived = session.PublicationsInside(live, MostInside);
        if (lived.Count == 0)
        {
            // Files that nobody published here stand at the live path only.
            return !Path.Exists(live);
        }

        var names = inside.Select(version => version.Path[there.Length..]).ToHashSet(StringComparer.Ordinal);
        return lived.All(version => names.Contains(version.Path[live.Length..]));
    }
}
