using System.CommandLine;
using Signalbox.App.Api;
using Signalbox.Core;
using Signalbox.Core.Access;
using Signalbox.Core.Time;
using Signalbox.Storage;

namespace Signalbox.App.Cli;

/// <summary><c>tokens</c>: what programs call the server with.</summary>
internal static class TokensVerb
{
    public static readonly Verb Verb = new("tokens", "What programs call the server with: create, list, revoke", Build);

    private static Command Build()
    {
        var command = VerbParts.Command(
            Verb.Name,
            "Tokens with which programs call the server: `Authorization: Bearer TOKEN`. Each has a role, an end, and is shown once: only its hash is kept.",
            "tokens create nightly --role admin --expires 30d",
            "tokens list",
            "tokens revoke nightly"
        );
        command.Subcommands.Add(BuildCreate());
        command.Subcommands.Add(BuildList());
        command.Subcommands.Add(BuildRevoke());
        return command;
    }

    private static Command BuildCreate()
    {
        var command = VerbParts.Command(
            "create",
            "Makes a token and prints it, this once.",
            "tokens create dashboard",
            "tokens create nightly --role admin --expires 30d"
        );
        var name = new Argument<string>("NAME") { Description = "What it is for; no two tokens have one name" };
        var role = UsersVerb.RoleOption("What its bearer may do: viewer or admin");
        var expires = new Option<string>("--expires")
        {
            Description = "How long it counts, e.g. 12h or 30d; at most a year",
            HelpName = "DURATION",
            DefaultValueFactory = _ => "90d",
        };
        var user = new Option<string?>("--user")
        {
            Description = "Whose it is: it never allows more than that user may, and ends with the account",
            HelpName = "NAME",
        };
        var project = VerbParts.Project();
        var json = VerbParts.Json();
        command.Arguments.Add(name);
        foreach (var option in new Option[] { role, expires, user, project, json })
        {
            command.Options.Add(option);
        }

        command.SetAction(
            async (parsed, stop) =>
            {
                var what = parsed.GetRequiredValue(name);
                await using var store = AccessVerbs.Open(ProjectOpening.Find(parsed.GetValue(project)));
                var made = NewToken.Make(
                    store,
                    what,
                    parsed.GetValue(role)!,
                    parsed.GetValue(expires)!,
                    parsed.GetValue(user),
                    TimeProvider.System.GetUtcNow()
                );
                if (made.Problem is { } problem)
                {
                    throw new UserMistakeException(problem);
                }

                var token = made.Token!;
                await AccessVerbs.WriteAsync(
                    store,
                    (session, _) => session.AddAccessToken(token),
                    NewToken.Taken(what),
                    $"token {what} created as {Names.Of(token.Role)}",
                    stop
                );
                if (parsed.GetValue(json))
                {
                    CliJson.Print(
                        new TokenMadeDocument(what, made.Secret!, Names.Of(token.Role), InstantText.Fine(token.ExpiresAt)),
                        CliJson.Default.TokenMadeDocument
                    );
                }
                else
                {
                    Console.Out.WriteLine(made.Secret);
                    Console.Error.WriteLine(
                        $"token {what}, {Names.Of(token.Role)}, until {InstantText.Utc(token.ExpiresAt)}; it is not shown again"
                    );
                }

                return ExitCode.Done;
            }
        );
        return command;
    }

