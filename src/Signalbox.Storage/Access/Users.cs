using Signalbox.Core;
using Signalbox.Core.Access;

namespace Signalbox.Storage;

/// <summary>Somebody who signs in with a password.</summary>
/// <param name="Password">A salted hash with its algorithm and cost; opaque here.</param>
/// <param name="ChangedAt">When role or password was last set.</param>
public sealed record StoredUser(string Name, Role Role, string Password, DateTimeOffset CreatedAt, DateTimeOffset ChangedAt);

public partial class ReadSession
{
    private const string UserColumns = "name, role, password, created_ms, changed_ms from users";
    private static readonly Sql UserNamed = new($"select {UserColumns} where name = @name");
    private static readonly Sql AllUsers = new($"select {UserColumns} order by name");
    private static readonly Sql AnyUser = new("select 1 from users limit 1");

    /// <summary>Null when there is none of that name.</summary>
    public StoredUser? User(string name) => Use(UserNamed).Set("@name", name).First(UserOf);

    /// <summary>All users, by name.</summary>
    public IReadOnlyList<StoredUser> Users() => Use(AllUsers).All(UserOf);

    /// <summary>Whether there is any user.</summary>
    public bool HasUsers() => Use(AnyUser).Scalar() is not null;

    private static StoredUser UserOf(Statement row) => new(row.Text(), row.Word(Names.RoleOf), row.Text(), row.Time(), row.Time());
}

public sealed partial class WriteSession
{
    private static readonly Sql AddOneUser = new(
        """
        insert into users (name, role, password, created_ms, changed_ms) values (@name, @role, @password, @at_ms, @at_ms)
        on conflict (name) do nothing
        """
    );
    private static readonly Sql SetPassword = new("update users set password = @password, changed_ms = @at_ms where name = @name");
    private static readonly Sql RemoveOneUser = new("delete from users where name = @name");
    private static readonly Sql ForgetTokensOfUser = new("delete from access_tokens where user_name = @name");
    private static readonly Sql EndSessionsOfUser = new(
        "delete from access_tokens where user_name = @name and kind in ('session', 'link')"
    );

    /// <summary>Adds a user. False: there is one of that name.</summary>
    public bool AddUser(string name, Role role, string password, DateTimeOffset at) =>
        Use(AddOneUser).Set("@name", name).Set("@role", Names.Of(role)).Set("@password", password).Set("@at_ms", at).Execute() == 1;

    /// <summary>Sets a user's password and ends all sessions that began with the one before. False: there is no such user.</summary>
    public bool ChangePassword(string name, string password, DateTimeOffset at)
    {
        if (Use(SetPassword).Set("@password", password).Set("@at_ms", at).Set("@name", name).Execute() == 0)
        {
            return false;
        }

        Use(EndSessionsOfUser).Set("@name", name).Execute();
        return true;
    }

    /// <summary>Removes a user with the sessions and tokens of theirs. False: there is no such user.</summary>
    public bool RemoveUser(string name)
    {
        Use(ForgetTokensOfUser).Set("@name", name).Execute();
        return Use(RemoveOneUser).Set("@name", name).Execute() == 1;
    }
}
