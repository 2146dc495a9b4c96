using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Signalbox.Core;
using Signalbox.Core.Triggers;
using Signalbox.Engine.Projects;
using Signalbox.Storage;

namespace Signalbox.Engine.Triggers;

/// <summary>A call of a webhook's address.</summary>
/// <param name="Name">The name of the trigger; null for the only webhook of the pipeline.</param>
/// <param name="Headers">Names in small letters.</param>
/// <param name="Body">The bytes, at most <see cref="WebhookDesk.MostBytes"/>.</param>
public sealed record WebhookCall(
    string Pipeline,
    string? Name,
    IReadOnlyDictionary<string, string> Headers,
    IReadOnlyDictionary<string, string> Query,
    ReadOnlyMemory<byte> Body
);

/// <summary>What a webhook answers.</summary>
public abstract record WebhookAnswer
{
    private WebhookAnswer() { }

    /// <summary>The messages are kept, and this is what has become of them so far. More than one only of a notification of several objects.</summary>
    public sealed record Taken(IReadOnlyList<InboxMessage> Messages) : WebhookAnswer;

    /// <summary>Nothing is kept.</summary>
    /// <param name="Detail">What is wrong and how to mend it; nothing that helps to guess a secret.</param>
    public sealed record Refused(WebhookRefusal Kind, string Detail) : WebhookAnswer
    {
        /// <summary>When it may be tried again; null when that does not matter.</summary>
        public TimeSpan? RetryAfter { get; init; }
    }
}

/// <summary>Why a webhook keeps nothing.</summary>
public enum WebhookRefusal
{
    /// <summary>There is no such webhook.</summary>
    NotFound,

    /// <summary>The sender has not proved who it is.</summary>
    Unauthorized,

    /// <summary>The body is not JSON.</summary>
    Malformed,

    /// <summary>There are more messages than the webhook takes.</summary>
    TooMany,

    /// <summary>The webhook's secret cannot be had.</summary>
    Misconfigured,
}

/// <summary>Takes the calls of webhooks: proves the sender, keeps the message, and says what became of it.</summary>
/// <remarks>
/// A signature is HMAC-SHA-256 over <c>TIMESTAMP.BODY</c>, in hexadecimal digits behind <c>sha256=</c>; the timestamp, in seconds, may be five
/// minutes off. One signature makes one message, whatever else the call says: who overhears a call cannot repeat it.
/// </remarks>
public sealed class WebhookDesk
{
    /// <summary>The largest body, in bytes.</summary>
    public const int MostBytes = 1024 * 1024;

    /// <summary>How deep objects and lists of a body may be nested.</summary>
    public const int MostDepth = 32;

    public const string TimestampHeader = "x-signalbox-timestamp";
    public const string SignatureHeader = "x-signalbox-signature";

    /// <summary>Calls with one value are one message.</summary>
    public const string DeliveryHeader = "x-signalbox-delivery";

    /// <summary>The same under a name that others use.</summary>
    public const string IdempotencyHeader = "idempotency-key";

    /// <summary>How far the clocks of sender and server may differ.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromMinutes(5);

    private const string Scheme = "Bearer ";
    private const string SignaturePrefix = "sha256=";
    private const int LongestDelivery = 200;
    private const int MostWrongPerMinute = 60;

    // What proves the sender, and what a proxy or a browser adds, is nobody's business.
    private static readonly string[] Kept = [DeliveryHeader, IdempotencyHeader, "content-type", "user-agent"];

    private readonly EngineParts _parts;
    private readonly InboxDesk _inbox;
    private readonly RateGate _gate;

    internal WebhookDesk(EngineParts parts, InboxDesk inbox)
    {
        (_parts, _inbox) = (parts, inbox);
        _gate = new RateGate(parts.Time);
    }

