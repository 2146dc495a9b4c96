using System.Text;
using System.Text.Json;
using Signalbox.Core.Triggers;

namespace Signalbox.Engine.Triggers;

/// <summary>The body of a message of which nobody says what it is.</summary>
internal static class MessageBody
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Writes <c>body</c>: JSON as it is, other text as text, anything else as <c>null</c> with <c>body_base64</c> beside it.</summary>
    public static void Write(Utf8JsonWriter json, byte[]? value)
    {
        if (value is null)
        {
            json.WriteNull(MessageNames.Body);
            return;
        }

        if (IsJson(value))
        {
            json.WritePropertyName(MessageNames.Body);
            json.WriteRawValue(value);
            return;
        }

        try
        {
            json.WriteString(MessageNames.Body, Strict.GetString(value));
        }
        catch (DecoderFallbackException)
        {
            json.WriteNull(MessageNames.Body);
            json.WriteBase64String("body_base64", value);
        }
    }

    private static bool IsJson(byte[] value)
    {
        try
        {
            using var _ = JsonDocument.Parse(value, new JsonDocumentOptions { MaxDepth = 60 });
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
