using System.Text.Json.Nodes;
using Signalbox.Core.Time;
using Signalbox.Engine.PipelineFiles.Yaml;

namespace Signalbox.Engine.PipelineFiles.Shapes;

/// <summary>Lengths of time and of files.</summary>
internal static class Durations
{
    private const string Pattern = "^(([0-9]+(\\.[0-9]+)? *(ms|s|m|h|d|w) *)+|[Pp][0-9TtWwDdHhMmSs.]+)$";

    /// <summary>Zero or more.</summary>
    public static readonly Shape<TimeSpan> Any = new DurationShape("a duration such as 30s, 5m, 1h30m or 2d", Pattern);

    public static readonly Shape<TimeSpan> Positive = new DurationShape("a duration above zero such as 30s, 5m, 1h30m or 2d", Pattern)
    {
        AboveZero = true,
    };

    /// <summary>May be negative.</summary>
    public static readonly Shape<TimeSpan> Signed = new DurationShape(
        "a duration such as 1d, -1d or -6h",
        Pattern.Replace("^(", "^-?(", StringComparison.Ordinal)
    )
    {
        Signed = true,
    };

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

    private sealed class DurationShape(string wanted, string pattern) : Shape<TimeSpan>
    {
        public bool AboveZero { get; init; }

        public bool Signed { get; init; }

        public override string Wanted => wanted;

        public override bool TryRead(YamlNode node, Reading reading, out TimeSpan value)
        {
            value = default;
            if (node is not YamlScalar { IsNull: false } scalar || scalar.Text.Length == 0)
            {
                return reading.Wrong(node, wanted);
            }

            var negative = Signed && scalar.Text[0] == '-';
            var parse = Duration.Parse(negative ? scalar.Text[1..] : scalar.Text);
            if (parse.Value is not { } length)
            {
                reading.Error(node, "wrong-value", $"`{reading.Name}` must be {wanted}: {parse.Error}");
                return false;
            }

            value = negative ? -length : length;
            return !AboveZero || value > TimeSpan.Zero || reading.Wrong(node, wanted);
        }

        public override JsonObject Schema(SchemaDefinitions definitions) => new() { ["type"] = "string", ["pattern"] = pattern };
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
