using System.CommandLine;
using Signalbox.Core;

namespace Signalbox.App.Cli;

/// <summary>Which server is meant, and what it knows the caller by.</summary>
internal static class RemoteOptions
{
    private const UnixFileMode OfOthers =
        UnixFileMode.GroupRead
        | UnixFileMode.GroupWrite
        | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead
        | UnixFileMode.OtherWrite
        | UnixFileMode.OtherExecute;

    private static readonly Option<string?> Server = new("--server")
    {
        Description = $"Ask the server at this address instead of opening a project here. Default: ${TaskEnvironment.Server}",
        HelpName = "URL",
        Recursive = true,
    };

    private static readonly Option<bool> InsecureHttp = new("--insecure-http")
    {
        Description = "With --server: send the token also over plain http:// to another machine",
        Recursive = true,
    };

    public static readonly string[] Names = [Server.Name, InsecureHttp.Name];

    /// <summary>Lets every verb take the options, that is not <c>serve</c>, which has meanings of its own for them.</summary>
    public static void AddTo(Command root, Verb verb)
    {
        if (verb != ServeVerb.Verb)
        {
            root.Options.Add(Server);
            root.Options.Add(InsecureHttp);
        }
    }

    /// <summary>The server that a call is for; null: it is for a project here. A project or server that is named counts before the variable.</summary>
    /// <param name="isNamed">Whether the call names it, and not only the variable.</param>
    /// <exception cref="UserMistakeException">It is no address, or the token may not go there.</exception>
    public static Uri? AddressOf(ParseResult parsed, out bool isNamed)
    {
        var told = parsed.GetResult(Server) is null ? null : parsed.GetValue(Server);
        isNamed = told is not null;
        var isForProject = parsed.CommandResult.Command.Options.Any(option =>
            option.Name == "--project" && parsed.GetResult(option) is { Implicit: false }
        );
        var text = told ?? (isForProject ? null : Environment.GetEnvironmentVariable(TaskEnvironment.Server));
        if (string.IsNullOrEmpty(text))
        {
            return null;
        }

        var source = isNamed ? Server.Name : TaskEnvironment.Server;
        if (!Uri.TryCreate(text, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
        {
            throw new UserMistakeException($"{source}: `{text}` is no address of a server; write e.g. https://signalbox.example:8400");
        }

        if (address is { UserInfo.Length: > 0 } or { Query.Length: > 0 } or { Fragment.Length: > 0 } or { AbsolutePath.Length: > 1 })
        {
            throw new UserMistakeException($"{source}: write only scheme, host and port, e.g. {address.Scheme}://{address.Authority}");
        }

        return address.Scheme == "https" || address.IsLoopback || parsed.GetValue(InsecureHttp)
            ? address
            : throw new UserMistakeException(
                $"{source}: the token would go to {address.Host} in clear; write https://, or add --insecure-http where nobody can listen"
            );
    }

    /// <summary>The token: that of the environment, else that of the file. Null: there is none.</summary>
    /// <exception cref="UserMistakeException">The file may be read by others, or the one that is named is not there.</exception>
    public static string? Token()
    {
        if (Environment.GetEnvironmentVariable(TaskEnvironment.Token) is { Length: > 0 } told)
        {
            return told.Trim();
        }

        var named = Environment.GetEnvironmentVariable(TaskEnvironment.TokenFile);
        var path = string.IsNullOrEmpty(named) ? DefaultFile() : named;
        if (!File.Exists(path))
        {
            return string.IsNullOrEmpty(named)
                ? null
                : throw new UserMistakeException($"{TaskEnvironment.TokenFile}: there is no file {path}");
        }

        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & OfOthers) != UnixFileMode.None)
        {
            throw new UserMistakeException($"{path}: others can read the token in it; `chmod 600 {path}` keeps it to yourself");
        }

        return File.ReadAllText(path).Trim() is { Length: > 0 } token
            ? token
            : throw new UserMistakeException($"{path}: it is empty; write a token of `signalbox tokens create` into it");
    }

    /// <summary>Where a token is looked for when the environment says nothing.</summary>
    public static string DefaultFile() =>
        Path.Combine(
            Environment.GetEnvironmentVariable("XDG_CONFIG_HOME") is { Length: > 0 } home
                ? home
                : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".config"),
            "signalbox",
            "token"
        );
}
