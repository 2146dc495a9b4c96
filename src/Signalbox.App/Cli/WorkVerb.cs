using Signalbox.Core;
using Signalbox.DuckDb.Work;
using Signalbox.Engine.Http;
using Signalbox.Engine.Outputs.Tables;

namespace Signalbox.App.Cli;

/// <summary>
/// The program as a child of itself: SQL tasks and checks run in a process of their own, so that neither their memory nor a fault in
/// the database library is the server's. Not for people, so it is on no list.
/// </summary>
internal static class WorkVerb
{
    public const string Name = "work";

    public static int RunLoad(string request) =>
        LoadWork.Run(
            request,
            Environment.GetEnvironmentVariable(TaskEnvironment.Error),
            Environment.GetEnvironmentVariable(TaskEnvironment.Result)
        );

    public static Task<int> RunHttpAsync(string request) =>
        HttpWork.RunAsync(
            request,
            Environment.GetEnvironmentVariable(TaskEnvironment.Error),
            Environment.GetEnvironmentVariable(TaskEnvironment.Result)
        );

    public static int Run(string request, string response) =>
        WorkerMain.Run(request, response, Environment.GetEnvironmentVariable(TaskEnvironment.Error));
}
