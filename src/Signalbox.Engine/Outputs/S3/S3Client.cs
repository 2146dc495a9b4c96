using Amazon;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using Signalbox.Core.Retry;
using Signalbox.Engine.Projects;

namespace Signalbox.Engine.Outputs.S3;

/// <summary>An object without its content.</summary>
/// <param name="Marks">What <see cref="S3Client.UploadAsync"/> was given to remember, by names without their prefix.</param>
internal sealed record S3Head(string ETag, long Bytes, IReadOnlyDictionary<string, string> Marks);

/// <summary>An object as a listing shows it.</summary>
internal sealed record S3Listed(string Key, long Bytes, string ETag, DateTime? ModifiedAt);

/// <summary>What must hold for a small object to be written.</summary>
/// <param name="ETag">What stands there must have this one; null: nothing may stand there.</param>
internal sealed record S3Unless(string? ETag);

/// <summary>
/// The requests that publishing needs, to the server of one connection. Passing failures are tried again a bounded number of times; what is left is
/// thrown as <see cref="PlaceException"/>.
/// </summary>
/// <remarks>Not thread-bound; nothing here is made before the first output or input at <c>s3://</c> is used.</remarks>
internal sealed partial class S3Client : IDisposable
{
    private const string MarkPrefix = "x-amz-meta-";
    private readonly AmazonS3Client _client;

    public S3Client(Connection.S3 connection, string? accessKey, string? secretKey, S3Limits limits)
    {
        Connection = connection;
        Limits = limits;
        var config = new AmazonS3Config
        {
            ForcePathStyle = connection.PathStyle,
            // Tried again here, with limits of our own.
            MaxErrorRetry = 0,
            MaxStaleConnectionRetries = 0,
            Timeout = limits.Patience,
            ConnectTimeout = TimeSpan.FromSeconds(10),
            // Newer checksums are not known to other servers; over http and https alike the content is signed.
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
        };
        if (connection.Endpoint is { } endpoint)
        {
            config.ServiceURL = endpoint.ToString();
            config.AuthenticationRegion = connection.Region;
        }
        else
        {
            config.RegionEndpoint = RegionEndpoint.GetBySystemName(connection.Region);
        }

        _client = accessKey is null
            ? new AmazonS3Client(config)
            : new AmazonS3Client(new BasicAWSCredentials(accessKey, secretKey), config);
    }

    public Connection.S3 Connection { get; }

    public S3Limits Limits { get; }

    public void Dispose() => _client.Dispose();

    /// <summary>Null when there is no such object.</summary>
    public async Task<S3Head?> HeadAsync(S3Address at, CancellationToken cancellationToken)
    {
        var found = await AskAsync(at, ct => _client.GetObjectMetadataAsync(at.Bucket, at.Key, ct), cancellationToken, missing: true);
        return found is null
            ? null
            : new S3Head(
                found.ETag,
                found.ContentLength,
                found
                    .Metadata.Keys.Where(key => key.StartsWith(MarkPrefix, StringComparison.Ordinal))
                    .ToDictionary(key => key[MarkPrefix.Length..], key => found.Metadata[key], StringComparer.Ordinal)
            );
    }

    /// <summary>A small object; null when there is none.</summary>
    public async Task<(byte[] Content, string ETag)?> ReadAsync(S3Address at, CancellationToken cancellationToken)
    {
        var read = await AskAsync(
            at,
            async ct =>
            {
                using var found = await _client.GetObjectAsync(at.Bucket, at.Key, ct);
                using var content = new MemoryStream();
                await found.ResponseStream.CopyToAsync(content, ct);
                return Tuple.Create(content.ToArray(), found.ETag);
            },
            cancellationToken,
            missing: true
        );
        return read is null ? null : (read.Item1, read.Item2);
    }

    /// <summary>Writes a small object whole.</summary>
    /// <param name="unless">What must hold; null writes over whatever stands there.</param>
    /// <returns>False when the condition does not hold.</returns>
    public async Task<bool> WriteAsync(S3Address at, byte[] content, S3Unless? unless, CancellationToken cancellationToken) =>
        await AskAsync(
            at,
            async ct =>
            {
                using var stream = new MemoryStream(content, writable: false);
                try
                {
                    await _client.PutObjectAsync(
                        new PutObjectRequest
                        {
                            BucketName = at.Bucket,
                            Key = at.Key,
                            InputStream = stream,
                            ContentType = "application/json",
                            UseChunkEncoding = false,
                            IfMatch = unless?.ETag,
                            IfNoneMatch = unless is { ETag: null } ? "*" : null,
                        },
                        ct
                    );
                    return "written";
                }
                catch (AmazonS3Exception refused) when (unless is not null && S3Failures.IsConditionFailed(refused))
                {
                    return "";
                }
            },
            cancellationToken
        )
            is { Length: > 0 };

