using Signalbox.Engine.PipelineFiles.Shapes;

namespace Signalbox.Engine.Projects;

/// <summary>How the logs of attempts are kept.</summary>
/// <param name="MaxSize">Bytes that are kept of each of the two logs of an attempt; of a larger one the middle is cut out. At least 64 KiB; default 2 GiB.</param>
public sealed record LogSettings(long MaxSize)
{
    /// <summary>What holds unless the project says otherwise.</summary>
    public static readonly LogSettings Default = new(2L << 30);
}

/// <summary><c>logs:</c> of a project.</summary>
internal static class LogsShape
{
    /// <summary>Less would cut what people look for.</summary>
    public const long SmallestMaxSize = 64 * 1024;

    public static readonly Shape<LogSettings> Mapping = new MappingShape<Draft>(
        "logs",
        "a mapping with `max_size`",
        () => new Draft(),
        new Field<Draft, long>(
            "max_size",
            Durations.Size,
            (d, v) => d.MaxSize = v,
            "What is kept of each of the two logs of an attempt; at least 64KiB. Of a larger one the middle is cut out, and a line says how many bytes; the task is not held up."
        )
        {
            Default = "\"2GiB\"",
        }
    ).To(
        (draft, node, reading) =>
        {
            if (draft.MaxSize < SmallestMaxSize)
            {
                reading.Error(node, "logs", "`max_size` is at least 64KiB: with less there would be no beginning and end of a log to read");
            }

            return new LogSettings(draft.MaxSize);
        }
    );

    private sealed class Draft
    {
        public long MaxSize { get; set; } = LogSettings.Default.MaxSize;
    }
}
