using Signalbox.Core;

namespace Signalbox.Engine.Telemetry;

/// <summary>
/// Where telemetry goes: the standard variables of OpenTelemetry ("OpenTelemetry Protocol Exporter", its specification). Without an endpoint
/// none is sent.
/// </summary>
/// <param name="Endpoint">The base of the addresses: <c>/v1/traces</c> and <c>/v1/metrics</c> are added.</param>
public sealed record OtlpSettings(
    Uri Endpoint,
    IReadOnlyList<KeyValuePair<string, string>> Headers,
    string ServiceName,
    TimeSpan MetricsEvery
)
{
    private static readonly TimeSpan UsualMetricsEvery = TimeSpan.FromSeconds(60);

    /// <summary>What the environment says; null when it names no endpoint.</summary>
    /// <param name="variable">Looks a variable up.</param>
    /// <param name="problem">What is wrong with a variable and how to mend it.</param>
    public static OtlpSettings? Read(Func<string, string?> variable, out string? problem)
    {
        problem = null;
        if (variable(TaskEnvironment.OtlpEndpoint) is not { Length: > 0 } text)
        {
            return null;
        }

        if (!Uri.TryCreate(text, UriKind.Absolute, out var endpoint) || endpoint is not { Scheme: "http" or "https" })
        {
            problem = $"{TaskEnvironment.OtlpEndpoint}: `{text}` is no address such as http://127.0.0.1:4318";
            return null;
        }

        if (variable(TaskEnvironment.OtlpProtocol) is { Length: > 0 } protocol && !protocol.StartsWith("http/", StringComparison.Ordinal))
        {
            problem =
                $"{TaskEnvironment.OtlpProtocol}: `{protocol}` is not spoken; write http/json and the endpoint of the collector's HTTP port, 4318";
            return null;
        }

        var headers = new List<KeyValuePair<string, string>>();
        foreach (var pair in (variable(TaskEnvironment.OtlpHeaders) ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            if (pair.Split('=', 2) is not [var name, var value] || name.Trim().Length == 0)
            {
                problem = $"{TaskEnvironment.OtlpHeaders}: headers are written NAME=VALUE,NAME=VALUE";
                return null;
            }

            headers.Add(new(name.Trim(), Uri.UnescapeDataString(value.Trim())));
        }

        var every = UsualMetricsEvery;
        if (variable(TaskEnvironment.OtlpInterval) is { Length: > 0 } interval)
        {
            if (!int.TryParse(interval, out var milliseconds) || milliseconds < 1)
            {
                problem = $"{TaskEnvironment.OtlpInterval}: `{interval}` is no number of milliseconds";
                return null;
            }

            every = TimeSpan.FromMilliseconds(milliseconds);
        }

        var slash = text.EndsWith('/') ? endpoint : new Uri(text + "/");
        return new OtlpSettings(
            slash,
            headers,
            variable(TaskEnvironment.OtlpServiceName) is { Length: > 0 } service ? service : "signalbox",
            every
        );
    }
}
