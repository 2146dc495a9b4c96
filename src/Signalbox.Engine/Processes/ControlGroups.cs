using Signalbox.Core.Definitions;

namespace Signalbox.Engine.Processes;

/// <summary>
/// The control groups in which attempts can be held, where this machine has them and lets us make some.
/// </summary>
/// <remarks>
/// <para>Found, never assumed: the mounts, our own group, and whether a group can be made by making one. One group per attempt below
/// <c>signalbox-INSTANCE</c> of version 2, which holds the processes together and counts their time.</para>
/// <para>Limits need a controller. Version 2 has it where it was given to our own group, e.g. by <c>Delegate=yes</c> of systemd; on hybrid
/// machines version 1 has it, and an attempt with a limit is put into a group there as well. Where neither does, a limit of memory is one
/// of each process (<see cref="Launcher"/>), and processor time has none.</para>
/// </remarks>
internal sealed class ControlGroups
{
    // Version 2 gives controllers only to groups below one that has no processes itself: then this program moves to a group of its own.
    private const string Server = "signalbox-server";
    private const string OfInstance = "signalbox-";

    private readonly string? _unified;
    private readonly string? _memory;
    private readonly string? _cpu;

    private ControlGroups(string? unified, string? memory, string? cpu)
    {
        _unified = unified;
        _memory = memory;
        _cpu = cpu;
    }

    /// <summary>Whether every process of an attempt is held in a group, so that none can leave it.</summary>
    public bool HoldsAll => _unified is not null;

    /// <summary>Whether memory can be limited for an attempt as a whole, so that an end for want of it is told as that.</summary>
    public bool LimitsMemory => _memory is not null;

    /// <summary>Whether the time of processors can be limited.</summary>
    public bool LimitsCpu => _cpu is not null;

    /// <summary>Looks for control groups, and says in a sentence what was found.</summary>
    /// <param name="folder">Where the attempts lie; null where nobody knows.</param>
    public static ControlGroups Open(string instance, string? folder, out string note)
    {
        var here = CgroupMounts.Unified();
        if (here is not null && Path.GetFileName(here) == Server)
        {
            here = Path.GetDirectoryName(here)!;
        }

        var unified = here is null ? null : Parent(here, instance);
        if (unified is not null && folder is not null)
        {
            AbandonedGroups.Sign(unified, folder);
            AbandonedGroups.Remove(here!, $"{OfInstance}*");
        }

        var memory = Controlled(here, unified, "memory") ?? Legacy("memory", instance);
        var cpu = Controlled(here, unified, "cpu") ?? Legacy("cpu", instance);
        var limits = (memory, cpu) switch
        {
            (null, null) => "`resources.memory` limits each process by itself, `resources.cpu` limits nothing",
            (null, _) => "`resources.memory` limits each process by itself",
            (_, null) => "`resources.cpu` limits nothing",
            _ => "memory and cpu can be limited",
        };
        note =
            (
                here is null ? "no control groups: this machine has no cgroup version 2 mounted"
                : unified is null ? $"no control groups: {here} is not ours to write (under systemd, set Delegate=yes)"
                : $"control groups below {unified}"
            ) + $"; {limits}";
        return new ControlGroups(unified, memory, cpu);
    }

    /// <summary>
    /// Makes the groups of an attempt. Those the machine refuses are left out, which is no reason not to run it.
    /// </summary>
    /// <param name="holds">Whether the attempt is held in a group even without limits.</param>
    /// <param name="limitsMemory">Whether the limit of memory is kept by a group.</param>
    public string[] Create(string key, bool holds, ResourceSpec? limits, out bool limitsMemory)
    {
        var groups = new List<string>(capacity: 3);
        limitsMemory = false;
        if (holds || limits is { Limits: true })
        {
            Add(_unified);
        }

        if (limits?.Memory is { } memory && Add(_memory) is { } kept)
        {
            limitsMemory = ControlGroup.TryLimitMemory(kept, memory);
        }

        if (limits?.Cpu is { } cpu && Add(_cpu) is { } timed)
        {
            ControlGroup.TryLimitCpu(timed, cpu);
        }

        return [.. groups];

        string? Add(string? parent)
        {
            if (parent is null || !TryMake($"{parent}/{key}"))
            {
                return null;
            }

            if (!groups.Contains($"{parent}/{key}"))
            {
                groups.Add($"{parent}/{key}");
            }

            return $"{parent}/{key}";
        }
    }

    /// <summary>Removes the parents of all groups, unless an attempt is still in one of them.</summary>
    public void RemoveIfEmpty()
    {
        foreach (var parent in new[] { _unified, _memory, _cpu }.OfType<string>().Distinct())
        {
            TryRemoveEmpty(parent);
        }
    }

    private static void TryRemoveEmpty(string parent)
    {
        try
        {
            Directory.Delete(parent);
        }
        catch (IOException)
        {
            // Attempts run on in it, or another server of the same installation has removed it.
        }
    }

    /// <summary>The parent of our groups below one of version 2 or 1; null where none can be made there.</summary>
    private static string? Parent(string here, string instance)
    {
        var parent = $"{here}/{OfInstance}{instance}";
        var probe = $"{parent}/probe-{Environment.ProcessId}";
        if (!TryMake(parent) || !TryMake(probe))
        {
            return null;
        }

        Directory.Delete(probe);
        return parent;
    }

    private static string? Legacy(string controller, string instance)
    {
        if (CgroupMounts.Legacy(controller) is not { } here || Parent(here, instance) is not { } parent)
        {
            return null;
        }

        TryRemoveEmpty(parent); // made again by the first attempt that has a limit: most servers never see one
        return parent;
    }

    /// <summary>The parent of our groups of version 2, with a controller turned on for them; null where it has none to give.</summary>
    private static string? Controlled(string? here, string? parent, string controller)
    {
        if (
            here is null
            || parent is null
            || !File.ReadAllText($"{here}/cgroup.controllers").Split((char[])[' ', '\n']).Contains(controller)
        )
        {
            return null;
        }

        var given = TryGive(here, controller) || (TryStepAside(here) && TryGive(here, controller));
        return given && TryGive(parent, controller) ? parent : null;
    }

    private static bool TryGive(string group, string controller) =>
        ControlGroup.TryWrite($"{group}/cgroup.subtree_control", $"+{controller}");

    /// <summary>Moves this program to a group of its own, when nobody else is in the one it is in.</summary>
    private static bool TryStepAside(string here) =>
        ControlGroup.Own(here) is [var only]
        && only == Environment.ProcessId
        && TryMake($"{here}/{Server}")
        && ControlGroup.TryWrite($"{here}/{Server}/cgroup.procs", $"{only}");

    private static bool TryMake(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
            return true;
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            return false;
        }
    }
}
