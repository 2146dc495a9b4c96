using System.Text.Json.Nodes;
using Signalbox.Engine.PipelineFiles.Yaml;

namespace Signalbox.Engine.PipelineFiles.Shapes;

/// <summary>Lengths of time and of files.</summary>
internal static class Durations
{
    private const string Example = "such as 30s, 5m, 1h30m or 2d";
    private const string Pattern = "^(0|([0-9]+(\\.[0-9]+)?(ms|s|m|h|d|w))+)$";

    /// <summary>Zero or more.</summary>
    public static readonly Shape<TimeSpan> Any = Make($"a duration {Example}", Pattern, time => time >= TimeSpan.Zero);

    public static readonly Shape<TimeSpan> Positive = Make($"a duration above zero {Example}", Pattern, time => time > TimeSpan.Zero);

    /// <summary>May be negative.</summary>
    public static readonly Shape<TimeSpan> Signed = Make(
        "a duration such as 1d, -1d or -6h",
        Pattern.Replace("^(", "^-?(", StringComparison.Ordinal),
        _ => true
    );

    /// <summary>A duration, or true for a usual one and false for none.</summary>
    public static Shape<TimeSpan> OrSwitch(TimeSpan usual) => new SwitchShape(usual);

    /// <summary>Bytes.</summary>
    public static readonly Shape<long> Size = new ScalarShape<long>(
        "a size such as 100, 10KB or 1MiB",
        () => new JsonObject { ["type"] = new JsonArray("integer", "string"), ["pattern"] = "^[0-9]+ ?(B|KB|MB|GB|KiB|MiB|GiB)?$" },
        scalar =>
        {
            var text = scalar.Text.AsSpan();
            var digits = text.IndexOfAnyExceptInRange('0', '9');
            long unit =
                digits < 0
                    ? 1
                    : text[digits..].TrimStart(' ') switch
                    {
                        "B" => 1,
                        "KB" => 1000,
                        "MB" => 1000_000,
                        "GB" => 1000_000_000,
                        "KiB" => 1L << 10,
                        "MiB" => 1L << 20,
                        "GiB" => 1L << 30,
                        _ => 0,
                    };
            var fits = long.TryParse(digits < 0 ? text : text[..digits], out var number) && unit > 0 && number <= long.MaxValue / unit;
            return (fits, fits ? number * unit : 0);
        }
    );

    private static ScalarShape<TimeSpan> Make(string wanted, string pattern, Func<TimeSpan, bool> fits) =>
        new(
            wanted,
            () => new JsonObject { ["type"] = new JsonArray("string", "integer"), ["pattern"] = pattern },
            scalar => Parse(scalar.Text) is { } time && fits(time) ? (true, time) : default
        );

    private static TimeSpan? Parse(ReadOnlySpan<char> text)
    {
        var negative = text.StartsWith('-');
        text = negative ? text[1..] : text;
        if (text is "0")
        {
            return TimeSpan.Zero;
        }

        decimal seconds = 0;
        var any = false;
        while (!text.IsEmpty)
        {
            var digits = text.IndexOfAnyExcept("0123456789.");
            if (digits <= 0 || digits > 12 || !decimal.TryParse(text[..digits], out var number))
            {
                return null;
            }

            text = text[digits..];
            var letters = text.IndexOfAnyExceptInRange('a', 'z');
            var unit = letters < 0 ? text : text[..letters];
            decimal factor = unit switch
            {
                "ms" => 0.001m,
                "s" => 1,
                "m" => 60,
                "h" => 3600,
                "d" => 86_400,
                "w" => 604_800,
                _ => 0,
            };
            if (factor == 0)
            {
                return null;
            }

            seconds += number * factor;
            any = true;
            text = text[unit.Length..];
        }

        const decimal Longest = 100m * 366 * 86_400;
        return any && seconds <= Longest ? TimeSpan.FromTicks((long)(seconds * TimeSpan.TicksPerSecond) * (negative ? -1 : 1)) : null;
    }

    private sealed class SwitchShape(TimeSpan usual) : Shape<TimeSpan>
    {
        public override string Wanted => $"true, false or {Any.Wanted}";

        public override bool TryRead(YamlNode node, Reading reading, out TimeSpan value)
        {
            if (node is YamlScalar { Form: ScalarForm.Plain, Text: "true" or "false" } scalar)
            {
                value = scalar.Text == "true" ? usual : TimeSpan.Zero;
                return true;
            }

            value = default;
            return node is YamlScalar { IsNull: false } ? Any.TryRead(node, reading, out value) : reading.Wrong(node, Wanted);
        }

        public override JsonObject Schema(SchemaDefinitions definitions) =>
            new() { ["anyOf"] = new JsonArray(new JsonObject { ["type"] = "boolean" }, Any.Schema(definitions)) };
    }
}
