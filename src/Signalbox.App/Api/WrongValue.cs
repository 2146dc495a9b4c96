using System.Globalization;
using System.Reflection;
using Microsoft.AspNetCore.Http;

namespace Signalbox.App.Api;

/// <summary>Finds the value in the address of a call that is not of the form which its handler takes.</summary>
internal static class WrongValue
{
    /// <summary>A sentence that names it; null when there is none.</summary>
    public static string? In(HttpContext call)
    {
        if (call.GetEndpoint()?.Metadata.GetMetadata<MethodInfo>() is not { } handler)
        {
            return null;
        }

        var values = handler.GetParameters().SelectMany(Values).ToList();
        foreach (var (name, type, _) in values)
        {
            if (call.Request.Query[name].ToString() is { Length: > 0 } text && Problem(type, text) is { } problem)
            {
                return $"{name}: `{text}` is {problem}";
            }
        }

        return values
            .Where(value =>
                !value.IsOptional && !call.Request.Query.ContainsKey(value.Name) && !call.Request.RouteValues.ContainsKey(value.Name)
            )
            .Select(value => $"{value.Name}: it must be given")
            .FirstOrDefault();
    }

    private static string? Problem(Type type, string text) =>
        type == typeof(int) && !int.TryParse(text, CultureInfo.InvariantCulture, out _) ? "no whole number"
        : type == typeof(long) && !long.TryParse(text, CultureInfo.InvariantCulture, out _) ? "no whole number"
        : type == typeof(bool) && !bool.TryParse(text, out _) ? "neither true nor false"
        : null;

    private static IEnumerable<(string Name, Type Type, bool IsOptional)> Values(ParameterInfo parameter)
    {
        if (parameter.GetCustomAttribute<AsParametersAttribute>() is not null)
        {
            return parameter.ParameterType.GetProperties().Select(each => (each.Name.ToLowerInvariant(), Bare(each.PropertyType), true));
        }

        var isValue =
            Bare(parameter.ParameterType) is { } type
            && (type == typeof(string) || type == typeof(int) || type == typeof(long) || type == typeof(bool));
        return isValue ? [(parameter.Name!, Bare(parameter.ParameterType), IsOptional(parameter))] : [];
    }

    private static Type Bare(Type type) => Nullable.GetUnderlyingType(type) ?? type;

    private static bool IsOptional(ParameterInfo parameter) =>
        Nullable.GetUnderlyingType(parameter.ParameterType) is not null
        || (!parameter.ParameterType.IsValueType && new NullabilityInfoContext().Create(parameter).ReadState == NullabilityState.Nullable);
}
