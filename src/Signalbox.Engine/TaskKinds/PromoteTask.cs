using System.Text.Json;
using Signalbox.Core.Definitions;
using Signalbox.Core.Retry;
using Signalbox.Core.Runs;
using Signalbox.Engine.Attempts;
using Signalbox.Storage;

namespace Signalbox.Engine.TaskKinds;

/// <summary><c>promote:</c>: moves an alias of a model to the version that this run made. A backfill leaves aliases alone unless it is told otherwise.</summary>
internal static class PromoteTask
{
    public static Task<Work> PrepareAsync(TaskKind.Promote kind, AttemptContext context, CancellationToken cancellationToken)
    {
        var model = context.Render(kind.Model, "promote.model");
        var alias = context.Render(kind.Alias, "promote.alias");
        if (context.Run.Namespace is { } space)
        {
            return Task.FromResult<Work>(
                new Work.Inline(new Outcome.Skipped($"this run is in the namespace {space}: it moves no alias that others read"))
            );
        }

        if (context.Run.Trigger == RunTrigger.Backfill && kind.InBackfill == BackfillPromotion.Skip)
        {
            return Task.FromResult<Work>(
                new Work.Inline(new Outcome.Skipped($"a backfill does not move {alias} of {model}; `in_backfill: allow` lets it"))
            );
        }

        return context.Parts.Store.ReadAsync(session => Prepare(session, model, alias, context), cancellationToken);
    }

    private static Work Prepare(ReadSession session, string model, string alias, AttemptContext context)
    {
        var made = session.ModelVersions(context.Run.Number).Where(version => version.Model == model).ToList();
        if (made.Count == 0)
        {
            throw TaskRefused.Because(
                FailureClass.Permanent,
                $"this run made no version of the model {model}: give an output of an upstream task `model: {model}`",
                "promote"
            );
        }

        var version = made.MaxBy(version => version.Version)!;
        var before = session.ModelAlias(model, alias)?.Version;
        var moved = new ModelAlias(
            model,
            alias,
            version.Version,
            context.Run.Number,
            $"promoted by task {context.Node.Name}",
            context.Parts.Time.GetUtcNow()
        );
        var result = JsonSerializer.Serialize(
            new Dictionary<string, string>
            {
                ["model"] = model,
                ["alias"] = alias,
                ["version"] = version.Version.ToString(),
                ["previous"] = before?.ToString() ?? "",
            },
            EngineJson.Default.DictionaryStringString
        );
        return new Work.Inline(
            new Outcome.Succeeded(result),
            before == version.Version ? null : write => write.MoveModelAlias(moved, before)
        );
    }
}
