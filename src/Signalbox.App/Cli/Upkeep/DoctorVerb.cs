using System.CommandLine;
using System.Diagnostics;
using Signalbox.Core.Definitions;
using Signalbox.DuckDb;
using Signalbox.Engine.Executors;
using Signalbox.Engine.Projects;
using Signalbox.Storage;

namespace Signalbox.App.Cli;

/// <summary><c>doctor</c>: looks at what the program stands on, on this machine and in this project.</summary>
internal static class DoctorVerb
{
    private const string Ok = "ok";
    private const string Warn = "warn";
    private const string Fail = "fail";
    private const long LittleSpace = 1L << 30;
    private static readonly TimeSpan ToolLimit = TimeSpan.FromSeconds(10);

    public static readonly Verb Verb = new("doctor", "Look at what the program stands on: tools, disk, database, project", Build);

    private static Command Build()
    {
        var command = VerbParts.Command(
            Verb.Name,
            "Looks at what the program stands on, on this machine and in this project; a line each with ok, warn or fail. Exit code 1 when one fails.",
            "doctor",
            "doctor --project my-project --json"
        );
        var project = VerbParts.Project();
        var json = VerbParts.Json();
        command.Options.Add(project);
        command.Options.Add(json);
        command.SetAction(
            async (parsed, _) =>
            {
                var found = ProjectOpening.Find(parsed.GetValue(project));
                DoctorLine[] lines =
                [
                    Line("signalbox", Ok, AppVersion.Number),
                    Try("database", () => Database(found)),
                    Try("duckdb", DuckDb),
                    Python(),
                    await CustodyAsync(),
                    Try("disk", () => Disk(found)),
                    Server(found),
                    Pipelines(found),
                ];
                if (parsed.GetValue(json))
                {
                    CliJson.Print(lines, CliJson.Default.DoctorLineArray);
                }
                else
                {
                    foreach (var line in lines)
                    {
                        Console.Out.WriteLine($"{line.State, -5} {line.Subject, -10} {line.Message}");
                    }
                }

                return lines.Any(line => line.State == Fail) ? ExitCode.WorkFailed : ExitCode.Done;
            }
        );
        return command;
    }

    private static DoctorLine Line(string subject, string state, string message) => new(subject, state, message);

    private static DoctorLine Try(string subject, Func<DoctorLine> look)
    {
        try
        {
            return look();
        }
        catch (Exception problem) when (problem is StoreException or DuckException or IOException or UnauthorizedAccessException)
        {
            return Line(subject, Fail, problem.Message);
        }
    }

    private static DoctorLine Database(Project project)
    {
        using var store = ProjectOpening.FindStore(project);
        return store is null
            ? Line("database", Ok, $"{project.Database}: not there yet; the first run makes it")
            : Line("database", Ok, $"{project.Database}: {store.EngineVersion}, schema {store.Read(session => session.SchemaVersion)}");
    }

    private static DoctorLine DuckDb()
    {
        using var connection = DuckDatabase.OpenMemory(new DuckSettings { Threads = 1 });
        return Line("duckdb", Ok, $"{DuckDatabase.LibraryVersion}, runs sql tasks and checks");
    }

    private static DoctorLine Python()
    {
        try
        {
            var start = new ProcessStartInfo("python3", "--version")
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                UseShellExecute = false,
            };
            using var python = Process.Start(start)!;
            if (!python.WaitForExit(ToolLimit))
            {
                python.Kill();
                return Line("python3", Warn, "does not answer; `python:` tasks will not work");
            }

            return python.ExitCode == 0
                ? Line("python3", Ok, python.StandardOutput.ReadToEnd().Trim())
                : Line("python3", Warn, $"ends with code {python.ExitCode}: {python.StandardError.ReadToEnd().Trim()}");
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return Line("python3", Warn, "is not on the PATH; `python:` tasks will not work");
        }
    }

    private static async Task<DoctorLine> CustodyAsync()
    {
        await using var executor = new LocalExecutor(new LocalExecutorOptions { Instance = "doctor" });
        var can = executor.Capabilities;
        return Line("processes", can.KillsWholeTree ? Ok : Warn, can.Note);
    }

    private static DoctorLine Disk(Project project)
    {
        var drive = new DriveInfo(project.Folder);
        var free = drive.AvailableFreeSpace;
        var text = $"{free / (double)(1L << 30):0.0} GiB free at {project.Folder}";
        return Line("disk", free < LittleSpace ? Warn : Ok, text);
    }

    private static DoctorLine Server(Project project) =>
        project.Database.IsPostgres ? Line("server", Ok, "whether one runs, PostgreSQL knows")
        : EngineHolder.Pid(project) is { } pid ? Line("server", Ok, $"pid {pid} runs the engine of this project")
        : Line("server", Ok, "nobody serves this project now; schedules run while `signalbox serve` does");

    private static DoctorLine Pipelines(Project project)
    {
        var set = project.OpenPipelines().Load();
        var errors = set.Problems.Where(problem => problem.Severity == Severity.Error).ToList();
        var missing = set.Pipelines.SelectMany(loaded => project.MissingSecrets(loaded.Pipeline)).ToList();
        if (errors.Count > 0)
        {
            return Line("pipelines", Fail, $"{Brief.Count(errors.Count, "error")}, the first: {errors[0]}; `signalbox validate` lists all");
        }

        return missing.Count > 0
            ? Line("pipelines", Warn, $"{missing[0].Path}: {missing[0].Message}")
            : Line("pipelines", Ok, $"{Brief.Count(set.Pipelines.Length, "pipeline")} without errors");
    }
}

/// <summary>One line of <c>doctor --json</c>.</summary>
/// <param name="State">ok, warn or fail.</param>
internal sealed record DoctorLine(string Subject, string State, string Message);
