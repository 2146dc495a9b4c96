using System.CommandLine;
using Signalbox.Engine.Attempts;
using Signalbox.Engine.Projects;
using Signalbox.Engine.Upkeep;
using Signalbox.Storage;

namespace Signalbox.App.Cli;

/// <summary><c>db backup</c> and <c>db restore</c>.</summary>
internal static class DbCopies
{
    public static Command BuildBackup()
    {
        var command = VerbParts.Command(
            "backup",
            "Writes a copy of the database as it is at one instant, while everything goes on; of PostgreSQL with pg_dump. Outputs, logs and secrets are not in it.",
            "db backup before-upgrade.backup"
        );
        var file = new Argument<string>("FILE") { Description = "Where the copy goes; nothing stands there" };
        var project = VerbParts.Project();
        var json = VerbParts.Json();
        command.Arguments.Add(file);
        command.Options.Add(project);
        command.Options.Add(json);
        command.SetAction(parsed =>
        {
            var found = ProjectOpening.Find(parsed.GetValue(project));
            var path = Path.GetFullPath(parsed.GetRequiredValue(file));
            if (!Directory.Exists(Path.GetDirectoryName(path)))
            {
                throw new UserMistakeException($"FILE: there is no folder {Path.GetDirectoryName(path)}");
            }

            // Opening it first: where nothing ever ran, there is nothing to copy.
            using (var store = ProjectOpening.OpenStore(found))
            {
                Backups.Write(found.Database.Value, path);
            }

            var bytes = new FileInfo(path).Length;
            Print($"{path}: {bytes} bytes", path, incarnation: null, parsed.GetValue(json));
            return ExitCode.Done;
        });
        return command;
    }

    public static Command BuildRestore()
    {
        var command = VerbParts.Command(
            "restore",
            "Puts the database back to what a backup says; no server may run. The database as it was is kept beside it (SQLite). Attempts from after the "
                + "backup are over: whatever they still say or publish is refused. Times of schedules that have passed since are what `catchup` makes of them.",
            "db restore before-upgrade.backup",
            "db restore --in-place"
        );
        var file = new Argument<string?>("FILE") { Description = "What `db backup` wrote", Arity = ArgumentArity.ZeroOrOne };
        var inPlace = new Option<bool>("--in-place")
        {
            Description = "The database has been put back by other means, such as those of its server: make what is needed of it as it is",
        };
        var project = VerbParts.Project();
        var json = VerbParts.Json();
        command.Arguments.Add(file);
        foreach (var option in new Option[] { inPlace, project, json })
        {
            command.Options.Add(option);
        }

        command.SetAction(parsed =>
        {
            var found = ProjectOpening.Find(parsed.GetValue(project));
            var from = parsed.GetValue(file);
            if ((from is null) != parsed.GetValue(inPlace))
            {
                throw new UserMistakeException("say which backup with FILE, or --in-place when the database has been put back already");
            }

            found.CreateState();
            var aside = from is null
                ? TakeAsItIs(found)
                : Backups.Restore(found.Database.Value, Path.GetFullPath(from), TimeProvider.System.GetUtcNow());
            var incarnation = Finish(found);
            var message =
                $"{found.Database} is incarnation {incarnation} now: attempts from before are over"
                + (aside is null ? "" : $"; the database as it was is {aside}");
            Print(message, aside, incarnation, parsed.GetValue(json));
            return ExitCode.Done;
        });
        return command;
    }

    private static string? TakeAsItIs(Project project)
    {
        using (ProjectOpening.OpenStore(project)) { }

        Backups.TakeAsRestored(project.Database.Value, TimeProvider.System.GetUtcNow());
        return null;
    }

    /// <summary>What the next engine would do first, so that it is done when the verb says so.</summary>
    private static int Finish(Project project)
    {
        using var store = Store.Open(project.Database.Value);
        using var held = store.AcquireEngine();
        Restoration.Finish(new StateFolder(project.StateFolder), store, DateTimeOffset.UtcNow);
        return store.Read(session => session.Incarnation);
    }

    private static void Print(string message, string? file, int? incarnation, bool json)
    {
        if (json)
        {
            CliJson.Print(new DbCopyDocument(file, incarnation), CliJson.Default.DbCopyDocument);
        }
        else
        {
            Console.Out.WriteLine(message);
        }
    }
}

/// <summary><c>db backup --json</c> and <c>db restore --json</c>.</summary>
/// <param name="File">The copy that was written: the backup, or the database as it was.</param>
/// <param name="Incarnation">What the database is now; null for a backup.</param>
internal sealed record DbCopyDocument(string? File, int? Incarnation);
