using System.Text.Json;
using Signalbox.Core.Definitions;
using Signalbox.Core.Models;
using Signalbox.Core.Retry;
using Signalbox.Engine.Approvals;
using Signalbox.Engine.Attempts;
using Signalbox.Storage;

namespace Signalbox.Engine.Models;

/// <summary>One alias on its way from one version to another.</summary>
/// <param name="Now">The version that it points to; null when there is no such alias yet.</param>
/// <param name="Rule">What it must be better by; null: it moves in any case.</param>
internal sealed record AliasStep(ModelVersion Candidate, ModelVersion? Now, MetricRule? Rule = null)
{
    public string Model => Candidate.Model;

    /// <summary>Whether the alias is to move: the candidate is better, or there is nothing to be better than.</summary>
    /// <exception cref="TaskRefused">A version has not the number that decides it.</exception>
    public bool Moves => !IsDone && (Rule is not { } rule || Now is null || IsBetter(rule, Now));

    private bool IsBetter(MetricRule rule, ModelVersion now)
    {
        var metric = MetricComparison.Of(Candidate.Metrics, now.Metrics).FirstOrDefault(metric => metric.Name == rule.Metric);
        if (metric is not { Candidate: { } candidate, Champion: { } champion })
        {
            var which = metric?.Candidate is null ? Candidate : now;
            throw TaskRefused.Because(
                FailureClass.Permanent,
                $"version {which.Version} of {Model} has no metric `{rule.Metric}`: write it to $SIGNALBOX_METRICS in the task that makes the model",
                "promote"
            );
        }

        return rule.IsLower ? candidate < champion : candidate > champion;
    }

    public bool IsDone => Candidate.Version == Now?.Version;

    public override string ToString()
    {
        var numbers = string.Join(", ", MetricComparison.Of(Candidate.Metrics, Now?.Metrics));
        return $"{Model} {(Now is null ? "" : $"{Now.Version} -> ")}{Candidate.Version}{(numbers.Length > 0 ? $": {numbers}" : "")}";
    }
}

/// <summary>The aliases that one task moves, as the store stands.</summary>
internal sealed class Promotion
{
    private readonly AttemptContext _context;
    private readonly string _alias;
    private readonly List<AliasStep> _steps;
    private readonly List<AliasStep> _moving;

