using System.CommandLine;

namespace Signalbox.App.Cli;

/// <summary>One verb of the command line. Only the verb that is called is built.</summary>
/// <param name="Name">The word that people type.</param>
/// <param name="Summary">One line for the list of verbs, without a full stop.</param>
/// <param name="Build">Makes its options and its action.</param>
internal sealed record Verb(string Name, string Summary, Func<Command> Build);

/// <summary>What every verb has.</summary>
internal static class VerbParts
{
    /// <summary>The project folder. Default: the current folder, or the nearest one above it that holds a project.</summary>
    public static Option<string?> Project() =>
        new("--project", "-p") { Description = "The project folder. Default: the one you are in", HelpName = "DIR" };

    public static Option<bool> Json() => new("--json") { Description = "Print one JSON document and nothing else" };

    /// <summary>A command whose help ends with examples.</summary>
    public static Command Command(string name, string description, params string[] examples)
    {
        var command = new Command(name, description);
        command.Options.Add(ExampleHelp.Option(examples));
        return command;
    }
}
