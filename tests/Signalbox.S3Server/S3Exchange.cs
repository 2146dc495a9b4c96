using System.Globalization;
using System.Net;
using System.Xml.Linq;
using Microsoft.AspNetCore.Http;

namespace Signalbox.S3Server;

/// <summary>One request that may be answered, and its answer.</summary>
internal sealed class S3Exchange(HttpContext http, S3Request request, byte[] body, S3Objects objects, bool conditional)
{
    private const string MetadataPrefix = "x-amz-meta-";
    private bool _answer;
    private bool _half;

    public async Task DoAsync(bool answer, bool half = false)
    {
        (_answer, _half) = (answer, half);
        switch (request.Operation)
        {
            case "PutObject":
                await WrittenAsync(objects.Put(request.Bucket, request.Key, body, Metadata(), Condition()), null);
                break;
            case "CopyObject":
                if (Source() is { } source)
                {
                    await WrittenAsync(
                        objects.Put(request.Bucket, request.Key, source.Content, source.Metadata, Condition()),
                        "CopyObjectResult"
                    );
                }
                else
                {
                    await MissingAsync();
                }

                break;
            case "GetObject" or "HeadObject":
                await ReadAsync();
                break;
            case "DeleteObject":
                objects.Delete(request.Bucket, request.Key);
                Status(HttpStatusCode.NoContent);
                break;
            case "DeleteObjects":
                var keys = S3Xml.Values(body, "Key").ToList();
                keys.ForEach(key => objects.Delete(request.Bucket, key));
                await SendAsync(
                    S3Xml.Element("DeleteResult", keys.Select(key => S3Xml.Element("Deleted", S3Xml.Element("Key", key))).ToArray<object>())
                );
                break;
            case "ListObjectsV2":
                await ListAsync();
                break;
            case "HeadBucket" or "GetBucketLocation":
                await SendAsync(S3Xml.Element("LocationConstraint"));
                break;
            default:
                await MultipartAsync();
                break;
        }
    }

    private async Task MultipartAsync()
    {
        var id = http.Request.Query["uploadId"].ToString();
        switch (request.Operation)
        {
            case "CreateMultipartUpload":
                var begun = objects.Begin(request.Bucket, request.Key, Metadata());
                await SendAsync(
                    S3Xml.Element(
                        "InitiateMultipartUploadResult",
                        S3Xml.Element("Bucket", request.Bucket),
                        S3Xml.Element("Key", request.Key),
                        S3Xml.Element("UploadId", begun.Id)
                    )
                );
                break;
            case "UploadPart" or "UploadPartCopy":
                var part = request.Operation == "UploadPart" ? body : Ranged(Source()?.Content, "x-amz-copy-source-range");
                var number = int.Parse(http.Request.Query["partNumber"]!, CultureInfo.InvariantCulture);
                if (part is null || objects.PutPart(id, number, part) is not { } tag)
                {
                    await ErrorAsync(HttpStatusCode.NotFound, "NoSuchUpload");
                }
                else if (request.Operation == "UploadPart")
                {
                    Header("ETag", tag);
                }
                else
                {
                    await SendAsync(S3Xml.Element("CopyPartResult", S3Xml.Element("ETag", tag)));
                }

                break;
            case "CompleteMultipartUpload":
                int[] numbers = [.. S3Xml.Values(body, "PartNumber").Select(text => int.Parse(text, CultureInfo.InvariantCulture))];
                if (objects.Uploads(request.Bucket).All(upload => upload.Id != id))
                {
                    await ErrorAsync(HttpStatusCode.NotFound, "NoSuchUpload");
                }
                else
                {
                    await WrittenAsync(objects.Complete(id, numbers, Condition()), "CompleteMultipartUploadResult");
                }

                break;
            case "AbortMultipartUpload":
                objects.Abort(id);
                Status(HttpStatusCode.NoContent);
                break;
            case "ListMultipartUploads":
                var prefix = http.Request.Query["prefix"].ToString();
                await SendAsync(
                    S3Xml.Element(
                        "ListMultipartUploadsResult",
                        S3Xml.Element("Bucket", request.Bucket),
                        S3Xml.Element("IsTruncated", "false"),
                        objects
                            .Uploads(request.Bucket, prefix)
                            .Select(upload =>
                                S3Xml.Element(
                                    "Upload",
                                    S3Xml.Element("Key", upload.Key),
                                    S3Xml.Element("UploadId", upload.Id),
                                    S3Xml.Element("Initiated", Iso(upload.Initiated))
                                )
                            )
                    )
                );
                break;
            default:
                await ErrorAsync(HttpStatusCode.NotImplemented, "NotImplemented");
                break;
        }
    }