    /// <summary>Takes a call.</summary>
    /// <exception cref="StoreException">Nothing is kept; the sender is to try again.</exception>
    public async Task<WebhookAnswer> ReceiveAsync(WebhookCall call, CancellationToken cancellationToken)
    {
        var name = Slug.Problem(call.Pipeline) is null ? new PipelineName(call.Pipeline) : (PipelineName?)null;
        if (name is not { } pipeline || Find(pipeline, call.Name) is not { } hook)
        {
            return Refused(
                WebhookRefusal.NotFound,
                $"there is no webhook `{call.Pipeline}{(call.Name is null ? "" : "/" + call.Name)}`; its pipeline declares it under `triggers:`"
            );
        }

        var place = $"{pipeline}/{hook.Name}";
        if (_gate.IsShut(place + "/wrong", MostWrongPerMinute) is { } rest)
        {
            return TooMany("too many calls have not proved who sends them", rest);
        }

        if (Problem(hook, call, out var signature) is { } problem)
        {
            _gate.Pass(place + "/wrong", MostWrongPerMinute);
            return problem;
        }

        if (JsonProblem(call.Body) is { } malformed)
        {
            return Refused(WebhookRefusal.Malformed, malformed);
        }

        var delivery = DeliveryOf(call);
        if (delivery is { Length: > LongestDelivery })
        {
            return Refused(WebhookRefusal.Malformed, $"{DeliveryHeader}: an id has at most {LongestDelivery} characters");
        }

        if (
            signature is not null
            && _parts.Store.Read(session =>
                session.MessageSigned(pipeline, hook.Name, signature) is { } before ? session.InboxMessage(before) : null
            )
                is { } known
        )
        {
            return new WebhookAnswer.Taken([known]);
        }

        if (_gate.Pass(place, hook.MaxPerMinute) is { } wait)
        {
            return TooMany($"the webhook takes {hook.MaxPerMinute} messages a minute", wait);
        }

        var key =
            delivery is not null ? $"delivery {delivery}"
            : signature is not null ? $"signature {signature}"
            : $"call {Guid.NewGuid():N}";
        return new WebhookAnswer.Taken(
            await _inbox.ReceiveAsync(
                pipeline,
                hook,
                [new Arrival(key, PayloadOf(call))],
                signature is null
                    ? null
                    : (session, messages) => session.UseSignature(pipeline, hook.Name, signature, messages[0], Now, Now - (2 * Window)),
                cancellationToken
            )
        );
    }

