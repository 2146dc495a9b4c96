using Signalbox.Core.Definitions;
using Signalbox.Engine.PipelineFiles.Shapes;

namespace Signalbox.Engine.PipelineFiles;

/// <summary><c>resources:</c> of a task.</summary>
internal static class ResourceShape
{
    public static readonly Shape<ResourceSpec> Mapping = new MappingShape<Draft>(
        "resources",
        "a mapping with `memory`, `cpu` or `gpu`",
        () => new Draft(),
        new Field<Draft, long>(
            "memory",
            Durations.Size,
            (d, v) => d.Memory = v,
            "Memory of all processes of an attempt together; past it the attempt fails as out of memory. Where the machine has no memory controller to "
                + "give, what each process may write to."
        )
        {
            Examples = ["\"4GiB\""],
        },
        new Field<Draft, double>(
            "cpu",
            Scalars.Number,
            (d, v) => d.Cpu = v,
            "Processors whose time it may take; not limited where the machine has no cpu controller to give."
        )
        {
            Examples = ["0.5", "2"],
        },
        new Field<Draft, int>(
            "gpu",
            Scalars.Whole(1),
            (d, v) => d.Gpu = v,
            "Devices it needs: so many slots of its pool, which is `gpu` where no pool is named."
        )
    ).To(draft => new ResourceSpec(draft.Memory, draft.Cpu, draft.Gpu));

    private sealed class Draft
    {
        public long? Memory { get; set; }

        public double? Cpu { get; set; }

        public int Gpu { get; set; }
    }
}
