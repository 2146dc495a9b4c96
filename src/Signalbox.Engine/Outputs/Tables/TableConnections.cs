using Signalbox.Core.Retry;
using Signalbox.Engine.Projects;

namespace Signalbox.Engine.Outputs.Tables;

/// <summary>What connections of a project come down to.</summary>
internal static class TableConnections
{
    /// <summary>The file of a database that is one; null for a server.</summary>
    public static string? FileOf(Connection connection) =>
        connection switch
        {
            Connection.Sqlite file => file.Path,
            Connection.DuckDb file => file.Path,
            _ => null,
        };

    /// <summary>The address with its password.</summary>
    /// <exception cref="PlaceException">Its secret cannot be had, or is no address.</exception>
    public static string AddressOf(Connection.Postgres connection, Project project)
    {
        var resolved = connection.Address.Resolve(project.Secrets);
        if (resolved.Value is not { } written)
        {
            throw new PlaceException(FailureClass.Auth, $"connection `{connection.Name}`: {resolved.Problem}");
        }

        return DatabaseAddress.Parse(written, project.Folder, out var problem) is { IsPostgres: true } address
            ? address.Value
            : throw new PlaceException(
                FailureClass.Auth,
                $"connection `{connection.Name}`: {problem ?? "an address of PostgreSQL is postgresql://user:password@host:port/database"}"
            );
    }

    /// <exception cref="PlaceException">There is none.</exception>
    public static Connection Named(string name, Project project) =>
        project.Connections.GetValueOrDefault(name)
        ?? throw new PlaceException(FailureClass.Permanent, $"there is no connection `{name}` in {Project.FileName} any more");
}
