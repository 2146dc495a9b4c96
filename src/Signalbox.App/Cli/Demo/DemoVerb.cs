using System.CommandLine;
using System.Diagnostics;
using System.Net;
using Signalbox.App.Serve;

namespace Signalbox.App.Cli;

/// <summary><c>demo</c>: makes a project with real flights in a folder, lets it work, and says what happened.</summary>
internal static class DemoVerb
{
    public static readonly Verb Verb = new("demo", "Make a project with real data and watch it work", Build);

    private const string DefaultFolder = "demo-project";

    private static Command Build()
    {
        var command = VerbParts.Command(
            Verb.Name,
            "Makes a project with three weeks of real flights in a folder and runs it: a week of features, one day of which has a bad file and one "
                + "a fault that passes, and the training of a model, twice. Needs no network, and python3 with nothing installed. A folder that an earlier "
                + "demo made is renewed; any other that is not empty is left alone.",
            "demo",
            "demo ~/flights --serve"
        );
        var folder = new Argument<string>("DIR") { Description = "The folder to make", DefaultValueFactory = _ => DefaultFolder };
        var serve = new Option<bool>("--serve") { Description = "Go on as `signalbox serve` afterwards, until told to end" };
        var port = new Option<int>("--port")
        {
            Description = "With --serve: the port; 0 takes a free one and says which",
            HelpName = "N",
            DefaultValueFactory = _ => Server.DefaultPort,
        };
        var json = VerbParts.Json();
        command.Arguments.Add(folder);
        command.Options.Add(serve);
        command.Options.Add(port);
        command.Options.Add(json);
        command.SetAction(
            (parsed, _) => RunAsync(parsed.GetValue(folder)!, parsed.GetValue(serve) ? parsed.GetValue(port) : null, parsed.GetValue(json))
        );
        return command;
    }

    private static async Task<int> RunAsync(string folder, int? port, bool json)
    {
        if (port is < 0 or > 65535)
        {
            throw new UserMistakeException($"--port: {port} is no port; write 0 to 65535");
        }

        var watch = Stopwatch.StartNew();
        using var said = json ? TextWriter.Null : TextWriter.Synchronized(Console.Out);
        var demo = await DemoProject.MakeAsync(folder, said);
        DemoDocument document;
        using var interrupted = new CancellationTokenSource();
        using (var interrupts = new Interrupts())
        {
            interrupts.OnFirst(_ => interrupted.CancelAsync());
            using var stopping = CancellationTokenSource.CreateLinkedTokenSource(interrupted.Token, interrupts.Leaving);
            try
            {
                document = await DemoPlay.RunAsync(demo, watch, said, stopping.Token);
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                await Console.Error.WriteLineAsync("signalbox: the demo is left as it is; `signalbox demo` begins it anew");
                return ExitCode.WorkFailed;
            }
        }

        if (json)
        {
            CliJson.Print(document, CliJson.Default.DemoDocument);
        }
        else
        {
            DemoSummary.Print(document, said);
        }

        if (port is { } number)
        {
            var options = new ServerOptions(new IPEndPoint(IPAddress.Loopback, number));
            return await Server.RunAsync(demo.Project, options, new ServerLines(Console.Out, json));
        }

        return document.Succeeded ? ExitCode.Done : ExitCode.WorkFailed;
    }
}
