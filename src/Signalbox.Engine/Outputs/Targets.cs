using Signalbox.Core.Runs;
using Signalbox.Engine.Outputs.Tables;

namespace Signalbox.Engine.Outputs;

/// <summary>Where outputs and inputs lie: rendered paths made absolute, and redirected for a run in a namespace.</summary>
public static class Targets
{
    /// <summary>The folder of all namespaces, in the state folder; in a bucket, the prefix.</summary>
    public const string NamespacesFolder = "namespaces";

    private const string S3 = "s3://";

    /// <summary>Whether it is an address (<c>s3://…</c>) and not a path of this machine.</summary>
    public static bool IsAddress(string target) => target.Contains("://", StringComparison.Ordinal);

    /// <summary>Where an output is published.</summary>
    /// <param name="project">The project folder.</param>
    /// <param name="state">The state folder.</param>
    /// <param name="space">The run's namespace; null for a live run.</param>
    /// <param name="rendered">The path as the pipeline gives it; a trailing slash is kept.</param>
    public static string Output(string project, string state, RunNamespace? space, string rendered)
    {
        if (!IsAddress(rendered))
        {
            var full = Path.GetFullPath(rendered, project);
            return space is { } name ? Redirected(project, state, name, full) : full;
        }

        if (space is { } apart && TableTarget.IsTable(rendered))
        {
            return TableTarget.Redirected(rendered, apart);
        }

        if (space is { IsShadow: true } shadow && rendered.StartsWith(S3, StringComparison.Ordinal))
        {
            // A comparison reaches nothing outside this machine, and its rows are read here.
            return Path.Combine(FolderOf(state, shadow), "s3", rendered[S3.Length..]);
        }

        return space is { } ns && rendered.StartsWith(S3, StringComparison.Ordinal) && rendered.IndexOf('/', S3.Length) is > 0 and var slash
            ? $"{rendered[..slash]}/_{NamespacesFolder}/{ns.Value}{rendered[slash..]}"
            : rendered;
    }

    /// <summary>Where an input is read from: in a namespace, what was made there, or else what live readers see.</summary>
    public static string Input(string project, string state, RunNamespace? space, string rendered)
    {
        if (IsAddress(rendered))
        {
            return rendered;
        }

        // Left as it is written, so that patterns and links come to the command unchanged.
        var live = Path.Combine(project, rendered);
        if (space is not { } name || live.StartsWith(FolderOf(state, name), StringComparison.Ordinal))
        {
            return live;
        }

        var redirected = Redirected(project, state, name, Path.GetFullPath(live));
        return Path.Exists(redirected.TrimEnd('/')) ? redirected : live;
    }

    /// <summary>The folder with everything local that runs of a namespace have made.</summary>
    public static string FolderOf(string state, RunNamespace space) => Path.Combine(state, NamespacesFolder, space.Value);

    private static string Redirected(string project, string state, RunNamespace space, string full)
    {
        var relative = Path.GetRelativePath(project, full);
        return Path.Combine(
            FolderOf(state, space),
            relative.StartsWith("..", StringComparison.Ordinal) || Path.IsPathRooted(relative)
                    ? Path.Combine("outside", full.TrimStart('/'))
                : full.EndsWith('/') && !relative.EndsWith('/') ? relative + "/"
                : relative
        );
    }
}
