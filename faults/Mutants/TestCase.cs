using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Runtime.ExceptionServices;

namespace Mutants;

/// <summary>A test, or a row of a theory. Known by names only, for its assembly is loaded anew many times.</summary>
/// <param name="Name">Unique: class, method, number of the row.</param>
internal sealed record TestCase(string Name, Type Type, MethodInfo Method, object?[] Arguments)
{
    public static IEnumerable<TestCase> All(Assembly assembly, Func<string, bool> isRun)
    {
        var start = assembly.GetName().Name!.Length + 1;
        foreach (
            var type in assembly
                .GetTypes()
                .Where(type => type is { IsClass: true, IsAbstract: false, IsGenericType: false } && type.FullName!.Length > start)
        )
        {
            foreach (
                var method in type.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static)
                    .OrderBy(method => method.Name, StringComparer.Ordinal)
            )
            {
                var name = $"{type.FullName![start..]}.{method.Name}";
                if (
                    method.GetCustomAttributes().FirstOrDefault(IsFact) is null
                    || !isRun(name)
                    || type.GetConstructors() is not [var made]
                    || made.GetParameters().Length > 0
                )
                {
                    continue;
                }

                var number = 0;
                foreach (var row in Rows(method))
                {
                    yield return new TestCase($"{name}#{number++}", type, method, row);
                }
            }
        }
    }

    /// <exception cref="Exception">What the test failed with.</exception>
    public void Run()
    {
        var instance = Method.IsStatic ? null : Activator.CreateInstance(Type);
        try
        {
            Await(Type.GetMethod("InitializeAsync")?.Invoke(instance, null));
            Await(Method.Invoke(instance, Converted()));
        }
        catch (TargetInvocationException failed)
        {
            ExceptionDispatchInfo.Throw(failed.InnerException!);
        }
        finally
        {
            (instance as IDisposable)?.Dispose();
            if (instance is IAsyncDisposable left)
            {
                left.DisposeAsync().AsTask().GetAwaiter().GetResult();
            }
        }
    }

    private object?[] Converted()
    {
        var parameters = Method.GetParameters();
        var converted = new object?[parameters.Length];
        for (var i = 0; i < parameters.Length; i++)
        {
            var (given, wanted) = (i < Arguments.Length ? Arguments[i] : parameters[i].DefaultValue, parameters[i].ParameterType);
            wanted = Nullable.GetUnderlyingType(wanted) ?? wanted;
            converted[i] =
                given is null || wanted.IsInstanceOfType(given) || wanted.IsEnum
                    ? given
                    : Convert.ChangeType(given, wanted, CultureInfo.InvariantCulture);
        }

        return converted;
    }

    private static void Await(object? result)
    {
        switch (result)
        {
            case Task task:
                task.GetAwaiter().GetResult();
                break;
            case ValueTask task:
                task.AsTask().GetAwaiter().GetResult();
                break;
        }
    }

    private static bool IsFact(Attribute attribute)
    {
        for (var type = attribute.GetType(); type is not null; type = type.BaseType)
        {
            if (type.FullName == "Xunit.FactAttribute")
            {
                return attribute.GetType().GetProperty("Skip")?.GetValue(attribute) is null;
            }
        }

        return false;
    }

    private static IEnumerable<object?[]> Rows(MethodInfo method)
    {
        if (method.GetParameters().Length == 0)
        {
            yield return [];
            yield break;
        }

        foreach (var attribute in method.GetCustomAttributes())
        {
            var type = attribute.GetType();
            if (type.FullName == "Xunit.InlineDataAttribute")
            {
                yield return (object?[])type.GetProperty("Data")!.GetValue(attribute)!;
            }
            else if (type.GetProperty("MemberName")?.GetValue(attribute) is string member)
            {
                foreach (var row in Member(type.GetProperty("MemberType")?.GetValue(attribute) as Type ?? method.DeclaringType!, member))
                {
                    yield return row as object?[]
                        ?? (object?[])row.GetType().GetInterface("Xunit.ITheoryDataRow")!.GetMethod("GetData")!.Invoke(row, null)!;
                }
            }
        }
    }

    private static IEnumerable<object> Member(Type type, string name)
    {
        const BindingFlags any = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static;
        var rows =
            type.GetProperty(name, any)?.GetValue(null)
            ?? type.GetField(name, any)?.GetValue(null)
            ?? type.GetMethod(name, any)!.Invoke(null, null);
        return ((IEnumerable)rows!).Cast<object>();
    }
}
