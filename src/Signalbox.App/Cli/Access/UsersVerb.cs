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
                await using var store = AccessWrites.Open(parsed.GetValue(project));
                if (store.Read(session => session.User(who)) is not null)
                {
                    throw new UserMistakeException(
                        $"there is a user `{who}` already; `signalbox users password {who}` gives a new password"
                    );
                }

                var hash = Passwords.Hash(AskPassword(who));
                await AccessWrites.WriteAsync(
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

    private static Command BuildList()
    {
        var command = VerbParts.Command("list", "Lists the users.", "users list --json");
        var project = VerbParts.Project();
        var json = VerbParts.Json();
        command.Options.Add(project);
        command.Options.Add(json);
        command.SetAction(parsed =>
        {
            using var store = ProjectOpening.FindStore(ProjectOpening.Find(parsed.GetValue(project)));
            var users = store?.Read(session => session.Users()) ?? [];
            if (parsed.GetValue(json))
            {
                CliJson.Print([.. users.Select(UserLineDocument.Of)], CliJson.Default.UserLineDocumentArray);
            }
            else if (users.Count == 0)
            {
                Console.Out.WriteLine("no users; `signalbox users add NAME --role admin` makes one");
            }
            else
            {
                TextTable.Write(
                    Console.Out,
                    ["user", "role", "since (UTC)", "password set (UTC)"],
                    [
                        .. users.Select(user =>
                            new[]
                            {
                                user.Name,
                                Names.Of(user.Role),
                                InstantText.Utc(user.CreatedAt)[..10],
                                InstantText.Utc(user.ChangedAt)[..10],
                            }
                        ),
                    ]
                );
            }

            return ExitCode.Done;
        });
        return command;
    }

    private static Command BuildPassword()
    {
        var command = VerbParts.Command(
            "password",
            "Gives a user a new password, and ends their sessions. It is asked for, or read as one line from standard input.",
            "users password ann"
        );
        var name = Name();
        var project = VerbParts.Project();
        var json = VerbParts.Json();
        command.Arguments.Add(name);
        command.Options.Add(project);
        command.Options.Add(json);
        command.SetAction(
            async (parsed, stop) =>
            {
                var who = parsed.GetRequiredValue(name);
                await using var store = AccessWrites.Open(parsed.GetValue(project));
                if (store.Read(session => session.User(who)) is null)
                {
                    throw new UserMistakeException(Unknown(store, who));
                }

                var hash = Passwords.Hash(AskPassword(who));
                await AccessWrites.WriteAsync(
                    store,
                    (session, now) => session.ChangePassword(who, hash, now),
                    Unknown(store, who),
                    $"password of user {who} changed",
                    stop
                );
                Asking.Print(new(Done: true, null, $"{who} has a new password, and has to sign in anew"), parsed.GetValue(json));
                return ExitCode.Done;
            }
        );
        return command;
    }

    private static Command BuildRemove()
    {
        var command = VerbParts.Command("remove", "Removes a user with their sessions and tokens.", "users remove ann");
        var name = Name();
        var project = VerbParts.Project();
        var json = VerbParts.Json();
        command.Arguments.Add(name);
        command.Options.Add(project);
        command.Options.Add(json);
        command.SetAction(
            async (parsed, stop) =>
            {
                var who = parsed.GetRequiredValue(name);
                await using var store = AccessWrites.Open(parsed.GetValue(project));
                await AccessWrites.WriteAsync(
                    store,
                    (session, _) => session.RemoveUser(who),
                    Unknown(store, who),
                    $"user {who} removed",
                    stop
                );
                Asking.Print(new(Done: true, null, $"{who} is removed"), parsed.GetValue(json));
                return ExitCode.Done;
            }
        );
        return command;
    }

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

/// <summary>What the verbs about access have in common.</summary>
internal static class AccessWrites
{
    public static Store Open(string? told)
    {
        var project = ProjectOpening.Find(told);
        project.CreateState();
        return Store.Open(project.Database.Value);
    }

    /// <summary>Writes, with a line in the audit.</summary>
    /// <param name="work">False: nothing was there to be changed.</param>
    /// <exception cref="UserMistakeException">Nothing was.</exception>
    public static async Task WriteAsync(
        Store store,
        Func<WriteSession, DateTimeOffset, bool> work,
        string otherwise,
        string what,
        CancellationToken stop
    )
    {
        var now = TimeProvider.System.GetUtcNow();
        var isDone = await store.WriteAsync(
            session =>
            {
                if (!work(session, now))
                {
                    return false;
                }

                session.AddAudit(new AuditLine(now, Environment.UserName, what, Reason: null));
                return true;
            },
            stop
        );
        if (!isDone)
        {
            throw new UserMistakeException(otherwise);
        }
    }
}
