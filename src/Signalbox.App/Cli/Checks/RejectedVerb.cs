using System.CommandLine;
using System.Text.Json.Nodes;
using Signalbox.Core;
using Signalbox.DuckDb;
using Signalbox.DuckDb.Work;
using Signalbox.Engine.Control;
using Signalbox.Engine.Projects;
using Signalbox.Storage;

namespace Signalbox.App.Cli;

/// <summary><c>rejected</c>: the rows that checks with quarantine took out of outputs.</summary>
internal static class RejectedVerb
{
    public static readonly Verb Verb = new("rejected", "Look at rows that checks rejected, and take them in again", Build);

    private const string ReplaysFolder = "replays";

    private static Command Build()
    {
        var command = VerbParts.Command(
            Verb.Name,
            "Rows that checks with `severity: quarantine` took out of outputs, and those for which a database refused a load: list them, look at them, hand them back.",
            "rejected list daily",
            "rejected show 3 --limit 5",
            "rejected replay 3 --to fixed.csv",
            "rejected replay 3 --run --rows fixed.csv"
        );
        command.Subcommands.Add(BuildList());
        command.Subcommands.Add(BuildShow());
        command.Subcommands.Add(BuildReplay());
        return command;
    }

    private static Command BuildList()
    {
        var command = VerbParts.Command(
            "list",
            "Lists rejected rows that nobody has dealt with, a line for each output and slice, the newest first. What a later run for the same "
                + "slice rejects takes the place of what an earlier one did.",
            "rejected list",
            "rejected list daily --all --json"
        );
        var pipeline = new Argument<string?>("PIPELINE") { Description = "Only of this pipeline", Arity = ArgumentArity.ZeroOrOne };
        var all = new Option<bool>("--all") { Description = "Also those that later runs have taken the place of, and those of namespaces" };
        var limit = new Option<int>("--limit")
        {
            Description = "At most so many",
            HelpName = "N",
            DefaultValueFactory = _ => 50,
        };
        var project = VerbParts.Project();
        var json = VerbParts.Json();
        command.Arguments.Add(pipeline);
        foreach (var option in new Option[] { all, limit, project, json })
        {
            command.Options.Add(option);
        }

        command.SetAction(parsed =>
        {
            using var store = ProjectOpening.FindStore(ProjectOpening.Find(parsed.GetValue(project)));
            PipelineName? name = parsed.GetValue(pipeline) is { } text ? new PipelineName(text) : null;
            var rows = store?.Read(session => session.RejectedRows(name, parsed.GetValue(all), Math.Max(0, parsed.GetValue(limit)))) ?? [];
            if (parsed.GetValue(json))
            {
                CliJson.Print([.. rows.Select(RejectedDocument.From)], CliJson.Default.RejectedDocumentArray);
            }
            else if (rows.Count == 0)
            {
                Console.Out.WriteLine("no rejected rows");
            }
            else
            {
                TextTable.Write(
                    Console.Out,
                    ["id", "pipeline", "task", "output", "for", "run", "rows", "of", "rejected by", "state"],
                    [.. rows.Select(RejectedDocument.From).Select(row => row.Cells())]
                );
            }

            return ExitCode.Done;
        });
        return command;
    }

