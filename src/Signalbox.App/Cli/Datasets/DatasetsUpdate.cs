using System.CommandLine;
using Signalbox.Core.Definitions;
using Signalbox.Engine.Control;

namespace Signalbox.App.Cli;

/// <summary><c>datasets update</c>: an external system says that it has updated a dataset. <c>datasets updates</c>: what was said, and what came of it.</summary>
internal static class DatasetsUpdate
{
    public static Command Build()
    {
        var command = VerbParts.Command(
            "update",
            "Records that something outside has updated a dataset: whoever subscribes to it gets the update, in at most one run each. With --key it may "
                + "be said as often as one likes: it is one update.",
            "datasets update flights/raw --partition 2024-03-01",
            "datasets update flights/raw --partition 2024-03-01 --version etag-7f3a --key delivery-4711 --json",
            "datasets update flights/raw --file updates.jsonl"
        );
        var name = new Argument<string>("DATASET") { Description = "The name of the dataset" };
        var partition = DatasetsVerb.Partition("the dataset is not cut");
        var version = new Option<string?>("--version")
        {
            Description = "What the version is called where it comes from",
            HelpName = "TEXT",
        };
        var key = new Option<string?>("--key")
        {
            Description = "Idempotency key: the same key again is the same update",
            HelpName = "TEXT",
        };
        var file = new Option<string?>("--file")
        {
            Description =
                "Many: a file, or - for stdin, with a JSON object of partition, version and key a line; each is answered by a line",
            HelpName = "FILE",
        };
        var project = VerbParts.Project();
        var json = VerbParts.Json();
        command.Arguments.Add(name);
        foreach (var option in new Option[] { partition, version, key, file, project, json })
        {
            command.Options.Add(option);
        }

        command.SetAction(
            async (parsed, _) =>
            {
                var dataset = parsed.GetRequiredValue(name);
                if (DatasetName.Problem(dataset) is { } problem)
                {
                    throw new UserMistakeException($"DATASET: {problem}");
                }

                var one = (Partition: parsed.GetValue(partition), Version: parsed.GetValue(version), Key: parsed.GetValue(key));
                if (parsed.GetValue(file) is not null && one is not (null, null, null))
                {
                    throw new UserMistakeException("--file: partition, version and key stand in its lines; leave the options out");
                }

                await using var engine = ProjectOpening.OpenEngine(ProjectOpening.Find(parsed.GetValue(project)));
                var posted = new List<PostedDocument>();
                foreach (
                    var update in parsed.GetValue(file) is { } path
                        ? UpdateLines.Read(path, dataset)
                        :
                        [
                            new Request.UpdateDataset(
                                dataset,
                                one.Partition ?? "",
                                one.Version,
                                one.Key is { Length: > 0 } told ? told : null
                            ),
                        ]
                )
                {
                    var answer = await engine.AskAsync(update);
                    posted.Add(new PostedDocument(answer.Number!.Value, answer.Message));
                    if (!parsed.GetValue(json))
                    {
                        Console.Out.WriteLine(answer.Message);
                    }
                }

                if (parsed.GetValue(json))
                {
                    if (parsed.GetValue(file) is null)
                    {
                        CliJson.Print(posted[0], CliJson.Default.PostedDocument);
                    }
                    else
                    {
                        CliJson.Print([.. posted], CliJson.Default.PostedDocumentArray);
                    }
                }

                return ExitCode.Done;
            }
        );
        return command;
    }

    public static Command BuildList()
    {
        var command = VerbParts.Command(
            "updates",
            "The updates of a dataset, the newest first, and what became of each at every pipeline that subscribes to it.",
            "datasets updates flights/raw",
            "datasets updates flights/raw --partition 2024-03-01 --json"
        );
        var name = new Argument<string>("DATASET") { Description = "The name of a dataset" };
        var partition = DatasetsVerb.Partition("all");
        var limit = new Option<int>("--limit")
        {
            Description = "At most so many",
            HelpName = "N",
            DefaultValueFactory = _ => 20,
        };
        var before = new Option<long?>("--before")
        {
            Description = "Only those with a smaller number: the last of the page before",
            HelpName = "N",
        };
        var project = VerbParts.Project();
        var json = VerbParts.Json();
        command.Arguments.Add(name);
        foreach (var option in new Option[] { partition, limit, before, project, json })
        {
            command.Options.Add(option);
        }

        command.SetAction(parsed =>
        {
            using var store = ProjectOpening.OpenStore(ProjectOpening.Find(parsed.GetValue(project)));
            var updates = store.Read(session =>
            {
                var dataset = parsed.GetRequiredValue(name);
                if (session.LatestPartition(dataset) is null)
                {
                    throw DatasetsPartitions.NoUpdate(session, dataset);
                }

                return session
                    .Updates(dataset, parsed.GetValue(partition), Math.Max(1, parsed.GetValue(limit)), parsed.GetValue(before))
                    .Select(update => UpdateDocument.Of(update, [.. session.ConsumptionsOf(update.Id).Select(ConsumerDocument.Of)]))
                    .ToArray();
            });
            if (parsed.GetValue(json))
            {
                CliJson.Print(updates, CliJson.Default.UpdateDocumentArray);
            }
            else
            {
                TextTable.Write(
                    Console.Out,
                    ["update", "partition", "by", "at (UTC)", "version", "consumers"],
                    [
                        .. updates.Select(update =>
                            new[]
                            {
                                $"{update.Update}",
                                update.Partition,
                                update.Run is { } run ? $"run {run}" : update.Who ?? "",
                                update.At[..19].Replace('T', ' '),
                                update.Version is { Length: > 12 } version ? version[..12] : update.Version ?? "",
                                update.Quiet ?? string.Join("; ", update.Consumers!.Select(consumer => consumer.Sentence)),
                            }
                        ),
                    ]
                );
            }

            return ExitCode.Done;
        });
        return command;
    }
}
