using Signalbox.Core.Access;
using Signalbox.Engine.Projects;
using Signalbox.Storage;

namespace Signalbox.App.Api;

/// <summary>
/// The way in while there is no user: a token that whoever may read the server's output, or the project's state folder, can turn into the first
/// admin. It is made at each start and counts until there is a user.
/// </summary>
internal sealed class SetUp(Project project, Store store)
{
    public const string FileName = "setup-token";

    private string? _token;

    public bool IsNeeded => !store.Read(session => session.HasUsers());

    private string Path => System.IO.Path.Combine(project.StateFolder, FileName);

    /// <summary>Makes the token, in memory and in a file that only its owner may read. Null: there are users, so there is none.</summary>
    public string? Begin()
    {
        File.Delete(Path);
        if (!IsNeeded)
        {
            return null;
        }

        var token = SecretToken.Make();
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using (var file = new FileStream(Path, options))
        using (var writer = new StreamWriter(file))
        {
            writer.WriteLine(token);
        }

        return _token = token;
    }

    /// <summary>Makes the first admin. False: there is a user already.</summary>
    /// <exception cref="ApiException">The token is not the one of this start.</exception>
    public async Task<bool> EndAsync(string token, string name, string password, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (_token is not { } expected || !SecretToken.AreEqual(token, expected))
        {
            throw new ApiException(
                403,
                "wrong_token",
                $"this is not the set-up token; the server printed it, and it stands in {FileName} of the state folder"
            );
        }

        var hash = Passwords.Hash(password);
        var isFirst = await store.WriteAsync(
            session => !session.HasUsers() && session.AddUser(name, Role.Admin, hash, now),
            cancellationToken
        );
        if (isFirst)
        {
            _token = null;
            File.Delete(Path);
        }

        return isFirst;
    }
}
