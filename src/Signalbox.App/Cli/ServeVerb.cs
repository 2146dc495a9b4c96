using System.CommandLine;
using System.Net;
using Signalbox.App.Serve;

namespace Signalbox.App.Cli;

/// <summary><c>serve</c>: keeps to the schedules of a project until it is told to end.</summary>
internal static class ServeVerb
{
    public static readonly Verb Verb = new("serve", "Run the schedules of a project until told to end", Build);

    private static Command Build()
    {
        var command = VerbParts.Command(
            Verb.Name,
            "Keeps to the schedules of a project, carries out what other verbs ask for, and takes over what a server before it left. A change of "
                + "a pipeline's file is live within a second. GET /healthz answers `ok`. TERM or Ctrl-C ends it; commands that run go on, and the "
                + "next server takes them over.",
            "serve --project my-project --port 8400"
        );
        var port = new Option<int>("--port")
        {
            Description = "The port; 0 takes a free one and says which",
            HelpName = "N",
            DefaultValueFactory = _ => Server.DefaultPort,
        };
        var listen = new Option<string>("--listen")
        {
            Description = "The address to listen at; 0.0.0.0 for all of the machine's",
            HelpName = "ADDR",
            DefaultValueFactory = _ => "127.0.0.1",
        };
        var project = VerbParts.Project();
        var json = new Option<bool>("--json") { Description = "Print each line as a JSON object" };
        foreach (var option in new Option[] { port, listen, project, json })
        {
            command.Options.Add(option);
        }

        command.SetAction(
            async (parsed, _) =>
            {
                var text = parsed.GetValue(listen)!;
                var address =
                    text == "localhost" ? IPAddress.Loopback
                    : IPAddress.TryParse(text, out var parsedAddress) ? parsedAddress
                    : throw new UserMistakeException($"--listen: `{text}` is no address of this machine; write e.g. 127.0.0.1");
                var number = parsed.GetValue(port);
                if (number is < 0 or > 65535)
                {
                    throw new UserMistakeException($"--port: {number} is no port; write 0 to 65535");
                }

                var found = ProjectOpening.Find(parsed.GetValue(project));
                return await Server.RunAsync(found, new IPEndPoint(address, number), new ServerLines(Console.Out, parsed.GetValue(json)));
            }
        );
        return command;
    }
}
