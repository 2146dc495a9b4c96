using System.Collections.Immutable;
using Signalbox.Storage;

namespace Signalbox.Faults.Tests.Scenes;

public sealed class FaultPointScene()
    : Scene("points", "the server kills itself at a named instant, the first to the fifth time it comes by", shortly: 1, atLength: 5)
{
    private const int Killed = 137;
    private static readonly TimeSpan Most = TimeSpan.FromMinutes(3);

    // Passed once a start: so they are hit at the first to the fifth start.
    private static readonly ImmutableArray<string> OnceAStart = [FaultPoints.AfterClaims, FaultPoints.AfterTakeover];

    // What the load of the harness passes beside: publishing a file and a folder. The others have tests of their own.
    private static readonly ImmutableArray<string> OfPublishing =
    [
        FaultPoints.BeforeIntent,
        FaultPoints.AfterIntent,
        FaultPoints.BeforeSwap,
        FaultPoints.AfterSwap,
        FaultPoints.AfterSwapSync,
        FaultPoints.AfterRetire,
        FaultPoints.AfterPlaced,
        FaultPoints.AfterCurrent,
    ];

    [Fact]
    [Trait("Requirement", "S93")]
    [Trait("Requirement", "S95")]
    public Task Killed_at_each_fault_point_nothing_acknowledged_is_lost_and_nothing_is_published_twice() => PlayAsync();

    private protected override async Task DisturbAsync(bool isShort)
    {
        // Something has been published, so that the next publication has something to retire.
        await using (var first = StartServer())
        {
            await first.ReadyAsync();
            await RestAsync(2);
        }

        string[] points = [.. FaultPoints.OfAnyServer, .. OfPublishing];
        for (var time = 1; Again(time - 1); time++)
        {
            foreach (var point in points)
            {
                await HitAsync(point, OnceAStart.Contains(point) ? 1 : time);
            }
        }
    }

    private async Task HitAsync(string point, int time)
    {
        await using var server = StartServer(new Dictionary<string, string> { ["SIGNALBOX_FAULT"] = $"{point}:{time}" });
        using var over = new CancellationTokenSource();
        var ended = server.EndedAsync(Most);
        var driven = PassAsync(over.Token);
        var code = await ended;
        await over.CancelAsync();
        await driven;
        if (code is Killed)
        {
            Count("points hit");
        }
        else
        {
            Findings.Add($"{point} was not passed {time} times:\n{server.Said}");
        }

        Died();
    }

    /// <summary>Asks for what passes each of the points, whatever others have asked for: a message that is kept, a publication.</summary>
    private async Task PassAsync(CancellationToken over)
    {
        while (!over.IsCancellationRequested)
        {
            await Task.WhenAll(Load.AskAsync("made", over), Load.SendAsync(over), RestAsync(0.2));
        }
    }
}