    /// <summary>Copies a file to a new file of this machine's.</summary>
    /// <param name="etag">Only this state of the object; null is any.</param>
    /// <returns>False when there is no such object, or it is in another state.</returns>
    public async Task<bool> DownloadAsync(S3Address at, string file, string? etag, CancellationToken cancellationToken) =>
        await AskAsync(
            at,
            async ct =>
            {
                try
                {
                    using var found = await _client.GetObjectAsync(
                        new GetObjectRequest
                        {
                            BucketName = at.Bucket,
                            Key = at.Key,
                            EtagToMatch = etag,
                        },
                        ct
                    );
                    await using var stream = new FileStream(file, FileMode.Create, FileAccess.Write);
                    await found.ResponseStream.CopyToAsync(stream, ct);
                    return stream.Length == found.ContentLength ? "whole" : throw new HttpIOException(HttpRequestError.ResponseEnded);
                }
                catch (AmazonS3Exception refused) when (S3Failures.IsConditionFailed(refused))
                {
                    return "";
                }
            },
            cancellationToken,
            missing: true
        )
            is { Length: > 0 };

    /// <summary>All objects whose keys begin with a prefix, in the order of their keys.</summary>
    public async Task<List<S3Listed>> ListAsync(S3Address prefix, CancellationToken cancellationToken)
    {
        var found = new List<S3Listed>();
        string? token = null;
        do
        {
            var request = new ListObjectsV2Request
            {
                BucketName = prefix.Bucket,
                Prefix = prefix.Key,
                ContinuationToken = token,
            };
            var page = (await AskAsync(prefix, ct => _client.ListObjectsV2Async(request, ct), cancellationToken))!;
            found.AddRange(
                (page.S3Objects ?? []).Select(listed => new S3Listed(
                    listed.Key,
                    listed.Size ?? 0,
                    (listed.ETag ?? "").Trim('"'),
                    listed.LastModified?.ToUniversalTime()
                ))
            );
            token = page.IsTruncated == true ? page.NextContinuationToken : null;
        } while (token is not null);

        return found;
    }

    /// <summary>Deletes objects; those that are not there are no mistake.</summary>
    public async Task DeleteAsync(string bucket, IReadOnlyCollection<string> keys, CancellationToken cancellationToken)
    {
        if (keys.Count == 1)
        {
            var only = new S3Address(bucket, keys.First());
            await AskAsync(only, ct => _client.DeleteObjectAsync(only.Bucket, only.Key, ct), cancellationToken, missing: true);
            return;
        }

        const int most = 1000;
        foreach (var some in keys.Chunk(most))
        {
            var request = new DeleteObjectsRequest { BucketName = bucket, Objects = [.. some.Select(key => new KeyVersion { Key = key })] };
            await AskAsync(new S3Address(bucket, some[0]), ct => _client.DeleteObjectsAsync(request, ct), cancellationToken);
        }
    }

    /// <summary>Deletes all objects whose keys begin with a prefix, and the uploads to such keys that were never completed.</summary>
    public async Task DeleteBelowAsync(S3Address prefix, CancellationToken cancellationToken)
    {
        await AbortUploadsAsync(prefix, key => key.StartsWith(prefix.Key, StringComparison.Ordinal), cancellationToken);
        var found = await ListAsync(prefix, cancellationToken);
        await DeleteAsync(prefix.Bucket, found.ConvertAll(listed => listed.Key), cancellationToken);
    }

    /// <summary>Asks, and asks again as long as the failure may pass.</summary>
    /// <param name="missing">Whether an object that is not there is an answer: null.</param>
    private async Task<T?> AskAsync<T>(
        S3Address at,
        Func<CancellationToken, Task<T>> ask,
        CancellationToken cancellationToken,
        bool missing = false
    )
        where T : class
    {
        for (var tried = 1; ; tried++)
        {
            try
            {
                return await ask(cancellationToken);
            }
            catch (Exception problem) when (S3Failures.IsOfTheTalk(problem) && !cancellationToken.IsCancellationRequested)
            {
                if (missing && S3Failures.IsMissingKey(problem))
                {
                    return null;
                }

                if (tried >= Limits.Tries || !S3Failures.IsPassing(problem))
                {
                    throw S3Failures.Of(problem, Connection, at);
                }
            }

            await Task.Delay(Limits.FirstPause * Math.Pow(2, tried - 1), cancellationToken);
        }
    }
}
