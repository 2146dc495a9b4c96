using System.Collections.Immutable;
using System.Globalization;
using Signalbox.Core.Definitions;
using Signalbox.Engine.PipelineFiles.Shapes;
using Signalbox.Engine.PipelineFiles.Yaml;

namespace Signalbox.Engine.Projects;

/// <summary>The slots of a pool.</summary>
/// <param name="Devices">What they are, one each; null where they were counted only.</param>
internal sealed record PoolSlots(int Slots, string[]? Devices);

/// <summary><c>pools:</c> of the project.</summary>
internal static class PoolShapes
{
    private static readonly Shape<string> Device = Scalars.Form(
        "the number or the id of a device, such as 0 or GPU-8932f937-d72c-4106-c12f-20bd9faed9f6",
        "^(0|[1-9][0-9]*|[A-Za-z][A-Za-z0-9._:/-]*)$",
        IsDevice
    );

    public static readonly Shape<Named<PoolSlots>[]> All = new NamesShape<PoolSlots>(
        new EitherShape<PoolSlots>(
            single: Scalars.Whole(1, 1_000_000).To(slots => new PoolSlots(slots, null)),
            list: new ListShape<string>(Device, "a list of devices", minItems: 1).To(OfDevices)
        ),
        "a mapping from names of pools to their slots, or to lists of devices",
        Scalars.SlugPattern,
        Core.Slug.Problem
    );

    /// <summary>The devices of those pools whose slots are devices. One that is in two pools is reported.</summary>
    public static ImmutableSortedDictionary<string, ImmutableArray<string>> DevicesOf(Named<PoolSlots>[] pools, Reading reading)
    {
        var found = ImmutableSortedDictionary.CreateBuilder<string, ImmutableArray<string>>(StringComparer.Ordinal);
        var owners = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var pool in pools)
        {
            string[] devices =
                pool.Value.Devices
                ?? (pool.Name == ResourceSpec.GpuPool ? [.. Enumerable.Range(0, pool.Value.Slots).Select(device => $"{device}")] : []);
            if (devices.FirstOrDefault(device => !owners.TryAdd(device, pool.Name)) is { } twice)
            {
                reading.Error(
                    pool.Key,
                    "device-twice",
                    $"device {twice} is in pool {owners[twice]} and in pool {pool.Name}; "
                        + $"a device is in one pool: list those of pool {owners[twice]} without it, or leave it out here"
                );
            }
            else if (devices.Length > 0)
            {
                found[pool.Name] = [.. devices];
            }
        }

        return found.ToImmutable();
    }

    private static PoolSlots? OfDevices(string[] devices, YamlNode node, Reading reading)
    {
        if (devices.GroupBy(device => device, StringComparer.Ordinal).FirstOrDefault(same => same.Count() > 1) is not { Key: var twice })
        {
            return new PoolSlots(devices.Length, devices);
        }

        reading.Error(node, "device-twice", $"`{reading.Name}` has device {twice} twice; a device is one slot: leave one of the two out");
        return null;
    }

    // They are separated by commas where commands read them, and a number with a zero before it would be another name of the same device.
    private static bool IsDevice(string text) =>
        text.All(char.IsAsciiDigit)
            ? int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && $"{number}" == text
            : char.IsAsciiLetter(text[0]) && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or ':' or '/' or '-');
}
