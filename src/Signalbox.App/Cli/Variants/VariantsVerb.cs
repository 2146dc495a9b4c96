using System.CommandLine;
using Signalbox.Core;
using Signalbox.Core.Runs;
using Signalbox.Engine.Projects;
using Signalbox.Engine.Variants;
using Signalbox.Storage;

namespace Signalbox.App.Cli;

/// <summary><c>variants</c>: what runs beside what, which of it readers are served, and how that came about.</summary>
internal static class VariantsVerb
{
    public static readonly Verb Verb = new("variants", "Versions of pipelines that run side by side, and which is active", Build);

    private const int MostSwitches = 20;
    private const int MostShadows = 5;

    private static Command Build()
    {
        var command = VerbParts.Command(
            Verb.Name,
            "Lists the variants of a pipeline, or of all: their versions, which one readers are served, the last comparison of each with the live version, "
                + "the flag outside as it stands there, and the switches with who, when and why.",
            "variants",
            "variants revenue --json"
        );
        var pipeline = new Argument<string?>("PIPELINE")
        {
            Description = "The name of a pipeline. Default: all that have variants, or had",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var project = VerbParts.Project();
        var json = VerbParts.Json();
        command.Arguments.Add(pipeline);
        command.Options.Add(project);
        command.Options.Add(json);
        command.SetAction((parsed, _) => RunAsync(parsed.GetValue(pipeline), parsed.GetValue(project), parsed.GetValue(json)));
        return command;
    }

    private static async Task<int> RunAsync(string? pipeline, string? told, bool json)
    {
        var project = ProjectOpening.Find(told);
        var documents = new List<VariantsDocument>();
        using (var store = ProjectOpening.FindStore(project))
        {
            var known = store?.Read(session => session.Pipelines().Where(row => row.Version is not null).ToList()) ?? [];
            if (pipeline is not null && known.All(row => row.Name.Value != pipeline))
            {
                throw new UserMistakeException(
                    $"there is no pipeline `{pipeline}` in the store{Suggestion.DidYouMean(pipeline, known.Select(row => row.Name.Value))}"
                );
            }

            foreach (var row in known.Where(row => pipeline is null || row.Name.Value == pipeline))
            {
                var document = await DocumentAsync(store!, project, row);
                if (pipeline is not null || document.HasHistory)
                {
                    documents.Add(document);
                }
            }
        }

        if (json)
        {
            CliJson.Print([.. documents], CliJson.Default.VariantsDocumentArray);
        }
        else
        {
            Print(Console.Out, documents);
        }

        return ExitCode.Done;
    }

    public static async Task<VariantsDocument> DocumentAsync(Store store, Project project, StoredPipeline row)
    {
        var (variants, switches, shadows, flag, waiting) = store.Read(session =>
            (
                session.Variants(row.Name),
                session.VariantSwitches(row.Name, MostSwitches),
                session.Shadows(row.Name, limit: 100),
                ActiveFlag.KeyOf(session, row.Name),
                ActiveFlag.Waiting(session, row.Name, limit: 100)
            )
        );
        var live = row.Version!.Value;
        RunNamespace? active = switches is [var latest, ..] ? latest.To : null;
        var blue = new VariantDocument(RunNamespace.Blue, live.Value, active is null, null, null, row.SourceFile, null, null);
        return new VariantsDocument(
            row.Name.Value,
            RunNamespace.NameOf(active),
            [
                blue,
                .. variants.Select(variant => new VariantDocument(
                    variant.Name.Value,
                    variant.Version.Value,
                    variant.Name == active,
                    InstantText.Utc(variant.DeployedAt),
                    variant.Who,
                    variant.SourceFile,
                    variant.Reason,
                    shadows.FirstOrDefault(shadow => shadow.Current == live && shadow.Candidate == variant.Version) is { } verdict
                        ? ShadowLineDocument.Of(verdict)
                        : null
                )),
            ],
            flag is { } known ? await FlagAsync(project, known.Connection, known.Key, waiting) : null,
            [
                .. switches.Select(made => new VariantSwitchDocument(
                    made.Id,
                    made.Kind == VariantSwitchKind.Promote ? "promote" : "rollback",
                    RunNamespace.NameOf(made.From),
                    made.FromVersion.Value,
                    RunNamespace.NameOf(made.To),
                    made.ToVersion.Value,
                    made.Who,
                    made.Reason,
                    InstantText.Utc(made.At)
                )),
            ],
            [.. shadows.Select(ShadowLineDocument.Of)]
        );
    }

    /// <summary>The flag as it stands in Redis now.</summary>
    private static async Task<FlagDocument> FlagAsync(Project project, string name, string key, IReadOnlyList<OutboxMessage> waiting)
    {
        var untold = waiting.Where(ActiveFlag.IsForRedis).Select(message => message.Error ?? "no engine has come to it").FirstOrDefault();
        try
        {
            var connection = ActiveFlag.ConnectionOf(project, name, out var problem) ?? throw new IOException(problem);
            await using var redis = await RedisLink.OpenAsync(connection, project.Secrets, CancellationToken.None);
            return new FlagDocument(name, key, await redis.GetAsync(key, CancellationToken.None), untold, Problem: null);
        }
        catch (IOException problem)
        {
            return new FlagDocument(name, key, Value: null, untold, problem.Message);
        }
    }

    private static void Print(TextWriter output, List<VariantsDocument> documents)
    {
        if (documents.Count == 0)
        {
            output.WriteLine(
                "no pipeline has a variant: readers of all are served the live version; `signalbox deploy FILE --as green` makes one"
            );
        }

        foreach (var document in documents)
        {
            output.WriteLine($"{document.Pipeline}: readers are served {document.Active}");
            TextTable.Write(
                output,
                ["VARIANT", "VERSION", "ACTIVE", "DEPLOYED", "BY", "FILE", "COMPARED WITH BLUE"],
                [
                    .. document.Variants.Select(variant =>
                        new[]
                        {
                            variant.Name,
                            variant.Version,
                            variant.Active ? "yes" : "",
                            variant.DeployedAt ?? "",
                            variant.Who ?? "",
                            variant.SourceFile ?? "",
                            variant.Shadow is { } shadow
                                ? $"{(shadow.Clean ? "clean" : "not clean")}, {shadow.CleanDates} of {shadow.Dates} dates (shadow {shadow.Id})"
                            : variant.Name == RunNamespace.Blue ? ""
                            : "never",
                        }
                    ),
                ]
            );
            if (document.Flag is { } flag)
            {
                output.WriteLine(
                    $"flag {flag.Key} in {flag.Connection}: "
                        + (flag.Problem ?? flag.Value ?? $"not there, which means {RunNamespace.Blue}")
                        + (flag.Untold is { } untold ? $"; the last switch is not written yet: {untold}" : "")
                );
            }

            foreach (var shadow in document.Shadows.Take(MostShadows))
            {
                output.WriteLine(
                    $"{shadow.At}  shadow {shadow.Id} of {shadow.CandidateVersion} against {shadow.CurrentVersion} by {shadow.Who}: "
                        + $"{(shadow.Clean ? "clean" : "not clean")}, {shadow.CleanDates} of {shadow.Dates} dates"
                        + (shadow.Reason is { } why ? $" ({why})" : "")
                );
            }

            foreach (var made in document.Switches)
            {
                output.WriteLine($"{made.At}  {made.Kind} from {made.From} to {made.To} by {made.Who}: {made.Reason}");
            }
        }
    }
}

/// <summary>A pipeline with its variants, as <c>variants --json</c> lists it.</summary>
/// <param name="Active">The variant that readers are served; <c>blue</c> is the live version.</param>
/// <param name="Flag">Null when the pipeline has none.</param>
/// <param name="Switches">The newest first.</param>
/// <param name="Shadows">The comparisons, the newest first.</param>
internal sealed record VariantsDocument(
    string Pipeline,
    string Active,
    VariantDocument[] Variants,
    FlagDocument? Flag,
    VariantSwitchDocument[] Switches,
    ShadowLineDocument[] Shadows
)
{
    /// <summary>Whether there is, or was, more than the live version.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public bool HasHistory => Variants.Length > 1 || Switches.Length > 0 || Shadows.Length > 0;
}

/// <param name="Shadow">The last comparison with the live version as it is now; null when there was none.</param>
internal sealed record VariantDocument(
    string Name,
    string Version,
    bool Active,
    string? DeployedAt,
    string? Who,
    string? SourceFile,
    string? Reason,
    ShadowLineDocument? Shadow
);

/// <param name="Value">As it stands in Redis; null when it is not there, which means blue, or cannot be read.</param>
/// <param name="Untold">Why the last switch is not written there yet; null when it is.</param>
/// <param name="Problem">Why it cannot be read.</param>
internal sealed record FlagDocument(string Connection, string Key, string? Value, string? Untold, string? Problem);

internal sealed record VariantSwitchDocument(
    long Id,
    string Kind,
    string From,
    string FromVersion,
    string To,
    string ToVersion,
    string Who,
    string? Reason,
    string At
);

/// <summary>The verdict of a comparison.</summary>
internal sealed record ShadowLineDocument(
    long Id,
    string CurrentVersion,
    string CandidateVersion,
    bool Clean,
    int Dates,
    int CleanDates,
    int? Gate,
    long Rows,
    long Missing,
    long Extra,
    long Different,
    string Who,
    string? Reason,
    string At
)
{
    public static ShadowLineDocument Of(Shadow verdict) =>
        new(
            verdict.Id,
            verdict.Current.Value,
            verdict.Candidate.Value,
            verdict.Clean,
            verdict.Dates,
            verdict.CleanDates,
            verdict.Gate,
            verdict.Rows,
            verdict.Missing,
            verdict.Extra,
            verdict.Different,
            verdict.Who,
            verdict.Reason,
            InstantText.Utc(verdict.At)
        );
}
