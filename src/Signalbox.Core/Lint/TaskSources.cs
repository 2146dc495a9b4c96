using System.Text.RegularExpressions;
using Signalbox.Core.Definitions;

namespace Signalbox.Core.Lint;

/// <summary>Which texts a task runs: those in its definition, and the files that it names.</summary>
public static partial class TaskSources
{
    private const int Limit = 1000;

    /// <summary>The commands, scripts and statements that stand in the definition itself.</summary>
    public static IEnumerable<TaskSource> OfDefinition(Pipeline pipeline)
    {
        foreach (var task in pipeline.Tasks)
        {
            var path = $"tasks.{task.Name}";
            switch (task.Kind)
            {
                case TaskKind.Shell shell:
                    yield return new TaskSource(task.Name, null, $"{path}.run", SourceLanguage.Shell, shell.Command);
                    break;
                case TaskKind.Argv argv:
                    for (var i = 0; i < argv.Arguments.Length; i++)
                    {
                        // Without a shell `>>` and `$( )` mean nothing; what follows -c does.
                        if (i > 0 && argv.Arguments[i - 1] is "-c" && Interpreter(argv.Arguments[0]) is { } inner)
                        {
                            yield return new TaskSource(task.Name, null, $"{path}.run[{i}]", inner, argv.Arguments[i]);
                        }
                    }

                    break;
                case TaskKind.Script script:
                    var language = Interpreter(script.Interpreter) ?? SourceLanguage.Shell;
                    var key = language == SourceLanguage.Python ? "python" : "shell";
                    yield return new TaskSource(task.Name, null, $"{path}.{key}", language, script.Text);
                    break;
                case TaskKind.Sql { Text: { } text }:
                    yield return new TaskSource(task.Name, null, $"{path}.sql.query", SourceLanguage.Sql, text);
                    break;
            }
        }
    }

    /// <summary>Files that a task may run, with the field that names each. Whether they exist is for the caller to see.</summary>
    public static IEnumerable<(string File, string Field)> FilesOf(TaskNode task)
    {
        var path = $"tasks.{task.Name}";
        return task.Kind switch
        {
            TaskKind.Shell shell => FilesIn(shell.Command).Select(file => (file, $"{path}.run")),
            TaskKind.Argv argv => argv.Arguments.SelectMany((argument, i) => FilesIn(argument).Select(file => (file, $"{path}.run[{i}]"))),
            TaskKind.Script script => FilesIn(script.Text).Select(file => (file, $"{path}.shell")),
            TaskKind.Sql { File: { } file } => [(file, $"{path}.sql.file")],
            _ => [],
        };
    }

    /// <summary>Modules next to a Python file that it imports, and scripts that a shell script calls, relative to the folder it names them from.</summary>
    /// <param name="file">The file, relative to the project.</param>
    public static IEnumerable<string> FilesOf(string file, SourceLanguage language, string text)
    {
        var folder = file.LastIndexOf('/') is var slash and >= 0 ? file[..(slash + 1)] : "";
        switch (language)
        {
            case SourceLanguage.Python:
                var code = CodeText.Of(text, language);
                foreach (Match match in Import().Matches(code.Code))
                {
                    foreach (var name in match.Groups["name"].Value.Split(',', StringSplitOptions.TrimEntries))
                    {
                        yield return folder + name.Split(' ')[0].Replace('.', '/') + ".py";
                    }
                }

                break;
            case SourceLanguage.Shell:
                foreach (var named in FilesIn(text))
                {
                    yield return named;
                }

                break;
        }
    }

    private static IEnumerable<string> FilesIn(string text)
    {
        foreach (Match match in FileName().Matches(text))
        {
            var name = match.Value.StartsWith("./", StringComparison.Ordinal) ? match.Value[2..] : match.Value;
            if (!name.Contains("..", StringComparison.Ordinal) && name[0] != '/')
            {
                yield return name;
            }
        }
    }

    private static SourceLanguage? Interpreter(string program)
    {
        var name = program[(program.LastIndexOf('/') + 1)..];
        return name.StartsWith("python", StringComparison.Ordinal) ? SourceLanguage.Python
            : name is "sh" or "bash" or "dash" or "zsh" ? SourceLanguage.Shell
            : null;
    }

    [GeneratedRegex(@"(?<![\w./\-}$])[\w./\-]+\.(py|sh|bash|sql|cs)(?![\w./\-{])", RegexOptions.ExplicitCapture, Limit)]
    private static partial Regex FileName();

    [GeneratedRegex(
        @"^[ \t]*(import[ \t]+(?<name>[\w.]+([ \t]+as[ \t]+\w+)?([ \t]*,[ \t]*[\w.]+([ \t]+as[ \t]+\w+)?)*)|from[ \t]+(?<name>\w[\w.]*)[ \t]+import\b)",
        RegexOptions.ExplicitCapture | RegexOptions.Multiline,
        Limit
    )]
    private static partial Regex Import();
}
