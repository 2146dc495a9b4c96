using System.CommandLine;
using Signalbox.Engine.Upkeep;
using Signalbox.Storage;

namespace Signalbox.App.Cli;

/// <summary><c>db</c>: the project's database.</summary>
internal static class DbVerb
{
    public static readonly Verb Verb = new("db", "Bring the database up to date, copy it, put it back, look it over", Build);

    private static Command Build()
    {
        var command = VerbParts.Command(
            Verb.Name,
            "The project's database: every verb brings it up to date by itself; `migrate` does nothing else.",
            "db migrate",
            "db check --json"
        );
        command.Subcommands.Add(BuildMigrate());
        command.Subcommands.Add(BuildCheck());
        command.Subcommands.Add(DbCopies.BuildBackup());
        command.Subcommands.Add(DbCopies.BuildRestore());
        command.Subcommands.Add(DbRetention.Build());
        return command;
    }

    private static Command BuildMigrate()
    {
        var command = VerbParts.Command(
            "migrate",
            "Makes the database where there is none, and brings its schema up to date.",
            "db migrate"
        );
        var project = VerbParts.Project();
        var json = VerbParts.Json();
        command.Options.Add(project);
        command.Options.Add(json);
        command.SetAction(parsed =>
        {
            var found = ProjectOpening.Find(parsed.GetValue(project));
            found.CreateState();
            using var store = Store.Open(found.Database.Value);
            Print(found.Database.ToString(), store, [], parsed.GetValue(json));
            return ExitCode.Done;
        });
        return command;
    }

    private static Command BuildCheck()
    {
        var command = VerbParts.Command(
            "check",
            "Reads all of the database and looks for damage, and compares it with what lies on the disk, both ways: outputs, kept versions, models, logs. "
                + "Exit code 1 when something is amiss.",
            "db check",
            "db check --contents --json"
        );
        var contents = new Option<bool>("--contents")
        {
            Description = "Read the contents of outputs too, and compare them with what was published",
        };
        var project = VerbParts.Project();
        var json = VerbParts.Json();
        command.Options.Add(project);
        command.Options.Add(contents);
        command.Options.Add(json);
        command.SetAction(parsed =>
        {
            var found = ProjectOpening.Find(parsed.GetValue(project));
            using var store = ProjectOpening.OpenStore(found);
            IReadOnlyList<string> problems =
            [
                .. store.Read(session => session.CheckIntegrity()),
                .. DiskCheck.Problems(found, store, parsed.GetValue(contents)),
            ];
            Print(found.Database.ToString(), store, problems, parsed.GetValue(json));
            return problems.Count == 0 ? ExitCode.Done : ExitCode.WorkFailed;
        });
        return command;
    }

    private static void Print(string database, Store store, IReadOnlyList<string> problems, bool json)
    {
        var schema = store.Read(session => session.SchemaVersion);
        if (json)
        {
            CliJson.Print(new DbDocument(database, store.EngineVersion, schema, [.. problems]), CliJson.Default.DbDocument);
            return;
        }

        Console.Out.WriteLine($"{database}: {store.EngineVersion}, schema {schema}{(problems.Count == 0 ? ", ok" : "")}");
        foreach (var problem in problems)
        {
            Console.Out.WriteLine($"  {problem}");
        }
    }
}

/// <summary><c>db --json</c>. The password of a database is never shown.</summary>
internal sealed record DbDocument(string Database, string Engine, int Schema, string[] Problems);
