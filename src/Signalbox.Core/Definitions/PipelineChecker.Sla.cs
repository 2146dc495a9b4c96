using Signalbox.Core.Time;

namespace Signalbox.Core.Definitions;

public sealed partial class PipelineChecker
{
    // Longer than the longest usual interval between two runs, a month; a deadline after that says nothing of a run.
    private static readonly TimeSpan LongestSla = TimeSpan.FromDays(366);

    private void CheckSla(ImmutableArray<SlaSpec> specs, string path)
    {
        for (var i = 0; !specs.IsDefaultOrEmpty && i < specs.Length; i++)
        {
            switch (specs[i])
            {
                case SlaSpec.By { TimeZone: { } zone } when Zone.Find(zone).Error is { } error:
                    Error("bad-timezone", $"{path}[{i}].timezone", error);
                    break;
                case SlaSpec.Within { Limit: var limit } when limit <= TimeSpan.Zero || limit > LongestSla:
                    Error("out-of-range", $"{path}[{i}].within", "`within` is longer than nothing and at most 366d, such as 3h");
                    break;
                default:
                    break;
            }

            if (specs.AsSpan(0, i).Contains(specs[i]))
            {
                Error("sla-twice", $"{path}[{i}]", $"the deadline `{specs[i].Sentence}` is in the list already");
            }
        }
    }
}