    private Promotion(AttemptContext context, string alias, List<AliasStep> steps)
    {
        _context = context;
        _alias = alias;
        _steps = steps;
        _moving = steps.FindAll(step => step.Moves);
        About = QuestionJson.Object(json =>
        {
            json.WriteString("alias", alias);
            json.WriteStartArray("models");
            foreach (var step in _moving)
            {
                json.WriteStartObject();
                json.WriteString("model", step.Model);
                json.WriteNumber("version", step.Candidate.Version);
                json.WriteNumber("now", step.Now?.Version ?? 0);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        });
    }

    /// <summary>JSON of what is moved from where: an approval counts for exactly that.</summary>
    public string About { get; }

    /// <summary>Whether every alias stays where it is.</summary>
    public bool MovesNothing => _moving.Count == 0;

    /// <summary>Why no alias moves although the run made other versions, with the numbers; null when one does, or all are there already.</summary>
    public string? WhyNone =>
        MovesNothing && _steps.Exists(step => !step.IsDone)
            ? $"not better than {_alias} of {string.Join("; ", _steps.Where(step => !step.IsDone))}"
            : null;

    /// <summary>The versions that this run made of the model, or where it has no such model of all models below it.</summary>
    /// <exception cref="TaskRefused">The run made none.</exception>
    public static Promotion Of(ReadSession session, AttemptContext context, TaskKind.Promote kind)
    {
        var model = context.Render(kind.Model, "promote.model");
        var alias = context.Render(kind.Alias, "promote.alias");
        // A task that was left out made its version in the run whose outputs stand for its own.
        var reused = session.Fingerprints(context.Run.Number).Where(known => known.Source != context.Run.Number);
        var made = session
            .ModelVersions(context.Run.Number)
            .Concat(reused.SelectMany(known => session.ModelVersions(known.Source).Where(version => version.Task == known.Task)))
            .ToList();
        var wanted = made.Where(version => version.Model == model).ToList();
        if (wanted.Count == 0)
        {
            wanted = [.. made.Where(version => version.Model.StartsWith($"{model}/", StringComparison.Ordinal))];
        }

        if (wanted.Count == 0)
        {
            throw TaskRefused.Because(
                FailureClass.Permanent,
                $"this run made no version of the model {model}, and of none below it: give an output of an upstream task `model: {model}`",
                "promote"
            );
        }

        var steps = wanted
            .GroupBy(version => version.Model, StringComparer.Ordinal)
            .OrderBy(group => group.Key, StringComparer.Ordinal)
            .Select(group => new AliasStep(
                group.MaxBy(version => version.Version)!,
                session.ModelAlias(group.Key, alias) is { } now ? session.ModelVersion(group.Key, now.Version) : null,
                kind.Better
            ));
        return new Promotion(context, alias, [.. steps]);
    }

    /// <summary>Whether what a question was about is still so: nobody has moved an alias since.</summary>
    public static bool IsCurrent(ReadSession session, string about)
    {
        using var document = JsonDocument.Parse(about);
        var alias = document.RootElement.GetProperty("alias").GetString()!;
        return document
            .RootElement.GetProperty("models")
            .EnumerateArray()
            .All(entry =>
                (session.ModelAlias(entry.GetProperty("model").GetString()!, alias)?.Version ?? 0) == entry.GetProperty("now").GetInt32()
            );
    }

    /// <summary>Moves the aliases, each with the numbers of both versions, unless somebody else has moved one meanwhile.</summary>
    public void Write(WriteSession write, Approved? approved)
    {
        var reason =
            $"promoted by task {_context.Node.Name} of run {_context.Run.Number}{(approved is null ? "" : $", {approved.Reason}")}";
        foreach (var step in _moving)
        {
            ModelNews.TellAlias(write, step.Model, _alias, step.Candidate.Version, _context.Parts.Time.GetUtcNow());
            write.MoveModelAlias(
                new ModelAlias(step.Model, _alias, step.Candidate.Version, _context.Run.Number, reason, _context.Parts.Time.GetUtcNow()),
                step.Now?.Version,
                approved?.Who
            );
        }
    }

    /// <summary>JSON of what was moved, for downstream tasks: of the only model at the top, of all under <c>models</c>, and those that stay under <c>kept</c>.</summary>
    public string Result(Approved? approved) =>
        QuestionJson.Object(json =>
        {
            if (_steps is [var only])
            {
                WriteStep(json, only);
            }

            json.WriteString("alias", _alias);
            WriteSteps(json, "models", _moving);
            WriteSteps(json, "kept", _steps.Except(_moving));
            if (approved is not null)
            {
                json.WritePropertyName("approval");
                json.WriteRawValue(approved.Json);
            }
        });

    /// <summary>E.g. <c>champion of delay/north 2 -> 3: auc 0.81 (now 0.79, +0.02)</c>.</summary>
    public override string ToString() => $"{_alias} of {string.Join("; ", _moving)}";

    private static void WriteSteps(Utf8JsonWriter json, string name, IEnumerable<AliasStep> steps)
    {
        json.WriteStartArray(name);
        foreach (var step in steps)
        {
            json.WriteStartObject();
            WriteStep(json, step);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteStep(Utf8JsonWriter json, AliasStep step)
    {
        json.WriteString("model", step.Model);
        json.WriteNumber("version", step.Candidate.Version);
        if (step.Now is { } now)
        {
            json.WriteNumber("previous", now.Version);
        }
        else
        {
            json.WriteNull("previous");
        }

        json.WritePropertyName("metrics");
        json.WriteRawValue(step.Candidate.Metrics);
        json.WritePropertyName("previous_metrics");
        json.WriteRawValue(step.Now?.Metrics ?? "null");
    }
}
