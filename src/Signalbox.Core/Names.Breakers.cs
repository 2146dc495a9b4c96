using System.Diagnostics;
using Signalbox.Core.Breakers;

namespace Signalbox.Core;

/// <content>The words of circuit breakers.</content>
public static partial class Names
{
    public static string Of(BreakerKind value) =>
        value switch
        {
            BreakerKind.Pipeline => "pipeline",
            BreakerKind.Target => "target",
            _ => throw new UnreachableException(),
        };

    /// <summary>The BreakerKind of a word; null when it is none.</summary>
    public static BreakerKind? BreakerKindOf(string word) =>
        word switch
        {
            "pipeline" => BreakerKind.Pipeline,
            "target" => BreakerKind.Target,
            _ => null,
        };

    public static string Of(BreakerState value) =>
        value switch
        {
            BreakerState.Closed => "closed",
            BreakerState.Open => "open",
            BreakerState.HalfOpen => "half_open",
            _ => throw new UnreachableException(),
        };

    /// <summary>The BreakerState of a word; null when it is none.</summary>
    public static BreakerState? BreakerStateOf(string word) =>
        word switch
        {
            "closed" => BreakerState.Closed,
            "open" => BreakerState.Open,
            "half_open" => BreakerState.HalfOpen,
            _ => null,
        };
}