    /// <summary>The signature of a body.</summary>
    /// <param name="timestamp">Seconds since 1970, as text.</param>
    public static string Sign(string secret, string timestamp, ReadOnlySpan<byte> body)
    {
        byte[] signed = [.. Encoding.UTF8.GetBytes(timestamp + "."), .. body];
        return SignaturePrefix + Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), signed));
    }

    private MessageTrigger.Webhook? Find(PipelineName pipeline, string? name)
    {
        var definition = _parts.Store.Read(session =>
            session.Pipeline(pipeline)?.Version is { } version ? _inbox.Definition(session, pipeline, version) : null
        );
        var hooks = definition?.Pipeline.MessageTriggers().OfType<MessageTrigger.Webhook>().ToList() ?? [];
        return name is null && hooks is [var only] ? only : hooks.Find(hook => hook.Name == (name ?? hook.Kind));
    }

    private WebhookAnswer.Refused? Problem(MessageTrigger.Webhook hook, WebhookCall call, out string? signature)
    {
        signature = null;
        var resolved = new SecretText(hook.Bearer ?? hook.HmacSecret!).Resolve(_parts.Project.Secrets);
        if (resolved.Value is not { } secret)
        {
            return Refused(WebhookRefusal.Misconfigured, "the secret of the webhook cannot be had; the server's project lacks it");
        }

        if (hook.Bearer is not null)
        {
            var given = call.Headers.GetValueOrDefault("authorization") ?? "";
            return given.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) && IsSame(given[Scheme.Length..].Trim(), secret)
                ? null
                : Refused(WebhookRefusal.Unauthorized, "the call must carry the webhook's secret: `Authorization: Bearer SECRET`");
        }

        var text = call.Headers.GetValueOrDefault(TimestampHeader) ?? "";
        var told = call.Headers.GetValueOrDefault(SignatureHeader) ?? "";
        if (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) || told.Length == 0)
        {
            return Refused(
                WebhookRefusal.Unauthorized,
                $"the call must be signed: `{TimestampHeader}: SECONDS` and `{SignatureHeader}: {SignaturePrefix}HEX`, the HMAC-SHA-256 of SECONDS.BODY"
            );
        }

        if (!IsSame(told.ToLowerInvariant(), Sign(secret, text, call.Body.Span)))
        {
            return Refused(WebhookRefusal.Unauthorized, "the signature is not that of SECONDS.BODY under the webhook's secret");
        }

        if (Math.Abs(Now.ToUnixTimeSeconds() - (double)seconds) > Window.TotalSeconds)
        {
            return Refused(
                WebhookRefusal.Unauthorized,
                $"the timestamp is more than {Window.TotalMinutes:0} minutes from the server's clock, which says {Now.ToUnixTimeSeconds()}"
            );
        }

        signature = told.ToLowerInvariant();
        return null;
    }

    /// <summary>Takes as long whatever is wrong.</summary>
    private static bool IsSame(string given, string secret) =>
        CryptographicOperations.FixedTimeEquals(
            SHA256.HashData(Encoding.UTF8.GetBytes(given)),
            SHA256.HashData(Encoding.UTF8.GetBytes(secret))
        );

    private static string? JsonProblem(ReadOnlyMemory<byte> body) =>
        body.IsEmpty ? "the body is empty; a message is JSON"
        : Problem(body, MostDepth) is not { } problem ? null
        : Problem(body, body.Length) is null ? $"the body is nested more than {MostDepth} deep"
        : $"the body is not JSON: line {problem.LineNumber + 1}, byte {problem.BytePositionInLine + 1}";

    // A document looks back through all that is open at each bracket: a body of nothing but brackets would take it hours.
    private static JsonException? Problem(ReadOnlyMemory<byte> body, int depth)
    {
        try
        {
            var json = new Utf8JsonReader(body.Span, new JsonReaderOptions { MaxDepth = depth });
            while (json.Read()) { }

            return null;
        }
        catch (JsonException problem)
        {
            return problem;
        }
    }

    private static string? DeliveryOf(WebhookCall call) =>
        call.Headers.GetValueOrDefault(DeliveryHeader) is { Length: > 0 } own ? own
        : call.Headers.GetValueOrDefault(IdempotencyHeader) is { Length: > 0 } other ? other
        : null;

    private static string PayloadOf(WebhookCall call)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WritePropertyName(MessageNames.Body);
            json.WriteRawValue(call.Body.Span, skipInputValidation: true);
            json.WriteStartObject(MessageNames.Headers);
            foreach (var (name, value) in call.Headers.Where(IsKept).OrderBy(header => header.Key, StringComparer.Ordinal))
            {
                json.WriteString(name, value);
            }

            json.WriteEndObject();
            json.WriteStartObject(MessageNames.Query);
            foreach (var (name, value) in call.Query)
            {
                json.WriteString(name, value);
            }

            json.WriteEndObject();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }

    private static bool IsKept(KeyValuePair<string, string> header) =>
        Kept.Contains(header.Key)
        || (header.Key.StartsWith("x-", StringComparison.Ordinal) && header.Key is not (SignatureHeader or TimestampHeader));

    private static WebhookAnswer.Refused TooMany(string detail, TimeSpan wait) =>
        Refused(WebhookRefusal.TooMany, $"{detail}; try again in {Math.Ceiling(wait.TotalSeconds):0} s") with
        {
            RetryAfter = wait,
        };

    private static WebhookAnswer.Refused Refused(WebhookRefusal kind, string detail) => new(kind, detail);

    private DateTimeOffset Now => _parts.Time.GetUtcNow();
}
