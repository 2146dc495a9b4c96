using System.CommandLine;
using Signalbox.App.Api;
using Signalbox.Core;
using Signalbox.Core.Access;
using Signalbox.Storage;
using Spectre.Console;

namespace Signalbox.App.Cli;

/// <summary><c>users</c>: who signs in at the server.</summary>
internal static class UsersVerb
{
    public static readonly Verb Verb = new("users", "Who signs in at the server: add, list, remove, password", Build);

    private static Command Build()
    {
        var command = VerbParts.Command(
            Verb.Name,
            "Who signs in at the server with a password, and what they may do: a viewer sees everything, an admin also changes it. These verbs write "
                + "the project's database; whoever may write it needs no account for them.",
            "users add ann --role admin",
            "users list",
            "users password ann",
            "users remove ann"
        );
        command.Subcommands.Add(BuildAdd());
        command.Subcommands.Add(BuildList());
        command.Subcommands.Add(BuildPassword());
        command.Subcommands.Add(BuildRemove());
        return command;
    }

    /// <summary><c>--role</c>.</summary>
    public static Option<string> RoleOption(string description)
    {
        var role = new Option<string>("--role")
        {
            Description = description,
            HelpName = "ROLE",
            DefaultValueFactory = _ => Names.Of(Role.Viewer),
        };
        role.AcceptOnlyFromAmong([.. Enum.GetValues<Role>().Select(Names.Of)]);
        return role;
    }

    private static Command BuildAdd()
    {
        var command = VerbParts.Command(
            "add",
            "Adds a user. The password is asked for, or read as one line from standard input.",
            "users add ann --role admin"
        );
        var name = Name();
        var role = RoleOption("viewer or admin");
        var project = VerbParts.Project();
        var json = VerbParts.Json();
        command.Arguments.Add(name);
        command.Options.Add(role);
        command.Options.Add(project);
        command.Options.Add(json);
        command.SetAction(
            async (parsed, stop) =>
            {
                var who = parsed.GetRequiredValue(name);
                if (Slug.Problem(who) is { } wrong)
                {
                    throw new UserMistakeException($"NAME: {wrong}");
                }

                var word = parsed.GetValue(role)!;
                await using var store = AccessVerbs.Open(ProjectOpening.Find(parsed.GetValue(project)));
                if (store.Read(session => session.User(who)) is not null)
                {
                    throw new UserMistakeException(
                        $"there is a user `{who}` already; `signalbox users password {who}` gives a new password"
                    );
                }

                var hash = Passwords.Hash(AskPassword(who));
                await AccessVerbs.WriteAsync(
                    store,
                    (session, now) => session.AddUser(who, Names.RoleOf(word)!.Value, hash, now),
                    $"there is a user `{who}` already",
                    $"user {who} added as {word}",
                    stop
                );
                Asking.Print(new(Done: true, null, $"{who} may sign in as {word}"), parsed.GetValue(json));
                return ExitCode.Done;
            }
        );
        return command;
    }

    private static Command BuildList() =>
        AccessVerbs.List(
            "Lists the users.",
            "users list --json",
            project =>
            {
                using var store = ProjectOpening.FindStore(project);
                return [.. (store?.Read(session => session.Users()) ?? []).Select(UserLineDocument.Of)];
            },
            CliJson.Default.UserLineDocumentArray,
            users =>
                TextTable.Write(
                    Console.Out,
                    ["user", "role", "since (UTC)", "password set (UTC)"],
                    [.. users.Select(user => new[] { user.Name, user.Role, user.CreatedAt[..10], user.ChangedAt[..10] })]
                ),
            "no users; `signalbox users add NAME --role admin` makes one"
        );

    private static Command BuildPassword() =>
        AccessVerbs.Change(
            "password",
            "Gives a user a new password, and ends their sessions. It is asked for, or read as one line from standard input.",
            "users password ann",
            Name(),
            async (project, who, stop) =>
            {
                await using var store = AccessVerbs.Open(project);
                if (store.Read(session => session.User(who)) is null)
                {
                    throw new UserMistakeException(Unknown(store, who));
                }

                var hash = Passwords.Hash(AskPassword(who));
                await AccessVerbs.WriteAsync(
                    store,
                    (session, now) => session.ChangePassword(who, hash, now),
                    Unknown(store, who),
                    $"password of user {who} changed",
                    stop
                );
                return $"{who} has a new password, and has to sign in anew";
            }
        );

    private static Command BuildRemove() =>
        AccessVerbs.Change(
            "remove",
            "Removes a user with their sessions and tokens.",
            "users remove ann",
            Name(),
            async (project, who, stop) =>
            {
                await using var store = AccessVerbs.Open(project);
                await AccessVerbs.WriteAsync(
                    store,
                    (session, _) => session.RemoveUser(who),
                    Unknown(store, who),
                    $"user {who} removed",
                    stop
                );
                return $"{who} is removed";
            }
        );

    private static Argument<string> Name() => new("NAME") { Description = "The name of the user" };

    private static string Unknown(Store store, string who) =>
        $"there is no user `{who}`{Suggestion.DidYouMean(who, store.Read(session => session.Users()).Select(user => user.Name))}";

    /// <summary>A new password of a user, from the terminal or standard input.</summary>
    public static string AskPassword(string who)
    {
        string? password;
        if (Console.IsInputRedirected)
        {
            password = Console.In.ReadLine();
        }
        else
        {
            password = AnsiConsole.Prompt(new TextPrompt<string>($"Password for {Markup.Escape(who)}:").Secret(null));
            if (AnsiConsole.Prompt(new TextPrompt<string>("Once more:").Secret(null)) != password)
            {
                throw new UserMistakeException("the two passwords differ; nothing was changed");
            }
        }

        return Passwords.Problem(password ?? "") is { } weak ? throw new UserMistakeException($"{weak}; nothing was changed") : password!;
    }
}

/// <summary>One line of <c>users list --json</c>.</summary>
internal sealed record UserLineDocument(string Name, string Role, string CreatedAt, string ChangedAt)
{
    public static UserLineDocument Of(StoredUser user) =>
        new(user.Name, Names.Of(user.Role), InstantText.Fine(user.CreatedAt), InstantText.Fine(user.ChangedAt));
}
