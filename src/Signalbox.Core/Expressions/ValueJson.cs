using System.Text;
using System.Text.Json;

namespace Signalbox.Core.Expressions;

/// <summary>Reads JSON into values: whole numbers that fit a long become integers, all others numbers.</summary>
internal static class ValueJson
{
    public const int MaxDepth = 64;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static TemplateResult<Value> Read(string json)
    {
        try
        {
            return Read(StrictUtf8.GetBytes(json));
        }
        catch (EncoderFallbackException)
        {
            return TemplateResult<Value>.Failed(TemplateError.At(json, 0, 0, "this is not JSON: it holds half of a surrogate pair"));
        }
    }

    public static TemplateResult<Value> Read(ReadOnlySpan<byte> utf8)
    {
        try
        {
            var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = MaxDepth });
            reader.Read();
            var value = ReadValue(ref reader);
            reader.Read();
            return TemplateResult<Value>.Of(value);
        }
        catch (JsonException exception)
        {
            var line = (int)(exception.LineNumber ?? 0) + 1;
            var column = (int)(exception.BytePositionInLine ?? 0) + 1;
            return TemplateResult<Value>.Failed(new TemplateError(0, 0, line, column, "this is not JSON: " + Reason(exception)));
        }
        catch (InvalidOperationException)
        {
            return TemplateResult<Value>.Failed(
                new TemplateError(0, 0, 1, 1, "this is not JSON: a text holds bytes or escapes that are not Unicode")
            );
        }
    }

    private static string Reason(JsonException exception)
    {
        var message = exception.Message;
        var end = message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        return (end < 0 ? message : message[..end]).TrimEnd('.');
    }

    private static Value ReadValue(ref Utf8JsonReader reader)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.String:
                return new Value.Text(reader.GetString() ?? "");
            case JsonTokenType.True:
                return Value.True;
            case JsonTokenType.False:
                return Value.False;
            case JsonTokenType.Number:
                return reader.TryGetInt64(out var whole) && !reader.ValueSpan.ContainsAny((byte)'.', (byte)'e', (byte)'E')
                    ? new Value.Integer(whole)
                    : new Value.Number(reader.GetDouble());
            case JsonTokenType.StartArray:
                var items = ImmutableArray.CreateBuilder<Value>();
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    items.Add(ReadValue(ref reader));
                }

                return new Value.List(items.DrainToImmutable());
            case JsonTokenType.StartObject:
                var entries = new OrderedDictionary<string, Value>(StringComparer.Ordinal);
                while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
                {
                    var key = reader.GetString() ?? "";
                    reader.Read();
                    entries[key] = ReadValue(ref reader);
                }

                return new Value.Map(entries);
            default:
                return Value.None;
        }
    }
}
