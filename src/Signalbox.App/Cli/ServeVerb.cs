using System.CommandLine;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
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
                + "next server takes them over. With --drain it waits for them first.",
            "serve --project my-project --port 8400",
            "serve --drain"
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
        var certificate = new Option<string?>("--tls-cert") { Description = "Speak TLS with this certificate (PEM)", HelpName = "FILE" };
        var key = new Option<string?>("--tls-key") { Description = "The private key of --tls-cert (PEM)", HelpName = "FILE" };
        var insecure = new Option<bool>("--insecure-http")
        {
            Description = "Listen beyond this machine without TLS, e.g. behind a proxy that has it",
        };
        var host = new Option<string[]>("--host")
        {
            Description = "A name by which browsers call this server, beside localhost; may be repeated",
            HelpName = "NAME",
        };
        var drain = new Option<bool>("--drain")
        {
            Description = "Told to end, begin nothing more and wait for what runs; told again, end at once",
        };
        var project = VerbParts.Project();
        var json = new Option<bool>("--json") { Description = "Print each line as a JSON object" };
        foreach (var option in new Option[] { port, listen, certificate, key, insecure, host, drain, project, json })
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
                var tls = Certificate(parsed.GetValue(certificate), parsed.GetValue(key));
                var options = new ServerOptions(new IPEndPoint(address, number), tls, parsed.GetValue(insecure))
                {
                    Hosts = parsed.GetValue(host) ?? [],
                    Drain = parsed.GetValue(drain),
                };
                return await Server.RunAsync(found, options, new ServerLines(Console.Out, parsed.GetValue(json)));
            }
        );
        return command;
    }

    private static X509Certificate2? Certificate(string? certificate, string? key)
    {
        if (certificate is null && key is null)
        {
            return null;
        }

        if (certificate is null || key is null)
        {
            throw new UserMistakeException("--tls-cert and --tls-key go together: the certificate and its private key");
        }

        try
        {
            return X509Certificate2.CreateFromPemFile(certificate, key);
        }
        catch (Exception problem) when (problem is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new UserMistakeException($"--tls-cert: {certificate} with {key} cannot be used: {problem.Message.TrimEnd('.')}");
        }
    }
}
