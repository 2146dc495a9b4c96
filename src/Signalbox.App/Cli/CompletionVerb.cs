using System.CommandLine;
using System.CommandLine.Completions;

namespace Signalbox.App.Cli;

/// <summary><c>completion</c>: a script by which a shell completes verbs, options and names.</summary>
internal static class CompletionVerb
{
    private const string Words = "words";

    private static readonly string[] Shells = ["bash", "zsh", "fish"];

    public static readonly Verb Verb = new("completion", "Print a script that makes your shell complete verbs and options", Build);

    private static Command Build()
    {
        var command = VerbParts.Command(
            Verb.Name,
            "Prints a script for a shell. Load it in the shell's start-up file.",
            "completion bash > ~/.local/share/bash-completion/completions/signalbox",
            "completion fish > ~/.config/fish/completions/signalbox.fish"
        );
        var shell = new Argument<string>("SHELL") { Description = "bash, zsh or fish" };
        shell.AcceptOnlyFromAmong(Shells);
        command.Arguments.Add(shell);
        command.SetAction(parsed =>
        {
            Console.Out.Write(Script(parsed.GetRequiredValue(shell)));
            return ExitCode.Done;
        });

        // What the scripts call: the words typed so far, the last one unfinished.
        var words = new Command(Words) { Hidden = true, TreatUnmatchedTokensAsErrors = false };
        var typed = new Argument<string[]>("WORDS") { Arity = ArgumentArity.ZeroOrMore };
        words.Arguments.Add(typed);
        words.SetAction(parsed =>
        {
            foreach (var word in Complete(parsed.GetValue(typed) ?? []))
            {
                Console.Out.WriteLine(word);
            }

            return ExitCode.Done;
        });
        command.Subcommands.Add(words);
        return command;
    }

    private static IEnumerable<string> Complete(string[] typed)
    {
        if (typed.Length <= 1)
        {
            var start = typed.Length == 0 ? "" : typed[0];
            return Verbs.All.Select(verb => verb.Name).Where(name => name.StartsWith(start, StringComparison.Ordinal));
        }

        if (Verbs.All.FirstOrDefault(verb => verb.Name == typed[0]) is not { } verb)
        {
            return [];
        }

        var last = typed[^1];
        var root = new Command("signalbox") { verb.Build() };
        var parsed = root.Parse(typed);
        return parsed
            .GetCompletions()
            .Select(item => item.Label)
            .Where(label => label.StartsWith(last, StringComparison.Ordinal) && (last.StartsWith('-') || !label.StartsWith('-')));
    }

    // After `--`, so that a word that begins with a dash is a word here.
    private static string Script(string shell) =>
        shell switch
        {
            "bash" => $$"""
                _signalbox() {
                    local IFS=$'\n'
                    COMPREPLY=($(signalbox completion {{Words}} -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
                }
                complete -o default -F _signalbox signalbox

                """,
            "zsh" => $$"""
                #compdef signalbox
                _signalbox() {
                    local -a words_found
                    words_found=("${(@f)$(signalbox completion {{Words}} -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
                    if [[ -n "${words_found[1]}" ]]; then compadd -a words_found; else _files; fi
                }
                compdef _signalbox signalbox

                """,
            _ => $"""
                function __signalbox_words
                    set -l words (commandline -opc) (commandline -ct)
                    signalbox completion {Words} -- $words[2..-1] 2>/dev/null
                end
                complete -c signalbox -a '(__signalbox_words)'

                """,
        };
}
