using System.Net;
using System.Text;
using System.Text.Json;

namespace Signalbox.Acceptance.Tests;

/// <summary>Calls a webhook as a system outside does.</summary>
internal static class HookSender
{
    public static TestProject Secret(this TestProject project, string name, string value)
    {
        project.Write($".signalbox/secrets/{name}", value);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(project.PathOf($".signalbox/secrets/{name}"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        return project;
    }

    public static async Task<(HttpStatusCode Status, JsonElement Answer)> PostAsync(
        this HttpClient http,
        Uri address,
        string path,
        string body,
        string? secret,
        string? delivery = null
    )
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(address, path))
        {
            Content = new StringContent(body, Encoding.UTF8, "application/json"),
        };
        if (secret is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {secret}");
        }

        if (delivery is not null)
        {
            request.Headers.TryAddWithoutValidation("X-Signalbox-Delivery", delivery);
        }

        using var response = await http.SendAsync(request, TestContext.Current.CancellationToken);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        using var document = JsonDocument.Parse(text);
        return (response.StatusCode, document.RootElement.Clone());
    }
}
