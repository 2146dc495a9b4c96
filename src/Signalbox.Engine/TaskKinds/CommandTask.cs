using System.Collections.Immutable;
using Signalbox.Core.Definitions;
using Signalbox.Core.Expressions;
using Signalbox.Engine.Attempts;
using Signalbox.Engine.Executors;

namespace Signalbox.Engine.TaskKinds;

/// <summary><c>run:</c>: a command in any language, with a shell (a string) or without (a list).</summary>
internal static class CommandTask
{
    public static Work Prepare(TaskKind.Shell kind, AttemptContext context)
    {
        var field = $"tasks.{context.Node.Name}.run";
        if (!kind.Command.Contains('{', StringComparison.Ordinal))
        {
            return new Work.Command(new CommandSpec.Shell(kind.Command));
        }

        var template = Templates.Of(kind.Command, field);
        return new Work.Command(new CommandSpec.Shell(Templates.Value(ShellTemplate.Render(template, context.Scope), field)));
    }

    public static Work Prepare(TaskKind.Argv kind, AttemptContext context)
    {
        var argv = ImmutableArray.CreateBuilder<string>(kind.Arguments.Length);
        for (var i = 0; i < kind.Arguments.Length; i++)
        {
            argv.Add(context.Render(kind.Arguments[i], $"run[{i}]"));
        }

        return new Work.Command(new CommandSpec.Arguments(argv.MoveToImmutable()));
    }
}
