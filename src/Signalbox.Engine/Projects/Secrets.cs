using System.Collections.Immutable;
using System.Text;
using Signalbox.Core;
using Signalbox.Core.Definitions;

namespace Signalbox.Engine.Projects;

/// <summary>The value of a secret, or why there is none.</summary>
/// <param name="Value">Null exactly when there is a problem.</param>
/// <param name="Problem">What is wrong and how to mend it; never with the value.</param>
public sealed record ResolvedSecret(string? Value, string? Problem)
{
    /// <summary>Tells nothing.</summary>
    public override string ToString() => Problem ?? "***";
}

/// <summary>
/// The values of <c>secret:NAME</c>: the variable <c>SIGNALBOX_SECRET_NAME</c> of the program's environment, else what <c>secrets set</c> keeps,
/// else the file <c>.signalbox/secrets/NAME</c>, which nobody but its owner may read. Looked up anew each time, so that a changed secret counts at
/// once.
/// </summary>
/// <param name="folder">The folder with one file a secret; it need not exist.</param>
/// <param name="kept">Those that the program keeps itself.</param>
public sealed class Secrets(string folder, SealedSecrets kept)
{
    /// <summary>The name of the folder, in the state folder of a project.</summary>
    public const string FolderName = "secrets";

    /// <summary>The largest secret, in bytes.</summary>
    public const int MaxBytes = 64 * 1024;

    private const string Prefix = "secret:";

    /// <summary>Those that the program keeps itself, encrypted.</summary>
    public SealedSecrets Sealed => kept;

    /// <summary>The name in <c>secret:NAME</c>; null when the text is no mention of a secret.</summary>
    public static string? NameIn(string text) => text.StartsWith(Prefix, StringComparison.Ordinal) ? text[Prefix.Length..].Trim() : null;

    /// <summary>Looks a secret up. A line break at the end of a file is not part of it.</summary>
    public ResolvedSecret Resolve(string name)
    {
        if (Slug.Problem(name) is { } bad)
        {
            return Refused($"`secret:{name}` names no secret: {bad}");
        }

        if (Environment.GetEnvironmentVariable(TaskEnvironment.Secret(name)) is { Length: > 0 } value)
        {
            return new ResolvedSecret(value, null);
        }

        if (kept.Find(name) is { } found)
        {
            return found;
        }

        var path = Path.Combine(folder, name);
        try
        {
            var file = new FileInfo(path);
            if (!file.Exists)
            {
                return Refused(
                    $"there is no secret `{name}`; set {TaskEnvironment.Secret(name)} for signalbox, or write the value to {Project.StateFolderName}/{FolderName}/{name} with mode 600, or keep it with `signalbox secrets set {name}`"
                );
            }

            const UnixFileMode Others =
                UnixFileMode.GroupRead
                | UnixFileMode.GroupWrite
                | UnixFileMode.GroupExecute
                | UnixFileMode.OtherRead
                | UnixFileMode.OtherWrite
                | UnixFileMode.OtherExecute;
            if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & Others) != UnixFileMode.None)
            {
                return Refused($"the secret `{name}` can be read by others; run: chmod 600 {Project.StateFolderName}/{FolderName}/{name}");
            }

            if (file.Length > MaxBytes)
            {
                return Refused($"the secret `{name}` has {file.Length} bytes; at most {MaxBytes} are read");
            }

            var text = File.ReadAllText(path, Encoding.UTF8);
            text = text.EndsWith('\n') ? text[..^1].TrimEnd('\r') : text;
            return text.Length == 0 ? Refused($"the secret `{name}` is empty") : new ResolvedSecret(text, null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Refused($"the secret `{name}` cannot be read: {e.Message.TrimEnd('.')}");
        }
    }

    /// <summary>
    /// What keeps the secrets that a pipeline mentions from being had, each with the field that mentions it: asked before the first task
    /// of a run starts, so that none fails half-way.
    /// </summary>
    public ImmutableArray<Diagnostic> Missing(Pipeline pipeline)
    {
        var problems = ImmutableArray.CreateBuilder<Diagnostic>();
        foreach (var task in pipeline.Tasks)
        {
            foreach (var (field, name) in MentionedBy(task))
            {
                if (Resolve(name).Problem is { } problem)
                {
                    problems.Add(new Diagnostic("missing-secret", Severity.Error, $"tasks.{task.Name}.{field}", problem));
                }
            }
        }

        return problems.ToImmutable();
    }

    /// <summary>The names of the secrets that a task is given, each with the field that mentions it.</summary>
    public static IEnumerable<(string Field, string Name)> MentionedBy(TaskNode task)
    {
        var fields = task.Env.Select(variable => ($"env.{variable.Key}", variable.Value));
        var headers = task.Kind switch
        {
            TaskKind.WaitForHttp wait => wait.Headers.Select(header => ($"wait_for.headers.{header.Key}", header.Value)),
            TaskKind.Http http => http.Headers.Select(header => ($"http.headers.{header.Key}", header.Value)),
            _ => [],
        };
        foreach (var (field, text) in fields.Concat(headers))
        {
            if (NameIn(text) is { } name)
            {
                yield return (field, name);
            }
        }
    }

    private static ResolvedSecret Refused(string problem) => new(null, problem);
}
