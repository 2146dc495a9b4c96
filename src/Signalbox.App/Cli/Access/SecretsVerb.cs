using System.CommandLine;
using Signalbox.Core;
using Signalbox.Engine.Projects;
using Spectre.Console;

namespace Signalbox.App.Cli;

/// <summary><c>secrets</c>: the values behind <c>secret:NAME</c>, which nobody gets to see again.</summary>
internal static class SecretsVerb
{
    public static readonly Verb Verb = new("secrets", "The values behind secret:NAME: set, list, remove", Build);

    private static Command Build()
    {
        var command = VerbParts.Command(
            Verb.Name,
            "The values behind `secret:NAME` in pipelines and settings. They are encrypted with the key of this installation, and no verb shows them. "
                + "A variable of the environment of that name comes before them, a file in .signalbox/secrets after them.",
            "secrets set warehouse-password",
            "secrets list",
            "secrets remove warehouse-password"
        );
        command.Subcommands.Add(BuildSet());
        command.Subcommands.Add(BuildList());
        command.Subcommands.Add(BuildRemove());
        return command;
    }

    private static Command BuildSet() =>
        AccessVerbs.Change(
            "set",
            "Keeps a value, encrypted. It is asked for, or read from standard input up to its end; a line break at the end is not part of it.",
            "secrets set warehouse-password",
            Name(),
            (project, called, _) =>
            {
                if (SecretRules.Problem(called, value: null) is { } wrong)
                {
                    throw new UserMistakeException($"NAME: {wrong}");
                }

                var value = AskValue(called);
                if (SecretRules.Problem(called, value) is { } bad)
                {
                    throw new UserMistakeException(bad);
                }

                project.CreateState();
                project.Secrets.Sealed.Set(called, value);
                return Task.FromResult(
                    $"{called} is kept, encrypted{(SecretRules.IsShort(value) ? "; it is too short to be masked in logs" : "")}"
                );
            }
        );

    private static Command BuildList() =>
        AccessVerbs.List(
            "Lists the names of the secrets that are kept, never their values.",
            "secrets list --json",
            project => [.. project.Secrets.Sealed.Names()],
            CliJson.Default.StringArray,
            names => Console.Out.WriteLine(string.Join('\n', names)),
            "no secrets are kept; `signalbox secrets set NAME` keeps one"
        );

    private static Command BuildRemove() =>
        AccessVerbs.Change(
            "remove",
            "Forgets a value.",
            "secrets remove warehouse-password",
            Name(),
            (project, called, _) =>
            {
                var kept = project.Secrets.Sealed;
                return SecretRules.Problem(called, value: null) is null && kept.Remove(called)
                    ? Task.FromResult($"{called} is forgotten")
                    : throw new UserMistakeException(
                        $"no secret `{called}` is kept{Suggestion.DidYouMean(called, kept.Names())}; `signalbox secrets list` lists them"
                    );
            }
        );

    /// <summary>The value of a secret, from the terminal or standard input.</summary>
    public static string AskValue(string name)
    {
        var value = Console.IsInputRedirected
            ? Console.In.ReadToEnd()
            : AnsiConsole.Prompt(new TextPrompt<string>($"Value of {Markup.Escape(name)}:").Secret(null));
        return value.EndsWith('\n') ? value[..^1].TrimEnd('\r') : value;
    }

    private static Argument<string> Name() => new("NAME") { Description = "The name in secret:NAME" };
}

/// <summary>What may be kept as a secret.</summary>
internal static class SecretRules
{
    /// <summary>Null when it may be kept, else a sentence, without the value.</summary>
    /// <param name="value">Null: only the name is looked at.</param>
    public static string? Problem(string name, string? value) =>
        Slug.Problem(name)
        ?? (
            value is null ? null
            : value.Length == 0 ? $"the value of `{name}` is empty; nothing was changed"
            : System.Text.Encoding.UTF8.GetByteCount(value) > Secrets.MaxBytes
                ? $"the value of `{name}` has more than {Secrets.MaxBytes} bytes; nothing was changed"
            : null
        );

    public static bool IsShort(string value) => value.Length < Engine.Logs.SecretForms.ShortestValue;
}
