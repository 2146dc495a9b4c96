using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Signalbox.Core.Definitions;
using Signalbox.Core.Retry;
using Signalbox.Engine.Attempts;
using Signalbox.Storage;

namespace Signalbox.Engine.Outputs;

/// <content>The word that something is about to be published, and what it was made from.</content>
internal sealed partial class Publisher
{
    // More versions than this of what lies in one input folder are not named one by one.
    private const int MostInputs = 1000;

    /// <summary>Writes what an attempt is about to publish; one that is over is refused, and the refusal recorded.</summary>
    private async Task PrepareAsync(LiveAttempt attempt, List<Publication> wanted, Action<WriteSession> alsoWrite)
    {
        try
        {
            await parts.Store.WriteAsync(
                session =>
                {
                    alsoWrite(session);
                    wanted.ForEach(intent => session.PreparePublication(intent, attempt.Fence));
                },
                CancellationToken.None
            );
        }
        catch (StoreConflict conflict) when (wanted.Count > 0)
        {
            var refusal = RefusalOf(attempt, conflict.Message);
            await parts.Store.WriteAsync(session => session.AddRefusalOf(refusal), CancellationToken.None);
            throw TaskRefused.Because(FailureClass.Lost, $"nothing was published: {conflict.Message}", "stale attempt");
        }
    }

    private Refusal RefusalOf(LiveAttempt attempt, string reason) =>
        new(attempt.Run.Number, attempt.Task.Key, attempt.Number, attempt.Token, reason, parts.Time.GetUtcNow());

    /// <summary>JSON of the versions that an attempt read: those that were current when it began, at its inputs and inside them.</summary>
    private string InputsOf(LiveAttempt attempt, AttemptContext context)
    {
        if (context.Inputs.Count == 0 && attempt.Node.Needs.IsEmpty)
        {
            return "[]";
        }

        var began = attempt.Task.StartedAt ?? parts.Time.GetUtcNow();
        var inputs = ImmutableArray.CreateBuilder<InputVersion>();
        parts.Store.Read(session =>
        {
            foreach (var (name, read) in context.Inputs)
            {
                var path = S3.S3Layout.TargetOf(read);
                var end = path.AsSpan().IndexOfAny("*?[");
                var folder = (end < 0 ? path : path[..(path.LastIndexOf('/', end) is > 0 and var slash ? slash : end)]).TrimEnd('/');
                IEnumerable<Publication> found = session.PublicationAt(folder) is { } exact
                    ? [exact]
                    : session.PublicationsInside(folder, MostInputs);
                inputs.AddRange(found.Select(version => Then(session, name, version, began)));
            }

            foreach (var version in session.Publications(attempt.Run.Number))
            {
                if (
                    version.State == PublicationState.Published
                    && attempt.Node.Needs.Contains(version.Task.Task)
                    && !inputs.Any(known => known.Publication == version.Id)
                )
                {
                    inputs.Add(new InputVersion($"{version.Task.Task}.{version.Output}", version.Path, version.Id, version.Sha256!));
                }
            }

            return 0;
        });
        return JsonSerializer.Serialize([.. inputs], EngineJson.Default.InputVersionArray);
    }

    /// <summary>The version that stood at a path when the attempt began, if that is not the one that stands there now.</summary>
    private static InputVersion Then(ReadSession session, string name, Publication now, DateTimeOffset began)
    {
        var then = session.VersionAt(now.Path, began) is { } id && id != now.Id && session.Publication(id) is { } before ? before : now;
        return new InputVersion(name, then.Path, then.Id, then.Sha256!);
    }
}

/// <summary>A version that an attempt read.</summary>
/// <param name="Name">The input's name, or <c>task.output</c> of a task before it.</param>
public sealed record InputVersion(
    [property: JsonPropertyName("name")] string Name,
    [property: JsonPropertyName("path")] string Path,
    [property: JsonPropertyName("publication")] long Publication,
    [property: JsonPropertyName("sha256")] string Sha256
);