    private static Command BuildShow()
    {
        var command = VerbParts.Command(
            "show",
            "Shows rejected rows, each with the checks that rejected it.",
            "rejected show 3 --limit 5",
            "rejected show 3 --json"
        );
        var id = Id();
        var limit = new Option<int>("--limit")
        {
            Description = "At most so many rows",
            HelpName = "N",
            DefaultValueFactory = _ => 20,
        };
        var project = VerbParts.Project();
        var json = VerbParts.Json();
        command.Arguments.Add(id);
        foreach (var option in new Option[] { limit, project, json })
        {
            command.Options.Add(option);
        }

        command.SetAction(parsed =>
        {
            using var store = ProjectOpening.OpenStore(ProjectOpening.Find(parsed.GetValue(project)));
            var rejected = Find(store, parsed.GetRequiredValue(id));
            var rows = Reading(() => RejectedFile.Read(PathOf(rejected), Math.Max(0, parsed.GetValue(limit))));
            var document = RejectedDocument.From(rejected);
            if (parsed.GetValue(json))
            {
                CliJson.Print(new RejectedRowsDocument(document, [.. rows]), CliJson.Default.RejectedRowsDocument);
                return ExitCode.Done;
            }

            Console.Out.WriteLine(
                $"{Brief.Count(rejected.Rows, "row")} of {rejected.Of} of {document.Pipeline}.{document.Task}.{document.Output} for {document.Slice}, rejected by run {document.Run}"
            );
            foreach (var (check, count) in document.Checks)
            {
                Console.Out.WriteLine($"  {check}: {Brief.Count(count, "row")}");
            }

            Console.Out.WriteLine($"  in {rejected.Path}");
            if (rows.Count > 0)
            {
                Console.Out.WriteLine();
                var head = rows[0].Select(cell => cell.Key).ToArray();
                TextTable.Write(Console.Out, head, [.. rows.Select(row => head.Select(column => Cell(row[column])).ToArray())]);
                if (rows.Count < rejected.Rows)
                {
                    Console.Out.WriteLine($"and {rejected.Rows - rows.Count} more; --limit {rejected.Rows} shows all");
                }
            }

            return ExitCode.Done;
        });
        return command;
    }

    private static Command BuildReplay()
    {
        var command = VerbParts.Command(
            "replay",
            "Hands rejected rows back, without what was added to them. With --to they are written to a file, to be mended. With --run the "
                + $"pipeline runs again for the same slice with the same parameters, and its commands find the rows, or those of --rows, at ${TaskEnvironment.Rejected}; "
                + "what the run rejects then takes the place of what it was given.",
            "rejected replay 3 --to fixed.csv",
            "rejected replay 3 --run --rows fixed.csv",
            "rejected replay 3 --run --detach"
        );
        var id = Id();
        var to = new Option<string?>("--to")
        {
            Description = "The file to write, in the form that its ending names; a folder takes the name and form of the output",
            HelpName = "PATH",
        };
        var run = new Option<bool>("--run") { Description = "Run the pipeline again with the rows" };
        var rows = new Option<string?>("--rows") { Description = "With --run: a file with the mended rows instead", HelpName = "FILE" };
        var detach = new Option<bool>("--detach") { Description = "With --run: do not wait for the end: the server runs it" };
        var reason = new Option<string?>("--reason") { Description = "With --run: why; shown on the run", HelpName = "TEXT" };
        var project = VerbParts.Project();
        var json = VerbParts.Json();
        command.Arguments.Add(id);
        foreach (var option in new Option[] { to, run, rows, detach, reason, project, json })
        {
            command.Options.Add(option);
        }

        command.SetAction(
            (parsed, _) =>
            {
                var found = ProjectOpening.Find(parsed.GetValue(project));
                var number = parsed.GetRequiredValue(id);
                return (parsed.GetValue(to), parsed.GetValue(run)) switch
                {
                    ({ } path, false) => Task.FromResult(Write(found, number, path, parsed.GetValue(json))),
                    (null, true) => ReplayAsync(
                        found,
                        number,
                        parsed.GetValue(rows),
                        parsed.GetValue(reason),
                        parsed.GetValue(detach),
                        parsed.GetValue(json)
                    ),
                    _ => throw new UserMistakeException("rejected replay: say what to do with the rows, with one of --to PATH and --run"),
                };
            }
        );
        return command;
    }

