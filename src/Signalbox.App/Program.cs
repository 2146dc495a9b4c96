using Signalbox.App.Cli;
using Signalbox.DuckDb.Work;
using Signalbox.Engine.Http;
using Signalbox.Engine.Outputs.Tables;

// The two calls that must start at once come before anything is constructed: people and scripts ask for the version, and the engine
// starts a child process for every SQL task, every request and every set of checks.
return args switch
{
    ["--version"] or ["-V"] or ["version"] => Print(AppVersion.Text),
    [WorkVerb.Name, LoadWork.Name, var request] => WorkVerb.RunLoad(request),
    [WorkVerb.Name, TableWork.Name, var request, var response] => TableWork.Run(request, response),
    [WorkVerb.Name, RefusedWork.Name, var request, var response] => RefusedWork.Run(request, response),
    [WorkVerb.Name, HttpWork.Name, var request] => await WorkVerb.RunHttpAsync(request),
    [WorkVerb.Name, var request, var response] => WorkVerb.Run(request, response),
    _ => await CommandLine.RunAsync(args),
};

static int Print(string line)
{
    Console.Out.WriteLine(line);
    return ExitCode.Done;
}
