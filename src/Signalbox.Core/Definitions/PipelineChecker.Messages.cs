using Signalbox.Core.Expressions;
using Signalbox.Core.Triggers;

namespace Signalbox.Core.Definitions;

public sealed partial class PipelineChecker
{
    private static readonly string[] Operations = [MessageNames.Insert, MessageNames.Update, MessageNames.Delete];

    /// <summary>What is wrong with a trigger that turns messages into runs.</summary>
    /// <param name="path">Where it stands, with its kind: <c>triggers[0].webhook</c>.</param>
    /// <param name="names">The names of the triggers before it.</param>
    private void CheckMessageTrigger(MessageTrigger trigger, string path, HashSet<string> names)
    {
        if (Slug.Problem(trigger.Name) is { } name)
        {
            Error("bad-name", $"{path}.name", name);
        }
        else if (!names.Add(trigger.Name))
        {
            // They would share an inbox, and could not be told apart by an address.
            Error("duplicate-trigger", $"{path}.name", $"there are two triggers `{trigger.Name}`; give each a `name` of its own");
        }

        CheckKind(trigger, path);
        CheckMapping(trigger, path);
    }

    private void CheckKind(MessageTrigger trigger, string path)
    {
        switch (trigger)
        {
            case MessageTrigger.Webhook webhook:
                if (webhook.Bearer is null == webhook.HmacSecret is null)
                {
                    Error(
                        webhook.Bearer is null ? "missing-key" : "two-kinds",
                        webhook.Bearer is null ? path : $"{path}.bearer",
                        "a webhook proves its sender in one way: `bearer: secret:NAME` (a fixed text) or `hmac_secret: secret:NAME` (a signature)"
                    );
                }

                AtLeast(1, webhook.MaxPerMinute, $"{path}.max_per_minute");
                break;
            case MessageTrigger.File file:
                if (file.Path.Length == 0)
                {
                    Error("bad-path", $"{path}.path", "a path is not empty, e.g. landing/*.parquet");
                }
                else if (ArrivalPattern.Parse(file.Path, out var wrong) is null)
                {
                    Error("bad-path", $"{path}.path", wrong!);
                }

                NotNegative(file.StableFor, $"{path}.stable_for");
                Positive(file.Every, $"{path}.every");
                AtLeast(0, file.MinSize, $"{path}.min_size");
                break;
            case MessageTrigger.Postgres postgres:
                Positive(postgres.Every, $"{path}.every");
                NotNegative(postgres.Settle, $"{path}.settle");
                if (TableName.Parse($"{postgres.Connection}.{postgres.Table}", out var problem) is null)
                {
                    Error("bad-table", $"{path}.table", problem!);
                }

                if (postgres.Operations.FirstOrDefault(word => !Operations.Contains(word)) is { } unknown)
                {
                    Error(
                        "bad-operation",
                        $"{path}.operations",
                        $"`{unknown}` is none of {string.Join(", ", Operations)}{Suggestion.DidYouMean(unknown, Operations)}"
                    );
                }
                else if (postgres.Cursor is not null && !postgres.Operations.SequenceEqual([MessageNames.Insert]))
                {
                    Error(
                        "bad-operation",
                        $"{path}.operations",
                        "with `cursor` only new rows are seen; without it logical replication tells of updates and deletes, too"
                    );
                }

                break;
            case MessageTrigger.PipelineEnd end when end.Upstream == _pipeline.Name:
                Error(
                    "waits-for-itself",
                    $"{path}.upstream",
                    "the end of a pipeline's runs cannot start runs of the same pipeline: it would never rest"
                );
                break;
        }
    }

    private void CheckMapping(MessageTrigger trigger, string path)
    {
        foreach (var (name, template) in trigger.Params ?? ImmutableSortedDictionary<string, string>.Empty)
        {
            if (_pipeline.Params.All(spec => spec.Name != name))
            {
                var known = _pipeline.Params.Select(spec => spec.Name);
                Error(
                    "unknown-param",
                    $"{path}.params.{name}",
                    $"{Unknown("parameter", name, known)}; declare it under `params:` of the pipeline"
                );
            }

            CheckMessageTemplate(trigger, template, $"{path}.params.{name}");
        }

        if (trigger.Date is { } date)
        {
            CheckMessageTemplate(trigger, date, $"{path}.date");
        }

        if (trigger.IdempotencyKey is { } key)
        {
            CheckMessageTemplate(trigger, key, $"{path}.idempotency_key");
        }

        if (trigger.Signal is { } signal)
        {
            CheckSignal(trigger, signal, path);
        }
    }

    /// <summary>A message that is sent on needs a run to be sent to, and a task that waits for it.</summary>
    private void CheckSignal(MessageTrigger trigger, string signal, string path)
    {
        CheckMessageTemplate(trigger, signal, $"{path}.signal");
        if (trigger.Params is not null)
        {
            Error("two-kinds", $"{path}.params", "a message that is sent on as a `signal` starts no run, and needs no parameters");
        }

        if (trigger.Date is null && trigger is not MessageTrigger.PipelineEnd)
        {
            Error("missing-key", path, "a `signal` needs the `date` of the run that it is sent to, e.g. \"{{ body.date }}\"");
        }

        var waited = _pipeline.Tasks.Select(task => task.Kind).OfType<TaskKind.WaitForMessage>().Select(kind => kind.Name).ToList();
        if (waited.Count == 0)
        {
            Error("never-matches", $"{path}.signal", "no task waits for a message; one does with `wait_for: { message: NAME }`");
        }
        else if (!waited.Append(signal).Any(name => name.Contains("{{", StringComparison.Ordinal)) && !waited.Contains(signal))
        {
            Error("never-matches", $"{path}.signal", $"no task waits for `{signal}`{Suggestion.DidYouMean(signal, waited)}");
        }
    }

    private void CheckMessageTemplate(MessageTrigger trigger, string text, string path)
    {
        var parsed = Template.Parse(text);
        if (!parsed.Succeeded)
        {
            Report(parsed.Errors, path);
            return;
        }

        foreach (var reference in parsed.Value.References())
        {
            if (!reference.IsOptional && !trigger.Roots.Contains(reference.Root))
            {
                Error(
                    "unknown-name",
                    path,
                    $"unknown name `{reference.Root}`{Near(reference.Root, trigger.Roots).Replace("; it has", "; a message has", StringComparison.Ordinal)}",
                    reference.Offset
                );
            }
        }
    }
}
