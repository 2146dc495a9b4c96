using Signalbox.Core;
using Signalbox.Core.Retry;
using Signalbox.Engine.PipelineFiles.Shapes;
using Signalbox.Engine.PipelineFiles.Yaml;

namespace Signalbox.Engine.PipelineFiles;

/// <summary>The rules of <c>failure_rules:</c>: what an exit code or the last lines mean.</summary>
internal static class FailureRuleShape
{
    public static readonly Shape<FailureRule[]> List = new ListShape<FailureRule>(
        new MappingShape<Draft>(
            "failure_rule",
            "a failure rule",
            () => new Draft(),
            new Field<Draft, int[]>(
                "exit_code",
                new ListShape<int>(Scalars.Whole(1, 255), "an exit code from 1 to 255, or a list of them", orSingle: true, minItems: 1),
                (d, v) => d.ExitCodes = v,
                "Exit codes that it is for; 128 + n stands for signal n."
            )
            {
                Examples = ["3", "[3, 4]"],
            },
            new Field<Draft, string>(
                "lines",
                Scalars.Text.To(
                    (text, node, reading) =>
                    {
                        if (FailureRule.PatternProblem(text) is not { } problem)
                        {
                            return text;
                        }

                        reading.Error(node, "bad-pattern", $"`lines` {YamlScalar.Shown(text)}: {problem}");
                        return null;
                    }
                ),
                (d, v) => d.Lines = v,
                "A regular expression that the last lines of standard error match somewhere; without lookaround and back references."
            )
            {
                Examples = ["\"ORA-00054|lock wait timeout\""],
            },
            new Field<Draft, string>(
                "class",
                Scalars.Choice(typeof(FailureClass), i => Names.Of((FailureClass)i)),
                (d, v) => d.Class = Names.FailureClassOf(v)!.Value,
                "What kind of failure it is; not `lost` or `cancelled`, which only the server can know."
            )
            {
                Required = true,
                Examples = ["\"resource_unavailable\""],
            },
            new Field<Draft, TimeSpan>(
                "retry_after",
                Durations.Any,
                (d, v) => d.RetryAfter = v,
                "How long the next attempt waits at least."
            )
        ).To(Finish),
        "a list of rules, each with `class` and what it is for"
    );

    private static FailureRule? Finish(Draft draft, YamlNode node, Reading reading)
    {
        var mapping = (YamlMapping)node;
        if (mapping.Find("exit_code") is null && mapping.Find("lines") is null)
        {
            reading.Error(node, "missing-key", "a failure rule needs one of exit_code, lines, or both: what it is for");
            return null;
        }

        if (!FailureRule.IsClass(draft.Class))
        {
            reading.Error(
                mapping.Find("class")!.Value,
                "wrong-value",
                $"`class` cannot be {Names.Of(draft.Class)}: only the server knows that an attempt was lost or cancelled"
            );
            return null;
        }

        return new FailureRule(draft.Class)
        {
            ExitCodes = [.. draft.ExitCodes],
            Lines = draft.Lines,
            RetryAfter = draft.RetryAfter,
        };
    }

    private sealed class Draft
    {
        public int[] ExitCodes { get; set; } = [];

        public string? Lines { get; set; }

        public FailureClass Class { get; set; }

        public TimeSpan? RetryAfter { get; set; }
    }
}
