using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Text.Json;
using Signalbox.Core.Definitions;
using Signalbox.Core.Retry;
using Signalbox.Engine.Attempts;
using Signalbox.Storage;

namespace Signalbox.Engine.Outputs;

/// <content>The step that readers see, and the record of which version is current.</content>
internal sealed partial class Publisher
{
    // More versions than this of what lies in one input folder are not named one by one.
    private const int MostInputs = 1000;

    private readonly ConcurrentDictionary<string, SemaphoreSlim> _paths = new(StringComparer.Ordinal);

    /// <summary>Waits until nobody else publishes or switches at a path, so that the record of what is current never contradicts the place.</summary>
    public async Task<IDisposable> HoldAsync(string path, CancellationToken cancellationToken)
    {
        var door = _paths.GetOrAdd(path, _ => new SemaphoreSlim(1));
        await door.WaitAsync(cancellationToken);
        return new Held(door);
    }

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
            var refusal = new Refusal(
                attempt.Run.Number,
                attempt.Task.Key,
                attempt.Number,
                attempt.Token,
                conflict.Message,
                parts.Time.GetUtcNow()
            );
            await parts.Store.WriteAsync(session => session.AddRefusalOf(refusal), CancellationToken.None);
            throw TaskRefused.Because(FailureClass.Lost, $"nothing was published: {conflict.Message}", "stale attempt");
        }
    }

    private async Task PlaceAsync(LiveAttempt attempt, Publication intent, bool isAgain)
    {
        using var held = await HoldAsync(intent.Path, CancellationToken.None);
        var current = parts.Store.Read(session => session.PublicationAt(intent.Path));
        if (isAgain && parts.Store.Read(session => session.Switches(intent.Path, MostInputs)).Any(known => known.To == intent.Id))
        {
            // It was made current before a crash; whatever is current now came after it.
            return;
        }

        var place = parts.Places.Of(intent.Path);
        var keep = attempt.Node.Outputs.First(output => output.Name == intent.Output).Keep;
        var placed = await place.PublishAsync(new Placing(Staged(intent), intent, current, keep, isAgain), CancellationToken.None);
        FaultPoints.Hit(FaultPoints.AfterPlaced);
        if (placed.IsCurrent)
        {
            var now = parts.Time.GetUtcNow();
            await parts.Store.WriteAsync(
                session =>
                {
                    var number = session.BeginVersionSwitch(current, intent, $"{intent.Pipeline}.{intent.Task.Task}", reason: null, now);
                    session.EndVersionSwitch(number, current, intent, placed.Kept, now);
                },
                CancellationToken.None
            );
            FaultPoints.Hit(FaultPoints.AfterCurrent);
            await ForgetAsync(place, intent.Path, keep);
        }
    }

    /// <summary>Drops the content of versions that are older than those that are kept.</summary>
    private async Task ForgetAsync(IPlace place, string path, int keep)
    {
        var old = parts.Store.Read(session => session.VersionsAt(path, MostInputs)).Where(version => version.Kept is not null).Skip(keep);
        foreach (var version in old)
        {
            await place.ForgetAsync(version, CancellationToken.None);
            await parts.Store.WriteAsync(session => session.KeepVersion(version.Id, kept: null), CancellationToken.None);
        }
    }

    /// <summary>JSON of the versions that an attempt read: those that were current when it began, at its inputs and inside them.</summary>
    private string InputsOf(LiveAttempt attempt, AttemptContext context)
    {
        if (context.Inputs.Count == 0 && attempt.Node.Needs.IsEmpty)
        {
            return "[]";
        }

        var began = attempt.Task.StartedAt ?? parts.Time.GetUtcNow();
        var read = ImmutableArray.CreateBuilder<InputVersion>();
        parts.Store.Read(session =>
        {
            foreach (var (name, path) in context.Inputs)
            {
                var end = path.AsSpan().IndexOfAny("*?[");
                var folder = (end < 0 ? path : path[..(path.LastIndexOf('/', end) is > 0 and var slash ? slash : end)]).TrimEnd('/');
                IEnumerable<Publication> found = session.PublicationAt(folder) is { } exact
                    ? [exact]
                    : session.PublicationsInside(folder, MostInputs);
                read.AddRange(found.Select(version => Then(session, name, version, began)));
            }

            foreach (var version in session.Publications(attempt.Run.Number))
            {
                if (
                    version.State == PublicationState.Published
                    && attempt.Node.Needs.Contains(version.Task.Task)
                    && !read.Any(known => known.Publication == version.Id)
                )
                {
                    read.Add(new InputVersion($"{version.Task.Task}.{version.Output}", version.Path, version.Id, version.Sha256!));
                }
            }

            return 0;
        });
        return JsonSerializer.Serialize([.. read], EngineJson.Default.InputVersionArray);
    }

    /// <summary>The version that stood at a path when the attempt began, if that is not the one that stands there now.</summary>
    private static InputVersion Then(ReadSession session, string name, Publication now, DateTimeOffset began)
    {
        var then = session.VersionAt(now.Path, began) is { } id && id != now.Id && session.Publication(id) is { } before ? before : now;
        return new InputVersion(name, then.Path, then.Id, then.Sha256!);
    }

    private static StagedOutput Staged(Publication intent) =>
        new(intent.Output, intent.StagedPath, intent.Path, intent.Kind is PublicationKind.Folder or PublicationKind.Objects);

    private sealed class Held(SemaphoreSlim door) : IDisposable
    {
        public void Dispose() => door.Release();
    }
}

/// <summary>A version that an attempt read.</summary>
/// <param name="Name">The input's name, or <c>task.output</c> of a task before it.</param>
public sealed record InputVersion(string Name, string Path, long Publication, string Sha256);
