using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Signalbox.S3Server;

/// <summary>What a request is, for those who inject faults and count.</summary>
/// <param name="Operation">The name that Amazon's documentation has for it, e.g. <c>PutObject</c>, <c>CopyObject</c>.</param>
public sealed record S3Request(string Operation, string Bucket, string Key);

/// <summary>What goes wrong with a request instead of its answer.</summary>
public abstract record S3Fault
{
    private S3Fault() { }

    /// <summary>An error of the protocol; nothing is done.</summary>
    public sealed record Refuse(HttpStatusCode Status, string Code) : S3Fault;

    /// <summary>The connection ends before anything is done.</summary>
    public sealed record Hang : S3Fault;

    /// <summary>It is done, and the connection ends before the answer.</summary>
    public sealed record LoseAnswer : S3Fault;

    /// <summary>The answer's body ends half-way.</summary>
    public sealed record HalfAnswer : S3Fault;

    /// <summary>It is done later.</summary>
    public sealed record Slow(TimeSpan Delay) : S3Fault;
}

/// <summary>
/// An S3 server of this process on a free port of this machine, for tests: buckets in memory, signatures checked, conditional writes, multipart
/// uploads, and faults as the test wants them. It speaks as much of the protocol as Signalbox and usual clients use.
/// </summary>
public sealed class LocalS3 : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<S3Request> _requests = new();

    private LocalS3(WebApplication app, string endpoint, string accessKey, string secretKey) =>
        (_app, Endpoint, AccessKey, SecretKey) = (app, endpoint, accessKey, secretKey);

    /// <summary><c>http://127.0.0.1:PORT</c>.</summary>
    public string Endpoint { get; }

    public string AccessKey { get; }

    public string SecretKey { get; }

    public S3Objects Objects { get; } = new();

    /// <summary>Whether conditional writes are honoured; else the conditions are ignored, as older servers do.</summary>
    public bool Conditional { get; set; } = true;

    /// <summary>What goes wrong with a request; null when nothing does. Asked for each request.</summary>
    public Func<S3Request, S3Fault?> Fault { get; set; } = _ => null;

    /// <summary>Every request so far.</summary>
    public IReadOnlyCollection<S3Request> Requests => _requests;

    public static async Task<LocalS3> StartAsync(params string[] buckets)
    {
        LocalS3? server = null;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http1);
        });
        var app = builder.Build();
        app.Run(context => server!.AnswerAsync(context));
        await app.StartAsync();
        var address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        server = new LocalS3(app, address.TrimEnd('/'), "test-access", "test/secret+key");
        foreach (var bucket in buckets)
        {
            server.Objects.AddBucket(bucket);
        }

        return server;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    private async Task AnswerAsync(HttpContext http)
    {
        var (bucket, key) = Split(http.Request.Path.Value!);
        var request = new S3Request(OperationOf(http.Request, key), bucket, key);
        _requests.Enqueue(request);
        var fault = Fault(request);
        switch (fault)
        {
            case S3Fault.Refuse refusal:
                await S3Xml.ErrorAsync(http, refusal.Status, refusal.Code, "as the test wants it");
                return;
            case S3Fault.Hang:
                http.Abort();
                return;
            case S3Fault.Slow slow:
                await Task.Delay(slow.Delay, http.RequestAborted);
                break;
            default:
                break;
        }

        var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body);
        var content = body.ToArray();
        if (S3Signature.Problem(http.Request, content, AccessKey, SecretKey) is { } problem)
        {
            await S3Xml.ErrorAsync(http, HttpStatusCode.Forbidden, problem, "the request is not signed by who may ask");
        }
        else if (!Objects.HasBucket(bucket))
        {
            await S3Xml.ErrorAsync(http, HttpStatusCode.NotFound, "NoSuchBucket", "The specified bucket does not exist");
        }
        else
        {
            var exchange = new S3Exchange(http, request, content, Objects, Conditional);
            if (fault is S3Fault.LoseAnswer)
            {
                await exchange.DoAsync(answer: false);
                http.Abort();
            }
            else
            {
                await exchange.DoAsync(answer: true, half: fault is S3Fault.HalfAnswer);
            }
        }
    }

    private static (string Bucket, string Key) Split(string path)
    {
        var slash = path.IndexOf('/', 1);
        return slash < 0 ? (path[1..], "") : (path[1..slash], path[(slash + 1)..]);
    }

    private static string OperationOf(HttpRequest request, string key)
    {
        var query = request.Query;
        return (request.Method, key.Length > 0) switch
        {
            ("GET", false) => query.ContainsKey("uploads") ? "ListMultipartUploads"
            : query.ContainsKey("location") ? "GetBucketLocation"
            : "ListObjectsV2",
            ("HEAD", false) => "HeadBucket",
            ("POST", false) => "DeleteObjects",
            ("GET", true) => "GetObject",
            ("HEAD", true) => "HeadObject",
            ("PUT", true) => query.ContainsKey("partNumber")
                ? IsCopy(request)
                    ? "UploadPartCopy"
                    : "UploadPart"
                : IsCopy(request)
                    ? "CopyObject"
                    : "PutObject",
            ("POST", true) => query.ContainsKey("uploads") ? "CreateMultipartUpload" : "CompleteMultipartUpload",
            ("DELETE", true) => query.ContainsKey("uploadId") ? "AbortMultipartUpload" : "DeleteObject",
            _ => "Unknown",
        };
    }

    private static bool IsCopy(HttpRequest request) => request.Headers.ContainsKey("x-amz-copy-source");
}
