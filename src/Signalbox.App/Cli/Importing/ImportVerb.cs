using System.CommandLine;

namespace Signalbox.App.Cli;

/// <summary><c>import</c>: takes what was written for another program.</summary>
internal static class ImportVerb
{
    public static readonly Verb Verb = new("import", "Carry out a call that was written for Airflow's command line", Build);

    private static Command Build()
    {
        var command = VerbParts.Command(
            Verb.Name,
            "Takes what was written for another program.",
            "import airflow-cli -- dags backfill features --start-date 2024-01-01 --end-date 2024-03-01 --reset-dagruns"
        );
        command.Subcommands.Add(BuildAirflow());
        return command;
    }

    private static Command BuildAirflow()
    {
        var command = VerbParts.Command(
            "airflow-cli",
            "Carries out a call of Airflow's command line: `dags backfill`, `dags trigger`, `dags list-runs`, `dags pause` and `dags unpause`. The call of "
                + "ours that it becomes is printed first; arguments that have no meaning here are refused by name.",
            "import airflow-cli -- dags backfill features --start-date 2024-01-01 --end-date 2024-03-01 --reset-dagruns",
            "import airflow-cli --print -- airflow dags trigger daily --conf '{\"min_rows\": 10}'"
        );
        var call = new Argument<string[]>("ARGUMENTS") { Description = "Airflow's arguments, after `--`", Arity = ArgumentArity.OneOrMore };
        var print = new Option<bool>("--print") { Description = "Only print the call of ours" };
        var project = VerbParts.Project();
        var json = VerbParts.Json();
        command.Arguments.Add(call);
        foreach (var option in new Option[] { print, project, json })
        {
            command.Options.Add(option);
        }

        command.SetAction(
            async (parsed, _) =>
            {
                var ours = AirflowCall.Translate(parsed.GetRequiredValue(call));
                if (parsed.GetValue(project) is { } folder)
                {
                    ours = [.. ours, "--project", folder];
                }

                if (parsed.GetValue(json))
                {
                    ours = [.. ours, "--json"];
                }

                var line = "signalbox " + string.Join(' ', ours.Select(Quoted));
                if (parsed.GetValue(print))
                {
                    Console.Out.WriteLine(line);
                    return ExitCode.Done;
                }

                await Console.Error.WriteLineAsync(line);
                return await CommandLine.RunAsync(ours);
            }
        );
        return command;
    }

    private static string Quoted(string word) =>
        word.Length > 0 && word.All(c => char.IsAsciiLetterOrDigit(c) || "-_./:=,@+".Contains(c, StringComparison.Ordinal))
            ? word
            : $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