    private static int Write(Project project, long id, string to, bool json)
    {
        using var store = ProjectOpening.OpenStore(project);
        var rejected = Find(store, id);
        var target = Path.GetFullPath(to);
        if (to.EndsWith('/') || Directory.Exists(target))
        {
            target = Path.Combine(target, NameOf(rejected));
        }

        if (File.Exists(target))
        {
            throw new UserMistakeException($"--to: {to} is there already; name another file");
        }

        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        var count = Reading(() => RejectedFile.Write(PathOf(rejected), target));
        Asking.Print(new Answer(Done: true, null, $"{Brief.Count(count, "row")} written to {target}"), json);
        return ExitCode.Done;
    }

    private static async Task<int> ReplayAsync(Project project, long id, string? rows, string? reason, bool detach, bool json)
    {
        using var interrupts = detach ? null : new Interrupts();
        await using var engine = ProjectOpening.OpenEngine(project);
        var rejected = Find(engine.Store, id);
        var given = Given(project, rejected, rows);
        var asked = TimeProvider.System.GetUtcNow();
        var answer = await engine.AskAsync(new Request.ReplayRejected(id, given, reason ?? $"rejected rows {id} are taken in again"));
        var number = new RunNumber(answer.Number!.Value);
        if (interrupts is not null)
        {
            return await RunFollower.FollowAsync(engine, number, json, asked, interrupts);
        }

        if (json)
        {
            CliJson.Print(engine.Store.Read(session => RunDocument.Read(session, number)), CliJson.Default.RunDocument);
        }
        else
        {
            Console.Out.WriteLine($"{answer.Message}{(engine.OwnsEngine ? "; it waits until `signalbox serve` runs" : "")}");
        }

        return ExitCode.Done;
    }

    /// <summary>Lays out the rows that a run is given.</summary>
    /// <param name="rows">A file with the mended rows; null: as they were rejected.</param>
    /// <returns>A copy of its own: what the run rejects takes the place of the file that it was given.</returns>
    public static string Given(Project project, Rejected rejected, string? rows)
    {
        var folder = Path.Combine(project.StateFolder, ReplaysFolder, $"{rejected.Id}-{Guid.NewGuid():N}");
        Directory.CreateDirectory(folder);
        if (rows is not null)
        {
            var mended = Path.Combine(folder, Path.GetFileName(rows));
            File.Copy(Path.GetFullPath(rows), mended);
            return mended;
        }

        var given = Path.Combine(folder, NameOf(rejected));
        Reading(() => RejectedFile.Write(PathOf(rejected), given));
        return given;
    }

    private static Argument<long> Id() => new("ID") { Description = "The number of `rejected list`" };

    /// <exception cref="UserMistakeException">There are none of that number.</exception>
    public static Rejected Find(Store store, long id) =>
        store.Read(session => session.Rejected(id))
        ?? throw new UserMistakeException($"there are no rejected rows {id}; `signalbox rejected list` lists them");

    /// <exception cref="UserMistakeException">The rows are not there any more.</exception>
    public static string PathOf(Rejected rejected) =>
        rejected.State switch
        {
            RejectedState.Kept when File.Exists(rejected.Path) => rejected.Path,
            RejectedState.Kept => throw new UserMistakeException($"the rows are gone: {rejected.Path} is not there"),
            RejectedState.Replaced => throw new UserMistakeException(
                $"a later run for the same slice took the place of rejected rows {rejected.Id}; `signalbox rejected list` lists what there is"
            ),
            _ => throw new UserMistakeException(
                $"the output that rows {rejected.Id} were rejected from has not been published, so nothing was taken out of it"
            ),
        };

    /// <summary>The name of the slice, with the ending of the output.</summary>
    private static string NameOf(Rejected rejected) =>
        $"{rejected.Output}-{Path.GetFileNameWithoutExtension(rejected.Path)}{RejectedFile.EndingOf(rejected.OutputPath)}";

    /// <summary>Reads a data file; what is wrong with it is a mistake of its author.</summary>
    public static T Reading<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (DuckException problem) when (problem is not DuckLibraryException)
        {
            throw new UserMistakeException(problem.Message);
        }
    }

    private static string Cell(JsonNode? value) => value is null ? "" : value.ToString();
}