    private static Command BuildList() =>
        AccessVerbs.List(
            "Lists the tokens, without their secrets.",
            "tokens list --json",
            project =>
            {
                using var store = ProjectOpening.FindStore(project);
                var now = TimeProvider.System.GetUtcNow();
                return
                [
                    .. (store?.Read(session => session.AccessTokens(AccessTokenKind.Api)) ?? []).Select(token =>
                        TokenDocument.Of(token, now)
                    ),
                ];
            },
            CliJson.Default.TokenDocumentArray,
            tokens =>
                TextTable.Write(
                    Console.Out,
                    ["token", "state", "role", "user", "created (UTC)", "expires (UTC)", "last used (UTC)"],
                    [
                        .. tokens.Select(token =>
                            new[]
                            {
                                token.Name,
                                token.State,
                                token.Role,
                                token.User ?? "",
                                token.CreatedAt[..16].Replace('T', ' '),
                                token.ExpiresAt[..16].Replace('T', ' '),
                                token.UsedAt?[..16].Replace('T', ' ') ?? "never",
                            }
                        ),
                    ]
                ),
            "no tokens"
        );

    private static Command BuildRevoke() =>
        AccessVerbs.Change(
            "revoke",
            "Ends a token at once and for ever.",
            "tokens revoke nightly",
            new Argument<string>("NAME") { Description = "The name of the token" },
            async (project, what, stop) =>
            {
                await using var store = AccessVerbs.Open(project);
                await AccessVerbs.WriteAsync(
                    store,
                    (session, now) => session.RevokeAccessToken(what, now),
                    $"there is no token `{what}` that counts; `signalbox tokens list` lists them",
                    $"token {what} revoked",
                    stop
                );
                return $"token {what} is revoked";
            }
        );
}

/// <summary>A token that is about to be kept.</summary>
/// <param name="Problem">Why there is none; null exactly when there is one.</param>
internal sealed record NewToken(AccessToken? Token, string? Secret, string? Problem)
{
    private static readonly TimeSpan Longest = TimeSpan.FromDays(366);

    public static string Taken(string name) => $"there is a token `{name}` already; revoke it first, or take another name";

    /// <param name="role">A word.</param>
    /// <param name="life">A duration such as <c>30d</c>.</param>
    public static NewToken Make(Store store, string name, string role, string life, string? user, DateTimeOffset now)
    {
        if (Slug.Problem(name) is { } wrong)
        {
            return new(null, null, $"NAME: {wrong}");
        }

        if (Duration.Parse(life) is not { Value: { } span })
        {
            return new(null, null, $"--expires: {Duration.Parse(life).Error}");
        }

        if (span <= TimeSpan.Zero || span > Longest)
        {
            return new(null, null, "--expires: a token counts for at most a year, e.g. 90d");
        }

        if (Names.RoleOf(role) is not { } level)
        {
            return new(null, null, $"--role: `{role}` is none of {string.Join(", ", Enum.GetValues<Role>().Select(Names.Of))}");
        }

        if (user is not null && store.Read(session => session.User(user)) is not { } owner)
        {
            return new(null, null, $"--user: there is no user `{user}`");
        }

        var secret = SecretToken.Make(SecretToken.ApiPrefix);
        return new(new AccessToken(0, AccessTokenKind.Api, name, SecretToken.HashOf(secret), level, user, now, now + span), secret, null);
    }
}

/// <summary><c>tokens create --json</c>: the only time that the secret is told.</summary>
internal sealed record TokenMadeDocument(string Name, string Token, string Role, string ExpiresAt);

/// <summary>One line of <c>tokens list --json</c>.</summary>
/// <param name="State">active, expired or revoked.</param>
/// <param name="User">Whose it is; null when whoever may write the database made it for nobody.</param>
internal sealed record TokenDocument(
    string Name,
    string State,
    string Role,
    string? User,
    string CreatedAt,
    string ExpiresAt,
    string? UsedAt,
    string? RevokedAt
)
{
    public static TokenDocument Of(AccessToken token, DateTimeOffset now) =>
        new(
            token.Name,
            token.RevokedAt is not null ? "revoked"
                : token.ExpiresAt <= now ? "expired"
                : "active",
            Names.Of(token.Role),
            token.User,
            InstantText.Fine(token.CreatedAt),
            InstantText.Fine(token.ExpiresAt),
            InstantText.Fine(token.UsedAt),
            InstantText.Fine(token.RevokedAt)
        );
}
