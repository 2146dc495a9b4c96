using System.Collections.Immutable;
using Signalbox.Core;
using Signalbox.Engine;
using Signalbox.Engine.Control;
using Signalbox.Engine.Executors;
using Signalbox.Engine.Projects;
using Signalbox.Engine.Telemetry;
using Signalbox.Storage;

namespace Signalbox.App.Cli;

/// <summary>Opens what a verb is about: the project, its store to read, or its engine to ask.</summary>
internal static class ProjectOpening
{
    /// <summary>The folder of <c>--project</c>, else the current folder's project.</summary>
    /// <exception cref="UserMistakeException">There is none, or its settings have mistakes.</exception>
    public static Project Find(string? told)
    {
        var opened = Project.Find(told, Directory.GetCurrentDirectory());
        if (opened.Project is null)
        {
            throw new UserMistakeException(string.Join('\n', opened.Problems.Select(problem => problem.ToString())));
        }

        foreach (var problem in opened.Problems)
        {
            Console.Error.WriteLine(problem);
        }

        return opened.Project;
    }

    /// <summary>The store of a project, to read it. Null: the project has none, for nothing ever ran.</summary>
    public static Store? FindStore(Project project)
    {
        if (project.Database.IsPostgres || File.Exists(project.Database.Value))
        {
            return Store.Open(project.Database.Value);
        }

        // What this user may not look into is no reason to say that nothing is there.
        if (Directory.Exists(project.StateFolder))
        {
            using var entries = Directory.EnumerateFileSystemEntries(project.StateFolder).GetEnumerator();
            entries.MoveNext();
        }

        return null;
    }

    /// <summary>The store of a project, to look for a run in it.</summary>
    /// <exception cref="UserMistakeException">Nothing ever ran here.</exception>
    public static Store OpenStore(Project project) =>
        FindStore(project)
        ?? throw new UserMistakeException(
            $"nothing ever ran in {project.Folder}; `signalbox run NAME` runs a pipeline, `--project DIR` names another project"
        );

    /// <summary>The project's engine: another process's, or this one's when nobody runs it.</summary>
    /// <param name="containment">
    /// How firmly the processes of an attempt are held together: a server, which lives long and pays for it once an attempt, uses control groups.
    /// </param>
    /// <param name="sender">Who asks. Null: the user of the system.</param>
    public static EngineSession OpenEngine(Project project, Containment containment = Containment.Session, string? sender = null)
    {
        var telemetry = OtlpSettings.Read(Environment.GetEnvironmentVariable, out var wrong);
        if (wrong is not null)
        {
            throw new UserMistakeException(wrong);
        }

        var options = Options() with { Containment = containment, Telemetry = telemetry };
        return EngineSession.Open(project, sender is null ? options : options with { Sender = sender });
    }

    public static EngineOptions Options() => new() { WorkerCommand = WorkerCommand() };

    /// <summary>Asks for a change.</summary>
    /// <exception cref="UserMistakeException">It was refused.</exception>
    public static async Task<Answer> AskAsync(this EngineSession engine, Request request)
    {
        var answer = await engine.AskAsync(request, CancellationToken.None);
        return answer.Done ? answer : throw new UserMistakeException(answer.Message);
    }

    private static ImmutableArray<string> WorkerCommand()
    {
        var program = Environment.ProcessPath ?? throw new InvalidOperationException("The system does not say which program this is.");
        // Under `dotnet signalbox.dll` the program is the host.
        return Path.GetFileNameWithoutExtension(program) == "dotnet"
            ? [program, Path.Combine(AppContext.BaseDirectory, "signalbox.dll"), WorkVerb.Name]
            : [program, WorkVerb.Name];
    }
}
