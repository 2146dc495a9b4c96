using System.Diagnostics;
using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Runs;
using Signalbox.Engine.Control;

namespace Signalbox.App.Cli;

/// <summary>What the demo does with its project: what a person would do with the verbs, each of which is shown before it is done.</summary>
internal sealed class DemoPlay
{
    private const string FirstModels = """{"settings":["hour"]}""";

    private readonly DemoProject _demo;
    private readonly EngineSession _engine;
    private readonly TextWriter _said;
    private readonly CancellationToken _stop;

    private DemoPlay(DemoProject demo, EngineSession engine, TextWriter said, CancellationToken stop)
    {
        _demo = demo;
        _engine = engine;
        _said = said;
        _stop = stop;
    }

    public static async Task<DemoDocument> RunAsync(DemoProject demo, Stopwatch watch, TextWriter said, CancellationToken stop)
    {
        await using var engine = ProjectOpening.OpenEngine(demo.Project);
        var lines = new DemoLines(said);
        engine.Changed += lines.Tell;
        return await new DemoPlay(demo, engine, said, stop).RunAsync(watch);
    }

    private async Task<DemoDocument> RunAsync(Stopwatch watch)
    {
        var daily = await SaveAsync(DemoProject.DailyPipeline);
        await SaveAsync(DemoProject.WeeklyPipeline);
        var (first, last) = (DemoProject.Text(DemoProject.FirstDay), DemoProject.Text(DemoProject.LastDay));

        Show($"signalbox backfill {daily.Name} --from {first} --to {last} --max-active 3");
        var runs = await BackfillAsync(daily);
        var bad = runs.Single(run => run.Partition == DemoProject.Text(DemoProject.BadDay));
        var isVisible = File.Exists(_demo.StoreFile(DemoProject.BadDay));
        var stopped = _engine.Store.Read(session => DemoStopDocument.Read(session, bad, isVisible));

        Show(DemoProject.MendCommand);
        _demo.Mend();
        Show($"signalbox rerun {bad.Number} --from-failed");
        await _engine.AskAsync(new Request.Rerun(bad.Number.Value, RerunMode.FromFailed, Task: null, "the file was sent again"));
        await _engine.WaitForRunAsync(bad.Number, _stop);

        Show($"signalbox run {DemoProject.WeeklyPipeline} --date {last} --param 'settings=[\"hour\"]'    # a first champion");
        var firstTraining = await TrainAsync(last, FirstModels);
        Show($"signalbox run {DemoProject.WeeklyPipeline} --date {last}    # all models");
        var secondTraining = await TrainAsync(last, "{}");

        var document = _engine.Store.Read(session =>
        {
            var days = runs.Select(run => session.Run(run.Number)!).ToList();
            return new DemoDocument(
                _demo.Project.Folder,
                Seconds: 0,
                Succeeded: false,
                [.. days.Select(run => DemoDayDocument.Read(session, run))],
                stopped,
                days.Select(run => DemoRetryDocument.Read(session, run)).FirstOrDefault(retry => retry is not null),
                [firstTraining, secondTraining],
                Next(days, secondTraining.Run)
            );
        });
        var succeeded =
            document.Days.All(day => day.State == Names.Of(RunState.Success))
            && document.Trainings.All(training => training.State == Names.Of(RunState.Success));
        return document with { Seconds = watch.Elapsed.TotalSeconds, Succeeded = succeeded };
    }

    private async Task<Pipeline> SaveAsync(string name)
    {
        var file = PipelineSource.Load(name, _demo.Project);
        await PipelineSource.SaveAsync(_engine.Store, file);
        return file.Pipeline!;
    }

    private async Task<List<Run>> BackfillAsync(Pipeline pipeline)
    {
        var slices = pipeline.CalendarOf().Between(DemoProject.FirstDay, DemoProject.LastDay);
        var answer = await _engine.AskAsync(
            new Request.StartBackfill(
                pipeline.Name.Value,
                [.. slices.Select(slice => slice.LogicalDate)],
                MaxActive: 3,
                ParamArguments.Json(pipeline, []),
                OnlyTasks: [],
                "the demo's week",
                Selective: false,
                Watermark: false
            )
        );
        var number = answer.Number!.Value;
        await _engine.WaitForBackfillAsync(number, _stop);
        return _engine.Store.Read(session => session.BackfillItems(number).Select(item => session.Run(item.Run!.Value)!).ToList());
    }

    private async Task<DemoTrainingDocument> TrainAsync(string date, string parameters)
    {
        var answer = await _engine.AskAsync(
            new Request.StartRun(DemoProject.WeeklyPipeline, Version: null, date, parameters, RunId: null, Reason: "the demo")
        );
        var run = await _engine.WaitForRunAsync(new RunNumber(answer.Number!.Value), _stop);
        return _engine.Store.Read(session => DemoTrainingDocument.Read(session, run));
    }

    private void Show(string command)
    {
        _said.WriteLine();
        _said.WriteLine($"$ {command}");
    }

    private string[] Next(List<Run> days, long training)
    {
        // In a checkout the program is the script at its root.
        var program = File.Exists("signalbox") ? "./signalbox" : "signalbox";
        var relative = Path.GetRelativePath(Directory.GetCurrentDirectory(), _demo.Project.Folder);
        var project = $"--project {Quoted(relative.StartsWith("..", StringComparison.Ordinal) ? _demo.Project.Folder : relative)}";
        var retried = days.Single(run => run.Partition == DemoProject.Text(DemoProject.FaultyDay)).Number;
        var (first, last) = (DemoProject.Text(DemoProject.FirstDay.AddDays(7)), DemoProject.Text(DemoProject.LastDay.AddDays(7)));
        return
        [
            $"{program} logs {retried} extract --attempt 1 {project}",
            $"{program} why {training} better {project}",
            $"{program} rerun {retried} --from features {project}",
            $"{program} backfill {DemoProject.DailyPipeline} --from {first} --to {last} --dry-run {project}",
            $"{program} run {DemoProject.DailyPipeline} --date {first} {project}",
        ];
    }

    /// <summary>A word for the shell.</summary>
    private static string Quoted(string text) =>
        text.All(c => char.IsAsciiLetterOrDigit(c) || c is '/' or '.' or '-' or '_')
            ? text
            : $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
