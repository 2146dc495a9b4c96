using System.CommandLine;
using System.CommandLine.Parsing;
using Signalbox.Core;
using Signalbox.Storage;

namespace Signalbox.App.Cli;

/// <summary>Finds the verb, runs it, and turns what is thrown into one line and an exit code.</summary>
internal static class CommandLine
{
    public static async Task<int> RunAsync(string[] args)
    {
        try
        {
            return await DispatchAsync(args);
        }
        catch (UserMistakeException mistake)
        {
            return Report(mistake.Message, ExitCode.UserMistake);
        }
        catch (StoreRefused refused)
        {
            return Report(refused.Message, ExitCode.UserMistake);
        }
        catch (Exception gone) when (gone is StoreUnavailable or ServerAwayException)
        {
            return Report(gone.Message, ExitCode.NotThere);
        }
        catch (StoreCorrupt corrupt)
        {
            return Report(corrupt.Message, ExitCode.OurFault);
        }
        catch (Exception problem) when (problem is UnauthorizedAccessException or IOException)
        {
            // A reader that has seen enough (`| head`) is no problem at all.
            return problem.Message.Contains("Broken pipe", StringComparison.Ordinal)
                ? ExitCode.Done
                : Report(problem.Message.TrimEnd('.'), ExitCode.UserMistake);
        }
        catch (Exception fault)
        {
            Report($"this is a fault of signalbox: {Line(fault)} ({TaskEnvironment.Debug}=1 shows where)", ExitCode.OurFault);
            if (Environment.GetEnvironmentVariable(TaskEnvironment.Debug) == "1")
            {
                Console.Error.WriteLine(fault);
            }

            return ExitCode.OurFault;
        }
    }

    private static async Task<int> DispatchAsync(string[] args)
    {
        if (args is [] or ["--help"] or ["-h"] or ["-?"] or ["help"])
        {
            Verbs.PrintList(Console.Out);
            return args is [] ? ExitCode.UserMistake : ExitCode.Done;
        }

        if (args is ["help", var about])
        {
            return await DispatchAsync([about, "--help"]);
        }

        var verb = Verbs.All.FirstOrDefault(verb => verb.Name == args[0]);
        if (verb is null)
        {
            var known = Suggestion.DidYouMean(args[0], Verbs.All.Select(each => each.Name));
            return Report(
                args[0].StartsWith('-')
                    ? $"`{args[0]}` stands where a verb is expected; write the verb first, e.g. `signalbox run {args[0]} ...`"
                    : $"there is no verb `{args[0]}`{known}{(known.Length == 0 ? "; `signalbox --help` lists them" : "")}",
                ExitCode.UserMistake
            );
        }

        var command = verb.Build();
        // The name of the program is the root's name in usage lines.
        var root = new Command("signalbox") { command };
        RemoteOptions.AddTo(root, verb);
        // `@daily` is a cron expression and no file of arguments.
        var parsed = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Errors.Count > 0 && parsed.Action is not ExampleHelp)
        {
            foreach (var error in parsed.Errors)
            {
                Console.Error.WriteLine($"signalbox {verb.Name}: {Mend(error, parsed)}");
            }

            Console.Error.WriteLine($"signalbox {verb.Name} --help shows how it is called");
            return ExitCode.UserMistake;
        }

        if (UnknownOption(parsed) is { } unknown && parsed.Action is not ExampleHelp)
        {
            return Report($"{verb.Name}: {unknown}", ExitCode.UserMistake);
        }

        if (
            parsed.Action is not ExampleHelp
            && RemoteOptions.AddressOf(parsed, out var isNamed) is { } server
            && await RemoteCalls.RunAsync(server, isNamed, new RemoteArguments(parsed)) is { } code
        )
        {
            return code;
        }

        // Ctrl-C means something different to each verb, so each listens for it.
        var configuration = new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };
        return await parsed.InvokeAsync(configuration);
    }

    /// <summary>The parser's words where they are for people, else our own.</summary>
    private static string Mend(ParseError error, ParseResult parsed)
    {
        if (parsed.UnmatchedTokens.FirstOrDefault(token => error.Message.Contains($"'{token}'", StringComparison.Ordinal)) is { } unmatched)
        {
            return unmatched.StartsWith('-') ? NoSuchOption(unmatched, parsed) : NotExpected(unmatched, parsed);
        }

        return error.SymbolResult switch
        {
            OptionResult { Tokens.Count: 0 } option => $"{option.Option.Name} needs a value{Shape(option.Option.HelpName)}",
            ArgumentResult { Tokens.Count: 0, Parent: CommandResult } argument => $"{argument.Argument.Name} is missing",
            ArgumentResult { Tokens: [var token, ..] } argument when IsNumber(argument.Argument.ValueType) =>
                $"`{token.Value}` is no whole number{Of(argument.Parent)}",
            OptionResult { Tokens: [var token, ..] } option when IsNumber(option.Option.ValueType) =>
                $"{option.Option.Name}: `{token.Value}` is no whole number",
            _ => error.Message.TrimEnd('.').Replace('\'', '`'),
        };
    }

    private static string Shape(string? name) => name is null ? "" : $", e.g. {name}";

    private static string Of(SymbolResult? parent) => parent is OptionResult option ? $" for {option.Option.Name}" : "";

    private static bool IsNumber(Type type) => type == typeof(int) || type == typeof(int?) || type == typeof(long);

    private static string NotExpected(string word, ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        var names = command.Subcommands.Where(each => !each.Hidden).Select(each => each.Name).ToList();
        return names.Count > 0
            ? $"there is no `{word}` here{(Suggestion.DidYouMean(word, names) is { Length: > 0 } meant ? meant : $"; there are {string.Join(", ", names)}")}"
            : $"`{word}` is one word too many; quote what belongs together";
    }

    /// <summary>A misspelt option would otherwise be taken for an argument. What comes after <c>--</c> is never one.</summary>
    private static string? UnknownOption(ParseResult parsed)
    {
        foreach (var token in parsed.Tokens)
        {
            if (token.Type == TokenType.DoubleDash)
            {
                return null;
            }

            if (token.Type == TokenType.Argument && token.Value.StartsWith("--", StringComparison.Ordinal))
            {
                return NoSuchOption(token.Value, parsed);
            }
        }

        return null;
    }

    private static string NoSuchOption(string token, ParseResult parsed) =>
        $"there is no option `{token}`" + Suggestion.DidYouMean(token, parsed.CommandResult.Command.Options.Select(option => option.Name));

    private static string Line(Exception fault) => $"{fault.GetType().Name}: {fault.Message.ReplaceLineEndings(" ")}";

    private static int Report(string message, int code)
    {
        Console.Error.WriteLine($"signalbox: {message}");
        return code;
    }
}
