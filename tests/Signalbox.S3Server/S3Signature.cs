using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Signalbox.S3Server;

/// <summary>Checks AWS Signature Version 4 of a request: what was signed is what came, by who knows the secret key.</summary>
internal static class S3Signature
{
    private const string Algorithm = "AWS4-HMAC-SHA256";
    private const string Unsigned = "UNSIGNED-PAYLOAD";

    /// <summary>The error code of the protocol; null when the signature holds.</summary>
    public static string? Problem(HttpRequest request, byte[] body, string accessKey, string secretKey)
    {
        var header = request.Headers.Authorization.ToString();
        if (!header.StartsWith(Algorithm, StringComparison.Ordinal))
        {
            return "AccessDenied";
        }

        var fields = header[Algorithm.Length..]
            .Split(',', StringSplitOptions.TrimEntries)
            .Select(field => field.Split('=', 2))
            .ToDictionary(field => field[0], field => field[1], StringComparer.Ordinal);
        var scope = fields["Credential"].Split('/');
        if (scope[0] != accessKey)
        {
            return "InvalidAccessKeyId";
        }

        var payload = request.Headers["x-amz-content-sha256"].ToString();
        if (payload != Unsigned && payload != Convert.ToHexStringLower(SHA256.HashData(body)))
        {
            return "XAmzContentSHA256Mismatch";
        }

        var signed = fields["SignedHeaders"].Split(';');
        var canonical = new StringBuilder().Append(request.Method).Append('\n');
        var target = request.HttpContext.Features.Get<IHttpRequestFeature>()!.RawTarget;
        var question = target.IndexOf('?', StringComparison.Ordinal);
        canonical.Append(question < 0 ? target : target[..question]).Append('\n');
        var query = question < 0 ? [] : target[(question + 1)..].Split('&', StringSplitOptions.RemoveEmptyEntries);
        canonical
            .AppendJoin(
                '&',
                query.Select(pair => pair.Contains('=', StringComparison.Ordinal) ? pair : pair + "=").Order(StringComparer.Ordinal)
            )
            .Append('\n');
        foreach (var name in signed)
        {
            canonical.Append(name).Append(':').AppendJoin(',', request.Headers[name].Select(value => value!.Trim())).Append('\n');
        }

        canonical.Append('\n').AppendJoin(';', signed).Append('\n').Append(payload);
        var date = request.Headers["x-amz-date"].ToString();
        var text =
            $"{Algorithm}\n{date}\n{string.Join('/', scope[1..])}\n{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(canonical.ToString())))}";
        var key = Encoding.UTF8.GetBytes("AWS4" + secretKey);
        foreach (var part in scope[1..])
        {
            key = HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(part));
        }

        var wanted = Convert.ToHexStringLower(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(text)));
        return wanted == fields["Signature"] ? null : "SignatureDoesNotMatch";
    }
}
