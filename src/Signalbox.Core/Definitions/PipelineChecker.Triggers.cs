using Signalbox.Core.Time;

namespace Signalbox.Core.Definitions;

public sealed partial class PipelineChecker
{
    private void CheckTriggers()
    {
        if (_pipeline.WeekStarts != DayOfWeek.Monday && _pipeline.Partition != PartitionKind.Week)
        {
            Error(
                "no-weeks",
                "partition.week_starts",
                $"`week_starts` goes with `by: week`; this pipeline is cut by {Names.Of(_pipeline.Partition)}s"
            );
        }

        var subscribes = false;
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < _pipeline.Triggers.Length; i++)
        {
            var path = $"triggers[{i}]";
            switch (_pipeline.Triggers[i])
            {
                case TriggerSpec.Datasets datasets:
                    if (subscribes)
                    {
                        Error(
                            "two-datasets-triggers",
                            path,
                            "a pipeline is one subscriber of datasets, so it has one `datasets` trigger: put both into it with `any:` or `all:`"
                        );
                    }

                    subscribes = true;
                    if (_pipeline.Params.FirstOrDefault(param => param.Default is null) is { } must)
                    {
                        Error("no-default", path, $"an update has no parameters to give, so `params.{must.Name}` needs a `default`");
                    }

                    CheckCondition(datasets.When, $"{path}.datasets", []);
                    break;
                case TriggerSpec.Message { Trigger: var trigger }:
                    CheckMessageTrigger(trigger, $"{path}.{trigger.Kind}", names);
                    break;
            }
        }
    }

    private void CheckCondition(DatasetCondition condition, string path, HashSet<string> seen)
    {
        switch (condition)
        {
            case DatasetCondition.Updated { Dataset: var name }:
                if (DatasetName.Problem(name) is { } problem)
                {
                    Error("bad-name", path, problem);
                }
                else if (!seen.Add(name))
                {
                    Error(
                        "dataset-twice",
                        path,
                        $"`{name}` is in the trigger already: an update is consumed once, so name each dataset once"
                    );
                }

                break;
            case DatasetCondition.All all:
                CheckConditions(all.Of, $"{path}.all", seen);
                break;
            case DatasetCondition.Any any:
                CheckConditions(any.Of, $"{path}.any", seen);
                break;
        }
    }

    private void CheckConditions(ImmutableArray<DatasetCondition> conditions, string path, HashSet<string> seen)
    {
        for (var i = 0; i < conditions.Length; i++)
        {
            CheckCondition(conditions[i], $"{path}[{i}]", seen);
        }
    }
}
