using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Signalbox.App.Cli;

/// <summary>The help of a verb, with examples of calls at its end.</summary>
internal sealed class ExampleHelp(string[] examples) : SynchronousCommandLineAction
{
    private readonly HelpAction _plain = new();

    public static HelpOption Option(string[] examples) => new() { Action = new ExampleHelp(examples) };

    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        var code = _plain.Invoke(parseResult);
        var output = parseResult.InvocationConfiguration.Output;
        output.WriteLine(examples.Length == 1 ? "Example:" : "Examples:");
        foreach (var example in examples)
        {
            output.WriteLine($"  signalbox {example}");
        }

        return code;
    }
}
