using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Signalbox.Engine.Executors;

namespace Signalbox.Engine.Processes;

/// <summary>
/// The text that stands between the server and a command: a few lines for <c>/bin/sh</c> that run the command, wait for it and write
/// how it ended, so that the record is there whether or not a server is alive to see it.
/// </summary>
/// <remarks>
/// <para>Descriptor 3 is the exit record, open for appending; the command does not get it. A trap that does nothing lets the launcher
/// outlive a TERM to its whole group, and unlike an ignored signal it is back at its default in the command. <c>set --</c> keeps the
/// code without a variable, for a variable of that name may be in the environment of the command.</para>
/// <para>What is run by <c>"$@"</c> costs no further shell; a builtin such as <c>true</c> costs no further process. <c>times</c> is a builtin
/// too: what the command and all it waited for have used is on record also when nobody watches the end.</para>
/// </remarks>
internal static class Launcher
{
    /// <summary>The shell: POSIX asks for it, and every image that can run a command has it.</summary>
    public const string Shell = "/bin/sh";

    /// <summary>The argument that ends the list of groups.</summary>
    public const string EndOfGroups = "--";

    // Before anything of the user runs. Only a group that was joined is on record.
    private const string Joins = """
        while [ "$1" != -- ]; do
        { echo $$ >"$1/cgroup.procs"; } 2>/dev/null && printf '1 group %s\n' "$1" >&3
        shift
        done
        shift

        """;

    private const string Body = """
        "$@" 3>&-
        set -- "$?"
        times >&3
        echo "1 exit $1 end" >&3
        exit "$1"
        """;

    /// <summary>The launcher's text.</summary>
    /// <param name="bootId">The boot that the start line names.</param>
    /// <param name="joinsGroups">
    /// Whether the first arguments, up to <see cref="EndOfGroups"/>, are the folders of control groups to join before anything of the user runs.
    /// </param>
    /// <param name="mostMemory">
    /// Bytes of private memory that each process may write to, where no group limits them together; past it an allocation fails. Null: no limit.
    /// </param>
    public static string Script(string bootId, bool joinsGroups, long? mostMemory = null) =>
        "trap : HUP INT QUIT TERM USR1 USR2 ALRM\n"
        + (joinsGroups ? Joins : "")
        + $"echo \"1 start $$ {bootId}\" >&3\n"
        + (
            mostMemory is { } bytes
                ? string.Create(CultureInfo.InvariantCulture, $"ulimit -d {Math.Max(1, bytes / 1024)} 2>/dev/null\n")
                : ""
        )
        + Body;

    /// <summary>The words that follow the launcher's text.</summary>
    /// <param name="command">The command.</param>
    /// <param name="searchPath">The <c>PATH</c> of the attempt, or null.</param>
    /// <param name="workingDirectory">Where a relative program name begins.</param>
    /// <param name="problem">Why the program cannot be run, when the answer is default.</param>
    public static ImmutableArray<string> Words(CommandSpec command, string? searchPath, string workingDirectory, out string? problem)
    {
        problem = null;
        switch (command)
        {
            case CommandSpec.Shell shell:
                return PlainCommand.TrySplit(shell.Text, out var words) ? words : [Shell, "-c", shell.Text];
            case CommandSpec.Arguments { Argv: [var program, ..] argv }:
                if (Find(program, searchPath, workingDirectory) is { } path)
                {
                    return argv.SetItem(0, path);
                }

                problem = program.Contains('/')
                    ? $"{program}: no such program, or not executable"
                    : $"{program}: command not found (PATH is {(string.IsNullOrEmpty(searchPath) ? "not set" : searchPath)})";
                return default;
            default:
                problem = "the command is empty";
                return default;
        }
    }

    /// <summary>
    /// The program that a lookup in <c>PATH</c> finds. Done here, not by the shell, because a list of arguments means programs only:
    /// <c>echo</c> is then /usr/bin/echo, and <c>exit</c> does not end the launcher.
    /// </summary>
    private static string? Find(string program, string? searchPath, string workingDirectory)
    {
        if (program.Contains('/'))
        {
            return IsExecutable(Path.Combine(workingDirectory, program)) ? program : null;
        }

        if (program.Length == 0 || string.IsNullOrEmpty(searchPath))
        {
            return null;
        }

        foreach (var range in searchPath.AsSpan().Split(':'))
        {
            var folder = searchPath.AsSpan(range);
            var candidate = folder.IsEmpty ? $"./{program}" : $"{folder}/{program}";
            if (IsExecutable(Path.Combine(workingDirectory, candidate)))
            {
                return candidate;
            }
        }

        return null;
    }

    private static unsafe bool IsExecutable(string path)
    {
        const int executable = 1;
        fixed (byte* bytes = Encoding.UTF8.GetBytes(path + '\0'))
        {
            return Libc.Access(bytes, executable) == 0 && !Directory.Exists(path);
        }
    }
}
