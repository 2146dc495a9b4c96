namespace Signalbox.Engine.Projects;

/// <summary>Where the state of a project is kept: the argument of <c>Store.Open</c>, and how it is shown.</summary>
/// <param name="Value">The full path of a SQLite file, or <c>postgresql://user:password@host:port/database</c>.</param>
public sealed record DatabaseAddress(string Value)
{
    private static readonly string[] Postgres = ["postgres", "postgresql"];

    public bool IsPostgres => Value.StartsWith("postgres", StringComparison.Ordinal) && Value.Contains("://", StringComparison.Ordinal);

    /// <summary>
    /// Reads what a user writes: <c>sqlite</c>, <c>sqlite:///path</c>, a path, or an address of PostgreSQL as SQLAlchemy has it, also
    /// with a driver (<c>postgresql+psycopg2://</c>), which is dropped.
    /// </summary>
    /// <param name="text">What is written.</param>
    /// <param name="project">The project folder, from which relative paths go.</param>
    /// <param name="problem">What is wrong and how to mend it; null when the address is good.</param>
    public static DatabaseAddress? Parse(string text, string project, out string? problem)
    {
        problem = null;
        var scheme = text.IndexOf("://", StringComparison.Ordinal);
        if (scheme < 0)
        {
            if (text == "sqlite")
            {
                return new DatabaseAddress(Path.Combine(project, Project.StateFolderName, "signalbox.db"));
            }

            // A word alone is a misspelt kind of database rather than a file.
            if (text.AsSpan().ContainsAny('/', '.'))
            {
                return new DatabaseAddress(Path.GetFullPath(text, project));
            }

            problem = $"`{text}` is no database; write sqlite, a path such as ./state.db, or postgresql://user:password@host:port/database";
            return null;
        }

        var (name, rest) = (text[..scheme].Split('+')[0], text[(scheme + 3)..]);
        if (name == "sqlite")
        {
            // Three slashes before a relative path, four before one from the root, as SQLAlchemy has it.
            if (rest.Length > 1 && rest[0] == '/')
            {
                return new DatabaseAddress(Path.GetFullPath(rest[1..], project));
            }

            problem = "an address of SQLite is sqlite:///relative/path or sqlite:////path/from/the/root";
            return null;
        }

        if (!Postgres.Contains(name, StringComparer.Ordinal))
        {
            problem = $"there is no database `{name}`; write sqlite, or postgresql://user:password@host:port/database";
            return null;
        }

        var address = $"{name}://{rest}";
        if (!Uri.TryCreate(address, UriKind.Absolute, out var uri) || uri.AbsolutePath.Length < 2)
        {
            problem =
                "an address of PostgreSQL is postgresql://user:password@host:port/database; characters such as @ / : % in the password are written %40 %2F %3A %25";
            return null;
        }

        return new DatabaseAddress(address);
    }

    /// <summary>The password of an address, as it is written there and as it is sent; none where it has none.</summary>
    public static IEnumerable<string> PasswordsIn(string address)
    {
        if (
            Uri.TryCreate(address, UriKind.Absolute, out var uri)
            && uri.UserInfo.IndexOf(':', StringComparison.Ordinal) is var colon
            && colon >= 0
        )
        {
            var written = uri.UserInfo[(colon + 1)..];
            return ((string[])[written, Uri.UnescapeDataString(written)]).Where(password => password.Length > 0).Distinct();
        }

        return [];
    }

    /// <summary>The address without its password.</summary>
    public override string ToString()
    {
        if (!IsPostgres || !Uri.TryCreate(Value, UriKind.Absolute, out var uri) || uri.UserInfo.Length == 0)
        {
            return Value;
        }

        var user = uri.UserInfo.Split(':')[0];
        return $"{uri.Scheme}://{user}{(uri.UserInfo.Contains(':', StringComparison.Ordinal) ? ":***" : "")}@{uri.Authority.Split('@')[^1]}{uri.AbsolutePath}";
    }
}
