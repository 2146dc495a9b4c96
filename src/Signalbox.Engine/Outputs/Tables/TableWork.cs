using Signalbox.Core.Retry;

namespace Signalbox.Engine.Outputs.Tables;

/// <summary>The child process that publishes to a DuckDB file.</summary>
public static class TableWork
{
    /// <summary>The first argument after <c>work</c>.</summary>
    public const string Name = "table";

    /// <param name="requestFile">What to do.</param>
    /// <param name="answerFile">Where the outcome goes, or why there is none.</param>
    /// <returns>0: there is an answer.</returns>
    public static int Run(string requestFile, string answerFile)
    {
        TableAnswer answer;
        try
        {
            answer = new TableAnswer(
                RunAsync(TableFiles.Read(requestFile, TableJson.Default.TableJob)).GetAwaiter().GetResult(),
                null,
                null
            );
        }
        catch (Exception error)
        {
            var failure = TableErrors.Of(error) ?? new PlaceException(FailureClass.Permanent, error.Message, error);
            answer = new TableAnswer(null, failure.Class, failure.Message) { IsOfRows = failure.IsOfRows };
        }

        TableFiles.Write(answerFile, answer, TableJson.Default.TableAnswer);
        return 0;
    }

    private static async Task<TableOutcome> RunAsync(TableJob job)
    {
        await using var session = TableSession.OpenDuckDb(job.Database, job.Publish?.Receipt.Request.StagingFile);
        var protocol = new TableProtocol(session);
        if (job.Publish is { } intent)
        {
            return await protocol.PublishAsync(intent);
        }

        if (job.Switch is { } change)
        {
            return await protocol.SwitchAsync(change);
        }

        await protocol.DropAsync(new TablePlaceName(job.DropSchema, job.Drop!));
        return new TableOutcome(null);
    }
}
