using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Loader;

namespace Mutants;

/// <summary>The tests and what they test, with the mutants in it, loaded by themselves: nothing that was kept in static fields is known.</summary>
internal sealed class Loaded
{
    private readonly FieldInfo _alive;
    private readonly FieldInfo _passed;
    private readonly FieldInfo _steps;
    private readonly FieldInfo _mostSteps;

    public Loaded(Target target, string assembly)
    {
        var context = new Context(target, assembly);
        var type = context.LoadFromAssemblyPath(assembly).GetType(Switch.TypeName)!;
        (_alive, _passed) = (type.GetField("Alive")!, type.GetField("Passed")!);
        (_steps, _mostSteps) = (type.GetField("Steps")!, type.GetField("MostSteps")!);
        Tests = context.LoadFromAssemblyPath(Path.Combine(target.TestBin, target.TestProject + ".dll"));
    }

    public Assembly Tests { get; }

    public int Alive
    {
        set => _alive.SetValue(null, value);
    }

    public bool[]? Passed
    {
        set => _passed.SetValue(null, value);
    }

    public long Steps => (long)_steps.GetValue(null)!;

    /// <summary>Begins to count steps, and ends what takes more than so many.</summary>
    public void Allow(long steps)
    {
        _steps.SetValue(null, 0L);
        _mostSteps.SetValue(null, steps);
    }

    private sealed class Context(Target target, string assembly) : AssemblyLoadContext
    {
        protected override Assembly? Load(AssemblyName name)
        {
            if (name.Name == target.Of)
            {
                return LoadFromAssemblyPath(assembly);
            }

            var beside = Path.Combine(target.TestBin, name.Name + ".dll");
            return File.Exists(beside) ? LoadFromAssemblyPath(beside) : null;
        }

        protected override nint LoadUnmanagedDll(string name)
        {
            var folder = Path.Combine(target.TestBin, "runtimes", RuntimeInformation.RuntimeIdentifier, "native");
            var found = new[] { name, $"lib{name}.so", $"{name}.so" }
                .Select(file => Path.Combine(folder, file))
                .FirstOrDefault(File.Exists);
            return found is null ? 0 : LoadUnmanagedDllFromPath(found);
        }
    }
}
