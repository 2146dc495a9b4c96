using Signalbox.Core.Definitions;
using Signalbox.Storage;

namespace Signalbox.Engine.Control;

/// <summary>Updates of datasets that external systems post: one row each, and one row only for an idempotency key.</summary>
internal static class DatasetDesk
{
    private const int MaxPartition = 200;

    /// <summary>Records the update, in the transaction in which the request is answered; whoever subscribes to the dataset gets it from there.</summary>
    public static Deed Post(EngineParts parts, Request.UpdateDataset update, string sender, WriteSession session)
    {
        if (DatasetName.Problem(update.Dataset) is { } problem)
        {
            throw new RequestRefused(problem);
        }

        if (update.Partition.Length > MaxPartition || update.Partition.Any(char.IsControl))
        {
            throw new RequestRefused($"a partition is a text of at most {MaxPartition} characters, such as 2001-01-05");
        }

        if (update.Key is { } key && session.UpdatePostedWith(update.Dataset, key) is { } there)
        {
            return there.Partition == update.Partition
                ? new Deed(new Answer(Done: true, there.Id, $"update {there.Id} of {there.Dataset} was posted with the key `{key}` before"))
                : throw new RequestRefused(
                    $"the key `{key}` was used for partition `{there.Partition}` of {there.Dataset}; another update needs another key"
                );
        }

        var id = session.AddUpdate(
            new StoredUpdate(
                Id: 0,
                update.Dataset,
                update.Partition,
                update.Version,
                Publication: null,
                Run: null,
                sender,
                update.Key is { Length: > 0 } named ? named : null,
                Group: null,
                Quiet: null,
                parts.Time.GetUtcNow()
            )
        );
        return new Deed(
            new Answer(
                Done: true,
                id,
                $"update {id} of {update.Dataset}{(update.Partition.Length > 0 ? $", partition {update.Partition}," : "")} is recorded"
            ),
            Then: parts.Updates.Ring
        );
    }
}
