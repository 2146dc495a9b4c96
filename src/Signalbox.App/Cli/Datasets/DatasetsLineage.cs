using System.Collections.Immutable;
using System.CommandLine;
using System.Text;
using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Triggers;

namespace Signalbox.App.Cli;

/// <summary><c>datasets lineage</c>: which tasks make a dataset, which pipelines use it, and so on upstream and downstream.</summary>
internal static class DatasetsLineage
{
    public static Command Build()
    {
        var command = VerbParts.Command(
            "lineage",
            "Who makes a dataset and who uses it, upstream and downstream, as the pipelines of the project declare it: outputs with `dataset:`, triggers, "
                + "tasks that wait for it, and inputs that are its path. Without a name: of all datasets.",
            "datasets lineage flights/raw",
            "datasets lineage --mermaid"
        );
        var name = new Argument<string?>("DATASET") { Description = "The name of a dataset", Arity = ArgumentArity.ZeroOrOne };
        var mermaid = new Option<bool>("--mermaid") { Description = "In Mermaid's language, as GitHub and many editors draw it" };
        var project = VerbParts.Project();
        var json = VerbParts.Json();
        command.Arguments.Add(name);
        command.Options.Add(mermaid);
        command.Options.Add(project);
        command.Options.Add(json);
        command.SetAction(parsed =>
        {
            var pipelines = ProjectOpening.Find(parsed.GetValue(project)).OpenPipelines().Load().Pipelines;
            var all = Lineage.Of([
                .. pipelines.Select(loaded => loaded.Pipeline).OrderBy(pipeline => pipeline.Name.Value, StringComparer.Ordinal),
            ]);
            var edges = parsed.GetValue(name) is { } dataset ? Around(all, dataset) : all;
            if (parsed.GetValue(json))
            {
                CliJson.Print(DatasetLineageDocument.Of(parsed.GetValue(name), edges), CliJson.Default.DatasetLineageDocument);
            }
            else if (parsed.GetValue(mermaid))
            {
                Console.Out.Write(Mermaid(edges));
            }
            else
            {
                Print(edges);
            }

            return ExitCode.Done;
        });
        return command;
    }

    /// <exception cref="UserMistakeException">No pipeline makes or uses it.</exception>
    public static ImmutableArray<LineageEdge> Around(ImmutableArray<LineageEdge> all, string dataset)
    {
        var names = all.Select(edge => edge.Dataset).Distinct().ToList();
        if (!names.Contains(dataset))
        {
            var advice = Suggestion.DidYouMean(dataset, names);
            throw new UserMistakeException(
                $"no pipeline of the project makes or uses a dataset `{dataset}`{(advice.Length > 0 ? advice : "; `signalbox datasets lineage` shows them all")}"
            );
        }

        return Lineage.Around(all, dataset);
    }

    private static void Print(ImmutableArray<LineageEdge> edges)
    {
        if (edges.IsEmpty)
        {
            Console.Out.WriteLine("no pipeline of the project declares a dataset: write `dataset:` beside the path of an output");
            return;
        }

        foreach (var dataset in edges.GroupBy(edge => edge.Dataset))
        {
            Console.Out.WriteLine(dataset.Key);
            foreach (var edge in dataset.OrderBy(edge => edge.Role))
            {
                Console.Out.WriteLine($"  {Words(edge.Role), -13} {Who(edge)}");
            }
        }
    }

    private static string Mermaid(ImmutableArray<LineageEdge> edges)
    {
        var text = new StringBuilder("graph LR\n");
        var ids = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var edge in edges)
        {
            var dataset = Node(edge.Dataset, $"[({Quoted(edge.Dataset)})]");
            var user = Node($"{edge.Pipeline}\n{edge.Task}", $"[{Quoted(Who(edge))}]");
            text.Append(
                edge.Role switch
                {
                    LineageRole.Produces => $"  {user} --> {dataset}\n",
                    LineageRole.TriggeredBy => $"  {dataset} ==>|starts| {user}\n",
                    LineageRole.WaitsFor => $"  {dataset} -.->|waits for| {user}\n",
                    _ => $"  {dataset} --> {user}\n",
                }
            );
        }

        return text.ToString();

        string Node(string key, string shape)
        {
            if (!ids.TryGetValue(key, out var id))
            {
                ids.Add(key, id = $"n{ids.Count}");
                text.Append($"  {id}{shape}\n");
            }

            return id;
        }
    }

    private static string Quoted(string text) => $"\"{text.Replace("\"", "#quot;", StringComparison.Ordinal)}\"";

    private static string Who(LineageEdge edge) => edge.Task is { } task ? $"{edge.Pipeline}.{task}" : edge.Pipeline.Value;

    private static string Words(LineageRole role) =>
        role switch
        {
            LineageRole.Produces => "made by",
            LineageRole.TriggeredBy => "starts",
            LineageRole.WaitsFor => "waited for by",
            _ => "read by",
        };
}

/// <summary><c>datasets lineage --json</c>.</summary>
/// <param name="Dataset">What was asked about; null for all.</param>
internal sealed record DatasetLineageDocument(string? Dataset, DatasetLineageEdgeDocument[] Edges)
{
    public static DatasetLineageDocument Of(string? dataset, ImmutableArray<LineageEdge> edges) =>
        new(
            dataset,
            [
                .. edges.Select(edge => new DatasetLineageEdgeDocument(
                    edge.Dataset,
                    edge.Pipeline.Value,
                    edge.Task?.Value,
                    Names.Of(edge.Role)
                )),
            ]
        );
}

/// <summary>A line of the graph.</summary>
/// <param name="Task">Null for what the pipeline as a whole does.</param>
/// <param name="Role">produces, triggered_by, waits_for or reads.</param>
internal sealed record DatasetLineageEdgeDocument(string Dataset, string Pipeline, string? Task, string Role);
