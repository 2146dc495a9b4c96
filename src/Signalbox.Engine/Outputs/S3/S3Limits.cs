namespace Signalbox.Engine.Outputs.S3;

/// <summary>Sizes and patience of the talk with a server.</summary>
internal sealed record S3Limits
{
    public static readonly S3Limits Default = new();

    /// <summary>Of looks that are taken again and again anyway.</summary>
    public static readonly S3Limits OfLooks = new() { Tries = 2, Patience = TimeSpan.FromSeconds(20) };

    /// <summary>Larger files go up in parts of this size at least. 16 MiB; Amazon wants 5 MiB or more.</summary>
    public long PartSize { get; init; } = 16L << 20;

    /// <summary>Larger objects are copied in parts of this size. 512 MiB; Amazon copies at most 5 GiB in one step.</summary>
    public long CopySize { get; init; } = 512L << 20;

    /// <summary>Requests under way at one time for one output.</summary>
    public int Parallel { get; init; } = 8;

    /// <summary>How often a request is made before the server counts as unavailable.</summary>
    public int Tries { get; init; } = 6;

    /// <summary>Before the second try; doubled for each further one: 0.2 + 0.4 + 0.8 + 1.6 + 3.2 s.</summary>
    public TimeSpan FirstPause { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Until a request counts as unanswered.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>How long it is asked whether a step was taken whose answer was lost.</summary>
    public TimeSpan Doubt { get; init; } = TimeSpan.FromMinutes(2);
}
