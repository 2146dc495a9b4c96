namespace Signalbox.Core.Definitions;

/// <summary><c>resources:</c> of a task: what each attempt may use at most, as far as the machine can keep it to that.</summary>
/// <param name="Memory">
/// Bytes that all its processes may have together; past it the kernel kills one of them and the attempt fails with class <c>oom</c>.
/// Where no memory controller is to be had, what each process may write to. Null: no limit.
/// </param>
/// <param name="Cpu">Processors whose time it may take, e.g. 0.5. Null: no limit.</param>
/// <param name="Gpu">Devices it needs, which are so many slots of its pool. Default 0: none.</param>
public sealed record ResourceSpec(long? Memory, double? Cpu, int Gpu = 0)
{
    /// <summary>The pool of tasks that need devices and name no pool.</summary>
    public const string GpuPool = "gpu";

    /// <summary>The least memory that can be asked for: 1 MiB, with which hardly anything starts.</summary>
    public const long LeastMemory = 1L << 20;

    /// <summary>The least part of a processor that the kernel gives.</summary>
    public const double LeastCpu = 0.01;

    /// <summary>Whether something of it limits processes.</summary>
    public bool Limits => Memory is not null || Cpu is not null;
}