    private async Task ReadAsync()
    {
        if (objects.Get(request.Bucket, request.Key) is not { } found)
        {
            await MissingAsync();
            return;
        }

        if (!_answer)
        {
            return;
        }

        var response = http.Response;
        foreach (var (name, value) in found.Metadata)
        {
            response.Headers[name] = value;
        }

        response.Headers.ETag = found.ETag;
        response.Headers.LastModified = found.Modified.ToString("R", CultureInfo.InvariantCulture);
        var content = Ranged(found.Content, "Range")!;
        response.StatusCode = http.Request.Headers.ContainsKey("Range") ? 206 : 200;
        response.ContentLength = content.Length;
        if (request.Operation == "GetObject")
        {
            await response.Body.WriteAsync(_half ? content.AsMemory(0, content.Length / 2) : content);
            if (_half)
            {
                await response.Body.FlushAsync();
                http.Abort();
            }
        }
    }

    private async Task ListAsync()
    {
        var query = http.Request.Query;
        var most = int.TryParse(query["max-keys"], out var asked) ? asked : 1000;
        var after = query.ContainsKey("continuation-token") ? query["continuation-token"].ToString() : query["start-after"].ToString();
        var found = objects.List(request.Bucket, query["prefix"].ToString(), after.Length == 0 ? null : after, most + 1);
        var more = found.Count > most;
        var page = found.Take(most).ToList();
        await SendAsync(
            S3Xml.Element(
                "ListBucketResult",
                S3Xml.Element("Name", request.Bucket),
                S3Xml.Element("IsTruncated", more ? "true" : "false"),
                more ? S3Xml.Element("NextContinuationToken", page[^1].Key) : null,
                page.Select(entry =>
                    S3Xml.Element(
                        "Contents",
                        S3Xml.Element("Key", entry.Key),
                        S3Xml.Element("LastModified", Iso(entry.Value.Modified)),
                        S3Xml.Element("ETag", entry.Value.ETag),
                        S3Xml.Element("Size", entry.Value.Content.Length.ToString(CultureInfo.InvariantCulture))
                    )
                )
            )
        );
    }

    private async Task WrittenAsync(S3Object? made, string? result)
    {
        if (made is null)
        {
            await ErrorAsync(HttpStatusCode.PreconditionFailed, "PreconditionFailed");
        }
        else if (result is not null)
        {
            await SendAsync(S3Xml.Element(result, S3Xml.Element("ETag", made.ETag), S3Xml.Element("LastModified", Iso(made.Modified))));
        }
        else
        {
            Header("ETag", made.ETag);
        }
    }

    private S3Object? Source()
    {
        var source = Uri.UnescapeDataString(http.Request.Headers["x-amz-copy-source"].ToString()).TrimStart('/');
        var slash = source.IndexOf('/', StringComparison.Ordinal);
        return objects.HasBucket(source[..slash]) ? objects.Get(source[..slash], source[(slash + 1)..]) : null;
    }

    private byte[]? Ranged(byte[]? content, string header)
    {
        var range = http.Request.Headers[header].ToString();
        if (content is null || !range.StartsWith("bytes=", StringComparison.Ordinal))
        {
            return content;
        }

        var ends = range[6..].Split('-');
        var from = int.Parse(ends[0], CultureInfo.InvariantCulture);
        var to = ends[1].Length == 0 ? content.Length - 1 : Math.Min(int.Parse(ends[1], CultureInfo.InvariantCulture), content.Length - 1);
        return content[from..(to + 1)];
    }

    private S3Condition Condition()
    {
        if (!conditional)
        {
            return default;
        }

        var match = http.Request.Headers.IfMatch.ToString();
        return new S3Condition(match.Length == 0 ? null : match, http.Request.Headers.IfNoneMatch.ToString() == "*");
    }

    private Dictionary<string, string> Metadata() =>
        http
            .Request.Headers.Where(header =>
                header.Key.StartsWith(MetadataPrefix, StringComparison.OrdinalIgnoreCase)
                || header.Key.Equals("content-type", StringComparison.OrdinalIgnoreCase)
            )
            .ToDictionary(header => header.Key.ToLowerInvariant(), header => header.Value.ToString(), StringComparer.Ordinal);

    private Task MissingAsync() => ErrorAsync(HttpStatusCode.NotFound, "NoSuchKey");

    private Task ErrorAsync(HttpStatusCode status, string code) =>
        _answer ? S3Xml.ErrorAsync(http, status, code, code) : Task.CompletedTask;

    private Task SendAsync(XElement answer) => _answer ? S3Xml.SendAsync(http, answer) : Task.CompletedTask;

    private void Status(HttpStatusCode status)
    {
        if (_answer)
        {
            http.Response.StatusCode = (int)status;
        }
    }

    private void Header(string name, string value)
    {
        if (_answer)
        {
            http.Response.Headers[name] = value;
        }
    }

    private static string Iso(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
