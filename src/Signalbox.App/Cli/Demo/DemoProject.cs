using System.Diagnostics;
using System.Globalization;
using Signalbox.DuckDb.Work;
using Signalbox.Engine.Projects;

namespace Signalbox.App.Cli;

/// <summary>The demo's project: the files that come with the program, and the landed files of every day, cut from real flights.</summary>
internal sealed class DemoProject
{
    /// <summary>The first day that the flights cover, and the first of the week that the demo runs.</summary>
    public static readonly DateOnly FirstDay = new(2001, 1, 1);

    public static readonly DateOnly LastDay = FirstDay.AddDays(6);

    /// <summary>The day whose file cannot be had at first.</summary>
    public static readonly DateOnly FaultyDay = new(2001, 1, 3);

    /// <summary>The day whose file has lost the origins of an airport.</summary>
    public static readonly DateOnly BadDay = new(2001, 1, 5);

    /// <summary>The airport that the bad file has lost.</summary>
    public const string LostAirport = "ORD";

    public const string DailyPipeline = "daily_flight_features";

    public const string WeeklyPipeline = "weekly_delay_model";

    private const int Days = 21;
    private const string MarkerName = ".signalbox-demo";
    private const string SentAgain = "sent-again";

    // What the pipelines read and make, beside the state folder; the template's own .gitignore lists the same.
    private static readonly string[] Made = ["landing", "faults", "data", "features", "models", "reports", Project.StateFolderName];

    private static readonly string Shipped = Path.Combine(AppContext.BaseDirectory, "demo");

    private DemoProject(Project project) => Project = project;

    public Project Project { get; }

    private string Folder => Project.Folder;

    /// <summary>Makes the project in a folder that is empty or not there, or renews the one that an earlier demo made.</summary>
    /// <exception cref="UserMistakeException">The folder is something else, or is in use.</exception>
    public static async Task<DemoProject> MakeAsync(string told, TextWriter said)
    {
        var folder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(told));
        try
        {
            var isOurs = File.Exists(Path.Combine(folder, MarkerName));
            Refuse(told, folder, isOurs);
            Directory.CreateDirectory(folder);
            await File.WriteAllTextAsync(Path.Combine(folder, MarkerName), "`signalbox demo` made this folder, and renews it.\n");
            if (isOurs)
            {
                Wipe(folder);
            }

            CopyTemplate(folder);
            var demo = new DemoProject(ProjectOpening.Find(folder));
            var flights = await demo.LandAsync();
            said.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{(isOurs ? "renewed" : "made")} {folder}: two pipelines, and {flights:N0} real flights of {Days} days in landing/"
                )
            );
            return demo;
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new UserMistakeException(
                $"demo: {folder} cannot be made: {problem.Message.TrimEnd('.')}; name another folder: signalbox demo DIR"
            );
        }
    }

    /// <summary>A path in the project.</summary>
    public string PathOf(string relative) => Path.Combine(Folder, relative);

    /// <summary>What readers of the store of features read for a day.</summary>
    public string StoreFile(DateOnly day) => PathOf($"features/date={Text(day)}/part-0.parquet");

    /// <summary>As a person would: puts the file that the sender has sent again in the place of the bad one.</summary>
    public void Mend() => File.Move(PathOf($"landing/{SentAgain}/{Text(BadDay)}.parquet"), PathOf(Landed(BadDay)), overwrite: true);

    /// <summary>The command that a person would type for <see cref="Mend"/>, in the project's folder.</summary>
    public static string MendCommand => $"mv landing/{SentAgain}/{Text(BadDay)}.parquet {Landed(BadDay)}";

    public static string Text(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static string Landed(DateOnly day) => $"landing/{Text(day)}.parquet";

    private static void Refuse(string told, string folder, bool isOurs)
    {
        if (File.Exists(folder))
        {
            throw new UserMistakeException($"demo: {told} is a file; name a folder");
        }

        if (!Directory.Exists(folder))
        {
            return;
        }

        if (!isOurs && Directory.EnumerateFileSystemEntries(folder).Any())
        {
            throw new UserMistakeException(
                $"demo: {told} is not empty, and no earlier demo made it, so it is left alone; name another folder: signalbox demo DIR"
            );
        }

        if (isOurs && EngineHolder.Pid(ProjectOpening.Find(folder)) is { } pid)
        {
            throw new UserMistakeException($"demo: process {pid} works in {told}; end it first: kill {pid}");
        }
    }

    private static void Wipe(string folder)
    {
        foreach (var name in Made)
        {
            var path = Path.Combine(folder, name);
            if (Directory.Exists(path))
            {
                Directory.Delete(path, recursive: true);
            }
        }
    }

    private static void CopyTemplate(string folder)
    {
        var template = Path.Combine(Shipped, "project");
        foreach (var file in Directory.EnumerateFiles(template, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(folder, Path.GetRelativePath(template, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target, overwrite: true);
        }
    }

    /// <summary>One file a day, as a sender would leave it: one of them bad; and a fault that passes.</summary>
    private async Task<long> LandAsync()
    {
        Directory.CreateDirectory(PathOf($"landing/{SentAgain}"));
        var statements = new List<string>();
        var outputs = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i < Days; i++)
        {
            var day = FirstDay.AddDays(i);
            Add("*", day, day == BadDay ? $"landing/{SentAgain}/{Text(day)}.parquet" : Landed(day));
        }

        Add($"* replace (nullif(origin, '{LostAirport}') as origin)", BadDay, Landed(BadDay));
        var response = await CutAsync(string.Join(";\n", statements));
        Directory.CreateDirectory(PathOf("faults"));
        await File.WriteAllTextAsync(PathOf($"faults/{Text(FaultyDay)}"), "The file server is busy, once.\n");
        return response.Statements.Take(Days).Sum(statement => statement.Rows ?? 0);

        void Add(string columns, DateOnly day, string path) =>
            statements.Add(
                $"copy (select {columns} from flights where date::date = date '{Text(day)}' order by all) to '{PathOf(path).Replace("'", "''", StringComparison.Ordinal)}' (format parquet, compression zstd)"
            );
    }

    /// <summary>Runs SQL over all flights in a child process, as tasks do: what DuckDB takes is given back.</summary>
    private async Task<SqlResponse> CutAsync(string sql)
    {
        Project.CreateState();
        var request = Path.Combine(Project.StateFolder, "demo-request.json");
        var answer = Path.Combine(Project.StateFolder, "demo-response.json");
        WorkFiles.WriteRequest(
            request,
            new SqlRequest
            {
                Sql = sql,
                Inputs = new Dictionary<string, string>(StringComparer.Ordinal) { ["flights"] = Path.Combine(Shipped, "flights.parquet") },
                TempDirectory = Project.StateFolder,
            }
        );
        var command = ProjectOpening.Options().WorkerCommand;
        var start = new ProcessStartInfo(command[0], [.. command.Skip(1), request, answer])
        {
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        using var child = Process.Start(start)!;
        await child.StandardOutput.ReadToEndAsync();
        await child.WaitForExitAsync();
        var response = (SqlResponse)WorkFiles.ReadResponse(answer);
        File.Delete(request);
        File.Delete(answer);
        return response.Error is { } error
            ? throw new InvalidOperationException($"The flights cannot be cut into days: {error.Message}")
            : response;
    }
}
