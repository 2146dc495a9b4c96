using Signalbox.Core.Definitions;
using Signalbox.Engine.Attempts;
using Signalbox.Engine.Outputs.S3;
using Signalbox.Engine.Outputs.Tables;
using Signalbox.Engine.Projects;
using Signalbox.Storage;

namespace Signalbox.Engine.Outputs;

/// <summary>The list of places, and which of them a target belongs to.</summary>
public sealed class Places
{
    private readonly (string Scheme, IPlace Place)[] _schemes;
    private readonly IPlace _local;

    /// <param name="local">The place of paths of this machine.</param>
    /// <param name="schemes">The places of addresses, by what the address begins with, e.g. <c>s3://</c>.</param>
    public Places(IPlace local, params (string Scheme, IPlace Place)[] schemes) => (_local, _schemes) = (local, schemes);

    /// <summary>The places of a project: the one list of what there is.</summary>
    public static Places Of(Project project, EngineOptions options, Store store) =>
        new(
            options.LocalPlace(options.Staging(project.StateFolder)),
            (
                S3Address.Scheme,
                new S3Place(new S3Clients(project), project.StateFolder, id => store.Read(session => session.Publication(id)))
            ),
            (
                TableName.Scheme,
                new TablePlace(
                    project,
                    new StateFolder(project.StateFolder),
                    AttemptKeys.InstanceOf(store),
                    options.WorkerCommand,
                    options.Time
                )
            )
        );

    /// <summary>All places.</summary>
    public IEnumerable<IPlace> All => [_local, .. _schemes.Select(known => known.Place)];

    /// <summary>The place where a target lies.</summary>
    /// <exception cref="PlaceException">No place takes such an address.</exception>
    public IPlace Of(string target)
    {
        foreach (var (scheme, place) in _schemes)
        {
            if (target.StartsWith(scheme, StringComparison.Ordinal))
            {
                return place;
            }
        }

        return Targets.IsAddress(target)
            ? throw new PlaceException(
                Core.Retry.FailureClass.Permanent,
                $"nothing can be published to `{target}`: an output is a path or {string.Join(" or ", _schemes.Select(known => known.Scheme + "…"))}"
            )
            : _local;
    }
}
