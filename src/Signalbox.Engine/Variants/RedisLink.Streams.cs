using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace Signalbox.Engine.Variants;

/// <summary>An entry of a Redis stream.</summary>
/// <param name="Fields">Null when the entry was deleted after it was delivered.</param>
public sealed record RedisEntry(string Id, ImmutableArray<KeyValuePair<string, string>>? Fields);

/// <content>What a consumer of a stream needs: <c>XGROUP CREATE</c>, <c>XREADGROUP</c>, <c>XACK</c>.</content>
public sealed partial class RedisLink
{
    // A field of a stream may be larger than a flag; more than this is refused rather than held.
    private const int LongestField = 64 * 1024 * 1024;

    private const int DeepestAnswer = 16;

    /// <summary>Makes a consumer group, and the stream where there is none. A group that is there stays as it is.</summary>
    /// <param name="from">The entry after which a new group begins: <c>0</c> for the oldest that is kept, <c>$</c> for what comes from now on.</param>
    public async Task CreateGroupAsync(string stream, string group, string from, CancellationToken cancellationToken)
    {
        try
        {
            await CallAsync(cancellationToken, "XGROUP", "CREATE", stream, group, from, "MKSTREAM");
        }
        catch (IOException problem) when (problem.Message.Contains("BUSYGROUP", StringComparison.Ordinal))
        {
            // It is there, and where it stands is nobody's business but its own.
        }
    }

    /// <summary>Entries for a consumer of a group, the oldest first.</summary>
    /// <param name="after"><c>&gt;</c> for those that nobody was given yet; an id for those that this consumer was given after it and did not acknowledge.</param>
    /// <param name="wait">How long to wait for one; zero does not wait.</param>
    public async Task<IReadOnlyList<RedisEntry>> ReadGroupAsync(
        string stream,
        string group,
        string consumer,
        string after,
        int count,
        TimeSpan wait,
        CancellationToken cancellationToken
    )
    {
        List<string> command = ["XREADGROUP", "GROUP", group, consumer, "COUNT", count.ToString(CultureInfo.InvariantCulture)];
        if (wait > TimeSpan.Zero)
        {
            command.AddRange(["BLOCK", ((long)wait.TotalMilliseconds).ToString(CultureInfo.InvariantCulture)]);
        }

        command.AddRange(["STREAMS", stream, after]);
        var answer = await WithinAsync(
            _where,
            async limit =>
            {
                await SayAsync([.. command], limit);
                return await AnyAnswerAsync(command[0], DeepestAnswer, limit);
            },
            cancellationToken,
            wait + Limit
        );
        return answer switch
        {
            null => [],
            object?[] { Length: > 0 } streams when streams[0] is object?[] { Length: 2 } found && found[1] is object?[] entries =>
            [
                .. entries.Select(Entry),
            ],
            _ => throw NoAnswer(),
        };
    }

    /// <summary>Tells the group that entries are done with.</summary>
    public Task AcknowledgeAsync(string stream, string group, IEnumerable<string> ids, CancellationToken cancellationToken) =>
        CallAsync(cancellationToken, ["XACK", stream, group, .. ids]);

    private RedisEntry Entry(object? answer)
    {
        if (answer is not object?[] { Length: 2 } pair || pair[0] is not string id)
        {
            throw NoAnswer();
        }

        var texts = (pair[1] as object?[])?.Select(field => field as string ?? throw NoAnswer()).ToArray();
        return new RedisEntry(
            id,
            texts is null
                ? null
                : [.. texts.Chunk(2).Select(field => new KeyValuePair<string, string>(field[0], field.Length > 1 ? field[1] : ""))]
        );
    }

    /// <summary>A text, null, or an array of such.</summary>
    private async Task<object?> AnyAnswerAsync(string command, int depth, CancellationToken limit)
    {
        var line = await LineAsync(limit);
        switch (line.Length > 0 ? line[0] : ' ')
        {
            case '+' or ':':
                return line[1..];
            case '-':
                throw Refused(command, line);
            case '$' when int.TryParse(line.AsSpan(1), out var length) && length is >= -1 and <= LongestField:
                return length < 0 ? null : await TextAsync(length, limit);
            case '*' when int.TryParse(line.AsSpan(1), out var count) && count >= -1 && depth > 0:
                if (count < 0)
                {
                    return null;
                }

                var items = new List<object?>();
                for (var i = 0; i < count; i++)
                {
                    items.Add(await AnyAnswerAsync(command, depth - 1, limit));
                }

                return items.ToArray();
            default:
                throw NoAnswer();
        }
    }

    // Never with the arguments: they may be a password.
    private IOException Refused(string command, string line) => new($"connection {_where}: the server refuses {command}: {line[1..]}");

    private IOException NoAnswer() => new($"connection {_where}: this is no answer of a Redis server");
}
