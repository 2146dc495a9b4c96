using System.CommandLine;
using System.Text.Json.Serialization.Metadata;
using Signalbox.Engine.Projects;
using Signalbox.Storage;

namespace Signalbox.App.Cli;

/// <summary>What the verbs about users, tokens and secrets have in common: a list of what there is, and a change of one that is named.</summary>
internal static class AccessVerbs
{
    /// <param name="read">What there is.</param>
    /// <param name="print">Prints it for people; only called when there is something.</param>
    /// <param name="nothing">The line for when there is nothing.</param>
    public static Command List<T>(
        string description,
        string example,
        Func<Project, T[]> read,
        JsonTypeInfo<T[]> type,
        Action<T[]> print,
        string nothing
    )
    {
        var command = VerbParts.Command("list", description, example);
        var project = VerbParts.Project();
        var json = VerbParts.Json();
        command.Options.Add(project);
        command.Options.Add(json);
        command.SetAction(parsed =>
        {
            var found = read(ProjectOpening.Find(parsed.GetValue(project)));
            if (parsed.GetValue(json))
            {
                CliJson.Print(found, type);
            }
            else if (found.Length == 0)
            {
                Console.Out.WriteLine(nothing);
            }
            else
            {
                print(found);
            }

            return ExitCode.Done;
        });
        return command;
    }

    /// <param name="change">Changes what has that name, and says so in a sentence.</param>
    public static Command Change(
        string verb,
        string description,
        string example,
        Argument<string> name,
        Func<Project, string, CancellationToken, Task<string>> change
    )
    {
        var command = VerbParts.Command(verb, description, example);
        var project = VerbParts.Project();
        var json = VerbParts.Json();
        command.Arguments.Add(name);
        command.Options.Add(project);
        command.Options.Add(json);
        command.SetAction(
            async (parsed, stop) =>
            {
                var done = await change(ProjectOpening.Find(parsed.GetValue(project)), parsed.GetRequiredValue(name), stop);
                Asking.Print(new(Done: true, null, done), parsed.GetValue(json));
                return ExitCode.Done;
            }
        );
        return command;
    }

    /// <summary>The project's store, made when there is none.</summary>
    public static Store Open(Project project)
    {
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
