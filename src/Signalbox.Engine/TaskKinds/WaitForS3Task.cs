using System.Text.Json;
using Signalbox.Core.Definitions;
using Signalbox.Core.Retry;
using Signalbox.Engine.Attempts;
using Signalbox.Engine.Outputs.S3;

namespace Signalbox.Engine.TaskKinds;

/// <summary>
/// <c>wait_for: {s3}</c>: an object exists, or anything below a prefix, large enough and unchanged for a while. An object is there whole or not at
/// all, but several arrive one after the other; that is what the while is for.
/// </summary>
internal static class WaitForS3Task
{
    public static async Task<Sighting> LookAsync(TaskKind.WaitForS3 kind, AttemptContext context, CancellationToken cancellationToken)
    {
        var now = context.Parts.Time.GetUtcNow();
        var text = context.Render(kind.Address, "wait_for.s3");
        var address =
            S3Address.Parse(text, out var problem)
            ?? throw TaskRefused.Because(FailureClass.Permanent, $"tasks.{context.Node.Name}.wait_for.s3: {problem}", "address");
        if (context.Parts.Project.S3For(address.Bucket, out var none) is null)
        {
            throw TaskRefused.Because(FailureClass.Permanent, $"tasks.{context.Node.Name}.wait_for.s3: {none}", "connection");
        }

        var client = context.Parts.Objects.Of(address.Bucket);
        string? found;
        long size;
        var count = 1;
        if (address.IsPrefix)
        {
            var listed = await client.ListAsync(address, cancellationToken);
            (size, count) = (listed.Sum(each => each.Bytes), listed.Count);
            found = count == 0 ? null : string.Join('\n', listed.Select(each => $"{each.Key} {each.Bytes}"));
        }
        else
        {
            var head = await client.HeadAsync(address, cancellationToken);
            (found, size) = (head?.ETag, head?.Bytes ?? 0);
        }

        if (found is null)
        {
            context.Parts.Sightings.Forget(context);
            return new Sighting.NotYet($"{address} is not there yet", now + kind.Every);
        }

        if (size < kind.MinSize)
        {
            return new Sighting.NotYet($"{address} has {size} bytes; waiting for at least {kind.MinSize}", now + kind.Every);
        }

        var since = context.Parts.Sightings.UnchangedSince(context, (found, size), now);
        if (now - since < kind.StableFor)
        {
            var next = since + kind.StableFor;
            return new Sighting.NotYet($"{address} is there; waiting for it to stay unchanged for {kind.StableFor}", next);
        }

        context.Parts.Sightings.Forget(context);
        var seen = new Dictionary<string, string>
        {
            ["address"] = address.ToString(),
            ["size"] = size.ToString(),
            ["objects"] = count.ToString(),
        };
        return new Sighting.Satisfied(JsonSerializer.Serialize(seen, EngineJson.Default.DictionaryStringString));
    }
}
