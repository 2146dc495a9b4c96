using Signalbox.Core.Retry;
using Signalbox.Engine.Projects;

namespace Signalbox.Engine.Outputs.S3;

/// <summary>The talk with the servers of a project's connections; begun when a bucket is first used.</summary>
internal sealed class S3Clients(Project project, S3Limits? limits = null)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, (string? Access, string? Secret, S3Client Client)> _clients = new(StringComparer.Ordinal);

    /// <summary>How outputs of several objects lie in a bucket; versions where no connection is for it.</summary>
    public ObjectLayout LayoutOf(string bucket) => project.S3For(bucket, out _)?.Layout ?? ObjectLayout.Versions;

    /// <summary>The client for a bucket, with the credentials as they are now.</summary>
    /// <exception cref="PlaceException">No connection is for it, or its secrets cannot be had.</exception>
    public S3Client Of(string bucket)
    {
        var connection = project.S3For(bucket, out var problem) ?? throw new PlaceException(FailureClass.Permanent, problem!);
        var access = Resolve(connection, connection.AccessKey);
        var secret = Resolve(connection, connection.SecretKey);
        lock (_lock)
        {
            if (_clients.TryGetValue(connection.Name, out var known) && (known.Access, known.Secret) == (access, secret))
            {
                return known.Client;
            }

            // The one with the old credentials may be in use still; it holds nothing but idle connections.
            var client = new S3Client(connection, access, secret, limits ?? S3Limits.Default);
            _clients[connection.Name] = (access, secret, client);
            return client;
        }
    }

    private string? Resolve(Connection.S3 connection, SecretText? text) =>
        text?.Resolve(project.Secrets) is not { } found
            ? null
            : found.Value ?? throw new PlaceException(FailureClass.Auth, $"connection `{connection.Name}`: {found.Problem}");
}
