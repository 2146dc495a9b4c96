using System.Collections.Concurrent;
using System.Collections.Immutable;
using Signalbox.Core.Expressions;
using Signalbox.Core.Retry;

namespace Signalbox.Engine.Attempts;

/// <summary>Rendering at run time: a mistake becomes a failure of the task that names the field.</summary>
internal static class Templates
{
    // Templates come from definitions only, so there are as many as their authors wrote; the bound is for a server that lives for months.
    private const int MostKept = 20_000;

    private static readonly ConcurrentDictionary<string, Template> Parsed = new(StringComparer.Ordinal);

    public static string Render(string text, IScope scope, string field) =>
        text.Contains('{', StringComparison.Ordinal) ? Value(Of(text, field).Render(scope), field) : text;

    public static Value Evaluate(string text, IScope scope, string field) => Value(Of(text, field).Evaluate(scope), field);

    public static Template Of(string text, string field)
    {
        if (Parsed.TryGetValue(text, out var known))
        {
            return known;
        }

        var template = Value(Template.Parse(text), field);
        if (Parsed.Count < MostKept)
        {
            Parsed[text] = template;
        }

        return template;
    }

    public static T Value<T>(TemplateResult<T> outcome, string field)
        where T : class => outcome.Succeeded ? outcome.Value : throw Refused(outcome.Errors, field);

    private static TaskRefused Refused(ImmutableArray<TemplateError> errors, string field) =>
        TaskRefused.Because(FailureClass.Permanent, $"{field}: {string.Join("; ", errors)}", "template");
}
