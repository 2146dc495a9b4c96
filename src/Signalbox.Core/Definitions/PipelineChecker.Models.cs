using Signalbox.Core.Expressions;

namespace Signalbox.Core.Definitions;

public sealed partial class PipelineChecker
{
    private void CheckPromote(int node, TaskNode task, TaskKind.Promote promote, string path)
    {
        var place = $"{path}.promote.model";
        if (Slug.Problem(promote.Alias) is { } problem)
        {
            Error("bad-name", $"{path}.promote.alias", problem);
        }

        if (CheckTemplate(node, promote.Model, place, Place.Item) is not { } wanted)
        {
            return;
        }

        var made = new List<string>();
        TaskNode? elsewhere = null;
        for (var other = 0; other < _graph.Count; other++)
        {
            foreach (var output in _graph.Tasks[other].Outputs)
            {
                if (output.Model is not { } text || Template.Parse(text) is not { Succeeded: true, Value: var model })
                {
                    continue;
                }

                made.Add(text);
                if (!CanBe(model, wanted) && !CanBeBelow(model, wanted))
                {
                    continue;
                }

                if (IsUpstream(other, node))
                {
                    return;
                }

                elsewhere ??= _graph.Tasks[other];
            }
        }

        Error(
            "unmade-model",
            place,
            elsewhere is not null
                ? $"task `{elsewhere.Name}`, which makes the model `{promote.Model}`, is not upstream of `{task.Name}`: add it to needs"
                : $"no task makes the model `{promote.Model}`"
                    + (
                        Suggestion.DidYouMean(promote.Model, made) is { Length: > 0 } near ? near
                        : made.Count > 0 ? $"; models of this pipeline are {string.Join(", ", made.Distinct().Select(name => $"`{name}`"))}"
                        : "; give an output upstream `model:`"
                    )
        );
    }

    /// <summary>Whether two templates may give one text: both are compared from their ends up to their first value.</summary>
    private static bool CanBe(Template one, Template other)
    {
        if (one.IsLiteral && other.IsLiteral)
        {
            return one.Text == other.Text;
        }

        var (head, tail) = Ends(one);
        var (otherHead, otherTail) = Ends(other);
        return Agree(
                head,
                otherHead,
                one.IsLiteral,
                other.IsLiteral,
                static (whole, start) => whole.StartsWith(start, StringComparison.Ordinal)
            )
            && Agree(tail, otherTail, one.IsLiteral, other.IsLiteral, static (whole, end) => whole.EndsWith(end, StringComparison.Ordinal));
    }

    /// <summary>Whether the model can be one below the wanted: <c>delay/north</c> below <c>delay</c>.</summary>
    private static bool CanBeBelow(Template model, Template wanted)
    {
        var head = model.IsLiteral ? model.Text : Ends(model).Head;
        var above = wanted.IsLiteral ? $"{wanted.Text}/" : Ends(wanted).Head;
        return head.StartsWith(above, StringComparison.Ordinal)
            || (!(model.IsLiteral && wanted.IsLiteral) && above.StartsWith(head, StringComparison.Ordinal));
    }

    private static bool Agree(string one, string other, bool isWhole, bool isOtherWhole, Func<string, string, bool> begins) =>
        isWhole ? begins(one, other)
        : isOtherWhole ? begins(other, one)
        : begins(one, other) || begins(other, one);

    private static (string Head, string Tail) Ends(Template template)
    {
        var parts = template.Parts;
        return parts.Length == 0
            ? ("", "")
            : (parts[0].Expression is null ? parts[0].Literal : "", parts[^1].Expression is null ? parts[^1].Literal : "");
    }
}
