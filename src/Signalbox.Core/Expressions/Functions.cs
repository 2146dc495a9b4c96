namespace Signalbox.Core.Expressions;

/// <summary>
/// The fixed set of functions. A function is at once a filter: <c>f(x, y)</c> and <c>x | f(y)</c> are the same.
/// A few of them can also be called as methods of a value, as Airflow's templates do: <c>ds.replace('-', '')</c>.
/// </summary>
internal static class Functions
{
    private static readonly Callable Default = new(
        "default",
        ["value", "fallback", "boolean"],
        1,
        static call =>
            call[0] is null or Value.Null || (call[2]?.IsTruthy ?? false) && !call[0]!.IsTruthy ? call[1] ?? new Value.Text("") : call[0]
    );

    private static readonly Dictionary<string, Callable> Table = Build();

    /// <summary>The names in alphabetical order, for suggestions and documentation.</summary>
    public static IEnumerable<string> Names => Table.Keys.Order(StringComparer.Ordinal);

    public static Callable? Find(string name) => Table.GetValueOrDefault(name);

    /// <summary>True for the functions whose first argument need not exist.</summary>
    public static bool AcceptsMissing(Callable function) => ReferenceEquals(function, Default);

    /// <summary>The fixed method of this name for values of this kind.</summary>
    public static Callable? FindMethod(string name, Value target) =>
        target switch
        {
            Value.Text => name switch
            {
                "upper" or "lower" or "replace" or "split" or "startswith" or "endswith" or "zfill" => Find(name),
                "strip" => Find("trim"),
                "join" => TextFunctions.JoinMethod,
                _ => null,
            },
            Value.Map => name switch
            {
                "get" or "keys" or "values" or "items" => Find(name),
                _ => null,
            },
            Value.Namespace => name == "get" ? Find(name) : null,
            Value.Date or Value.Instant => name switch
            {
                "strftime" or "isoformat" or "date" or "timestamp" => Find(name),
                "add" => DateFunctions.AddMethod,
                "subtract" => DateFunctions.SubtractMethod,
                _ => null,
            },
            Value.Duration => name == "total_seconds" ? Find(name) : null,
            _ => null,
        };

    public static IEnumerable<string> MethodsOf(Value target) =>
        target switch
        {
            Value.Text => ["upper", "lower", "replace", "split", "startswith", "endswith", "zfill", "strip", "join"],
            Value.Map => ["get", "keys", "values", "items"],
            Value.Date or Value.Instant => ["strftime", "isoformat", "date", "timestamp", "add", "subtract"],
            Value.Duration => ["total_seconds"],
            _ => [],
        };

    /// <summary>What is wrong with the arguments of a call, or null. Needs no values, so most misfits are found when parsing.</summary>
    public static string? Misfit(Callable function, bool hasReceiver, Arguments arguments)
    {
        var parameters = function.Parameters;
        var positional = arguments.Positional.Length + (hasReceiver ? 1 : 0);
        if (positional > parameters.Length && !function.IsVariadic)
        {
            return $"`{function.Name}` takes at most {parameters.Length} arguments, here are {positional} (a filter's value counts as the first)";
        }

        foreach (var (index, name) in arguments.Names.Index())
        {
            var parameter = parameters.IndexOf(name);
            if (parameter < 0 || name[0] == '*')
            {
                return $"`{function.Name}` has no argument `{name}`{Suggestion.DidYouMean(name, parameters)}";
            }

            if (parameter < positional || Array.IndexOf(arguments.Names, name) != index)
            {
                return $"the argument `{name}` of `{function.Name}` is given twice";
            }
        }

        for (var index = positional; index < function.Required; index++)
        {
            if (Array.IndexOf(arguments.Names, parameters[index]) < 0)
            {
                return $"`{function.Name}` needs the argument `{parameters[index]}`";
            }
        }

        return null;
    }

    private static Dictionary<string, Callable> Build()
    {
        var table = new Dictionary<string, Callable>(StringComparer.Ordinal) { ["default"] = Default, ["d"] = Default };
        foreach (var group in (ReadOnlySpan<Callable[]>)[TextFunctions.All, NumberFunctions.All, ListFunctions.All, DateFunctions.All])
        {
            foreach (var function in group)
            {
                table.Add(function.Name, function);
            }
        }

        return table;
    }
}
