using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Triggers;

namespace Signalbox.Engine.Triggers;

/// <summary>Has every trigger of the current definitions listened to, each by a loop of its own that nothing ends but a change of its definition.</summary>
/// <param name="loop">Begins a duty of the engine: its name, and what it does until it is cancelled.</param>
internal sealed class TriggerRunner(EngineParts parts, InboxDesk inbox, Action<string, Func<CancellationToken, Task>> loop) : IDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);

    private readonly EngineParts _parts = parts;
    private readonly InboxDesk _inbox = inbox;
    private readonly Lock _guard = new();
    private readonly Dictionary<(PipelineName Pipeline, string Name), (MessageTrigger Trigger, CancellationTokenSource Stop)> _running = [];

    /// <summary>Told of what people who watch the server should see.</summary>
    public event Action<string>? Said;

    /// <summary>Takes note of the current definition of a pipeline: what is new is listened to, what is gone no longer.</summary>
    public void Follow(Pipeline pipeline)
    {
        var wanted = pipeline.MessageTriggers().ToDictionary(trigger => trigger.Name, StringComparer.Ordinal);
        lock (_guard)
        {
            foreach (var (key, running) in _running.Where(each => each.Key.Pipeline == pipeline.Name).ToList())
            {
                if (!wanted.TryGetValue(key.Name, out var trigger) || SourceOf(trigger) != SourceOf(running.Trigger))
                {
                    End(key);
                }
                else
                {
                    _running[key] = (trigger, running.Stop);
                }
            }

            foreach (var (name, trigger) in wanted)
            {
                if (!_running.ContainsKey((pipeline.Name, name)))
                {
                    Begin(pipeline.Name, trigger);
                }
            }
        }
    }

    /// <summary>The file of a pipeline is gone: nothing starts it any more.</summary>
    public void Drop(PipelineName pipeline)
    {
        lock (_guard)
        {
            foreach (var key in _running.Keys.Where(key => key.Pipeline == pipeline).ToList())
            {
                End(key);
            }
        }
    }

    public void Dispose()
    {
        lock (_guard)
        {
            foreach (var key in _running.Keys.ToList())
            {
                End(key);
            }
        }
    }

    /// <summary>What is listened to, as one text: another way to make parameters of messages is no other source.</summary>
    private static string SourceOf(MessageTrigger trigger) =>
        PipelineJson.Write(
            new Pipeline
            {
                Name = new PipelineName("source"),
                Tasks = [],
                Triggers = [new TriggerSpec.Message(trigger with { Params = null, Date = null })],
            }
        );

    private void Begin(PipelineName pipeline, MessageTrigger trigger)
    {
        var stop = new CancellationTokenSource();
        var ears = new Ears(this, pipeline, trigger);
        if (ears.Listener is { } listener)
        {
            _running[(pipeline, trigger.Name)] = (trigger, stop);
            loop(
                $"{pipeline}: trigger {trigger.Name}",
                async engine =>
                {
                    using var either = CancellationTokenSource.CreateLinkedTokenSource(engine, stop.Token);
                    await KeepAsync(listener, ears, either.Token);
                }
            );
        }
        else
        {
            stop.Dispose();
        }
    }

    /// <summary>The source of the token stays undisposed: the loop may still link to it.</summary>
    private void End((PipelineName, string) key)
    {
        if (_running.Remove(key, out var running))
        {
            running.Stop.Cancel();
        }
    }

    private async Task KeepAsync(Listener listener, Ears ears, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await listener.ListenAsync(cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception problem)
            {
                var pause = ears.Failed(problem);
                try
                {
                    await Task.Delay(pause, _parts.Time, cancellationToken);
                }
                catch (OperationCanceledException)
                {
                    return;
                }
            }
        }
    }

    /// <summary>One listener, and how it gets on.</summary>
    private sealed class Ears
    {
        private readonly TriggerRunner _runner;
        private readonly string _who;
        private TimeSpan _pause = FirstPause;
        private string? _told;

        public Ears(TriggerRunner runner, PipelineName pipeline, MessageTrigger trigger)
        {
            _runner = runner;
            _who = $"{pipeline}: trigger {trigger.Name}";
            Listener = TriggerKinds.ListenerOf(
                new ListenerSeat(runner._parts, runner._inbox, pipeline, trigger, line => runner.Said?.Invoke($"{_who}: {line}"), Heard)
            );
        }

        public Listener? Listener { get; }

        /// <returns>How long to wait before the next try.</returns>
        public TimeSpan Failed(Exception problem)
        {
            // A source that is away for a night is told of once.
            if (_told != problem.Message)
            {
                _told = problem.Message;
                _runner.Said?.Invoke($"{_who}: {problem.Message}; it is tried again until it works");
            }

            var pause = _pause;
            _pause = _pause * 2 < LongestPause ? _pause * 2 : LongestPause;
            return pause;
        }

        private void Heard()
        {
            _pause = FirstPause;
            if (_told is not null)
            {
                _told = null;
                _runner.Said?.Invoke($"{_who}: it works again");
            }
        }
    }
}
