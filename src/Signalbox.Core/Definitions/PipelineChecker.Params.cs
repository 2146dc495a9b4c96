using System.Globalization;

namespace Signalbox.Core.Definitions;

public sealed partial class PipelineChecker
{
    private void CheckParams()
    {
        CheckVariables(_pipeline.Params.Select(spec => spec.Name), "params", "parameter", TaskEnvironment.Param);
        foreach (var spec in _pipeline.Params)
        {
            CheckParam(spec, $"params.{spec.Name}");
        }
    }

    private void CheckParam(ParamSpec spec, string path)
    {
        var isBounded = spec.Minimum is not null || spec.Maximum is not null;
        if (isBounded && spec.Type is not (ParamType.Integer or ParamType.Number or ParamType.Any))
        {
            Error(
                "wrong-limit",
                $"{path}.{(spec.Minimum is null ? "maximum" : "minimum")}",
                $"a parameter of type {Names.Of(spec.Type)} has no minimum or maximum; these are for integer and number"
            );
        }

        if (spec.Minimum > spec.Maximum)
        {
            Error(
                "min-above-max",
                $"{path}.minimum",
                $"the minimum {Print(spec.Minimum.Value)} is greater than the maximum {Print(spec.Maximum.Value)}"
            );
        }

        var hasPattern = true;
        if (spec.Pattern is { } pattern)
        {
            hasPattern = ParamChecker.Pattern(pattern, out var problem) is not null;
            if (!hasPattern)
            {
                Error("bad-pattern", $"{path}.pattern", problem!);
            }
            else if (spec.Type is not (ParamType.String or ParamType.Any))
            {
                Error(
                    "wrong-limit",
                    $"{path}.pattern",
                    $"a parameter of type {Names.Of(spec.Type)} has no pattern; patterns are for string"
                );
            }
        }

        CheckEnum(spec, path);
        if (spec.Default is { } text && hasPattern)
        {
            CheckDefault(spec, text, $"{path}.default");
        }
    }

    private void CheckEnum(ParamSpec spec, string path)
    {
        for (var i = 0; i < spec.Enum.Length; i++)
        {
            using var value = ParamChecker.Parse(spec.Enum[i], out var problem);
            if (value is null)
            {
                Error("bad-default", $"{path}.enum[{i}]", problem!);
            }
            else if (ParamChecker.Problem(spec with { Enum = [], Pattern = null }, value.RootElement) is { } mistake)
            {
                Error(mistake.Code, $"{path}.enum[{i}]", $"this value can never be given: {mistake.Message}");
            }
        }
    }

    private void CheckDefault(ParamSpec spec, string text, string path)
    {
        using var value = ParamChecker.Parse(text, out var problem);
        if (value is null)
        {
            Error("bad-default", path, problem!);
        }
        else if (ParamChecker.Problem(spec, value.RootElement) is { } mistake)
        {
            Error("bad-default", path, $"the default does not obey its own parameter: {mistake.Message}");
        }
    }

    /// <summary>Names that become environment variables: each is one, and no two are the same.</summary>
    private void CheckVariables(IEnumerable<string> names, string path, string what, Func<string, string> variable)
    {
        var owners = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var name in names)
        {
            if (IdentifierProblem(name) is { } problem)
            {
                Error("bad-name", $"{path}.{name}", problem);
            }
            else if (!owners.TryAdd(variable(name), name))
            {
                var other = owners[variable(name)];
                Error(
                    "same-name",
                    $"{path}.{name}",
                    other == name
                        ? $"there are two {what}s `{name}`"
                        : $"the {what}s `{other}` and `{name}` would be the same variable {variable(name)}; give one another name"
                );
            }
        }
    }

    private static string? IdentifierProblem(string name)
    {
        if (name.Length is 0 or > Slug.MaxLength)
        {
            return name.Length == 0 ? "a name cannot be empty" : $"a name has at most {Slug.MaxLength} characters";
        }

        foreach (var c in name)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c != '_')
            {
                return "a name here has only a-z, A-Z, 0-9 and '_'";
            }
        }

        return char.IsAsciiDigit(name[0]) ? "a name here begins with a letter or '_'" : null;
    }

    private static string Print(double number) => number.ToString("R", CultureInfo.InvariantCulture);
}
