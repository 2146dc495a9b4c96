using System.Collections.Immutable;
using System.IO.Enumeration;
using System.Security.Cryptography;
using System.Text;
using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Expressions;
using Signalbox.Core.Retry;
using Signalbox.Core.Reuse;
using Signalbox.Engine.Attempts;
using Signalbox.Engine.Linting;
using Signalbox.Engine.Outputs;
using Signalbox.Storage;

namespace Signalbox.Engine.Reuse;

/// <summary>Takes the fingerprint of a task as an attempt of it starts.</summary>
internal sealed class FingerprintMaker(EngineParts parts, NamesOfRuns names)
{
    /// <summary>Whether a task of this kind makes something that can be used again.</summary>
    public static bool Covers(TaskKind kind) => kind is TaskKind.Shell or TaskKind.Argv or TaskKind.Script or TaskKind.Sql;

    /// <returns>The fingerprint, and where each input lies.</returns>
    public async Task<(Fingerprint Fingerprint, ImmutableSortedDictionary<string, string> Paths)> MakeAsync(
        LiveAttempt attempt,
        AttemptContext context
    )
    {
        var run = attempt.Run;
        var found = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        var paths = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        found["definition"] = DefinitionOf(attempt.Node);
        found["command"] = Hash(await CommandAsync(attempt, context));
        found["params"] = Hash(run.Params);
        found["date"] = Hash($"{run.LogicalDate:O} {run.IntervalStart:O} {run.IntervalEnd:O} {run.Partition}");
        if (attempt.Task.Item is { } item)
        {
            found["item"] = Hash(item);
        }

        foreach (var source in SourceFiles.Of(parts.Project.Folder, attempt.Node))
        {
            found[Fingerprint.SourcePrefix + source.File] = Hash(source.Text);
        }

        foreach (var (name, path) in context.Inputs)
        {
            found[Fingerprint.InputPrefix + name] = parts.Store.Read(session => InputVersion(session, path));
            paths[Fingerprint.InputPrefix + name] = path;
        }

        parts.Store.Read(session =>
        {
            AddUpstream(session, attempt, found);
            return 0;
        });
        return (new Fingerprint(found.ToImmutable()), paths.ToImmutable());
    }

    /// <summary>What makes the result, and not when and how often it is tried.</summary>
    internal static string DefinitionOf(TaskNode node) =>
        Hash(
            PipelineJson.Write(
                new Pipeline
                {
                    Name = new PipelineName("task"),
                    Tasks =
                    [
                        new TaskNode
                        {
                            Name = node.Name,
                            Kind = node.Kind,
                            Env = node.Env,
                            Inputs = node.Inputs,
                            Outputs = node.Outputs,
                        },
                    ],
                }
            )
        );

    /// <summary>The version of an input: of what is published there, or else of the content.</summary>
    /// <param name="path">Absolute; perhaps a pattern.</param>
    internal static string InputVersion(ReadSession session, string path)
    {
        if (session.PublicationAt(path.TrimEnd('/')) is { Sha256: { } published } && Path.Exists(path.TrimEnd('/')))
        {
            return published;
        }

        if (Targets.IsAddress(path))
        {
            return Hash($"{path} is not published by us");
        }

        if (path.AsSpan().IndexOfAny("*?[") is var pattern and >= 0)
        {
            var folder = path[..(path.LastIndexOf('/', pattern) + 1)];
            var all = new StringBuilder();
            var files = new FileSystemEnumerable<string>(
                folder,
                (ref FileSystemEntry entry) => entry.ToFullPath(),
                new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true }
            )
            {
                ShouldIncludePredicate = (ref FileSystemEntry entry) =>
                    !entry.IsDirectory && FileSystemName.MatchesSimpleExpression(path, entry.ToFullPath(), ignoreCase: false),
            };
            foreach (var file in Directory.Exists(folder) ? files.Order(StringComparer.Ordinal) : Enumerable.Empty<string>())
            {
                all.Append(file).Append(' ').AppendLine(ContentHash.Of(file).Sha256);
            }

            return Hash(all.ToString());
        }

        return Path.Exists(path.TrimEnd('/')) ? ContentHash.Of(path.TrimEnd('/')).Sha256 : "nothing";
    }

    internal static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    /// <summary>The command with its values, but for the staging places, which are others at each attempt.</summary>
    private async Task<string> CommandAsync(LiveAttempt attempt, AttemptContext context)
    {
        var node = attempt.Node;
        var outputs = node.Outputs.ToDictionary(output => output.Name, output => $"output {output.Name}", StringComparer.Ordinal);
        var scope = names.Of(attempt.Pipeline, attempt.Run).Scope(node, attempt.Task, attempt: 1, context.Inputs, outputs);
        var text = new StringBuilder();
        switch (node.Kind)
        {
            case TaskKind.Shell shell:
                text.Append(Rendered(shell.Command));
                break;
            case TaskKind.Argv argv:
                text.AppendJoin('\0', argv.Arguments.Select(Rendered));
                break;
            case TaskKind.Script script:
                text.Append(script.Text);
                break;
            case TaskKind.Sql sql:
                text.Append(Rendered(sql.Text ?? await FileAsync(sql.File!, context)));
                break;
        }

        foreach (var (name, value) in node.Env)
        {
            text.Append('\0')
                .Append(name)
                .Append('=')
                .Append(value.StartsWith("secret:", StringComparison.Ordinal) ? value : Rendered(value));
        }

        return text.ToString();

        string Rendered(string template) => Templates.Render(template, scope, $"tasks.{node.Name}");
    }

    private static async Task<string> FileAsync(string file, AttemptContext context)
    {
        var path = context.RenderPath(file, "sql.file");
        return File.Exists(path)
            ? await File.ReadAllTextAsync(path)
            : throw TaskRefused.Because(FailureClass.Permanent, $"tasks.{context.Node.Name}.sql.file: there is no file {path}", "sql");
    }

    /// <summary>What the tasks before it published: in this run, or in the earlier one whose outputs stand for theirs.</summary>
    private static void AddUpstream(ReadSession session, LiveAttempt attempt, ImmutableSortedDictionary<string, string>.Builder found)
    {
        if (attempt.Node.Needs.IsEmpty)
        {
            return;
        }

        var sources = session.Fingerprints(attempt.Run.Number).ToDictionary(row => row.Task, row => row.Source);
        var runs = sources.Values.Append(attempt.Run.Number).Distinct();
        foreach (var row in runs.SelectMany(session.Publications))
        {
            if (
                row.State == PublicationState.Published
                && attempt.Node.Needs.Contains(row.Task.Task)
                && sources.GetValueOrDefault(row.Task, attempt.Run.Number) == row.Run
            )
            {
                found[$"{Fingerprint.UpstreamPrefix}{row.Task}.{row.Output}"] = row.Sha256 ?? "";
            }
        }
    }
}
