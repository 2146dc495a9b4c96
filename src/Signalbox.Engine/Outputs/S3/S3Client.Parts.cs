using Amazon.S3;
using Amazon.S3.Model;

namespace Signalbox.Engine.Outputs.S3;

/// <content>Content on its way up and across; what is large goes in parts, and is an object only when the last step is taken.</content>
internal sealed partial class S3Client
{
    private const int MostParts = 10_000;

    /// <summary>Copies a file to an object.</summary>
    /// <param name="marks">What to remember with the object; copies have it too.</param>
    /// <returns>The ETag.</returns>
    public async Task<string> UploadAsync(
        string file,
        S3Address to,
        IReadOnlyDictionary<string, string> marks,
        CancellationToken cancellationToken
    )
    {
        var length = new FileInfo(file).Length;
        if (length <= Limits.PartSize)
        {
            var put = await AskAsync(
                to,
                async ct =>
                {
                    await using var stream = OpenRead(file);
                    var request = new PutObjectRequest
                    {
                        BucketName = to.Bucket,
                        Key = to.Key,
                        InputStream = stream,
                        UseChunkEncoding = false,
                        AutoCloseStream = false,
                    };
                    Mark(request.Metadata, marks);
                    return await _client.PutObjectAsync(request, ct);
                },
                cancellationToken
            );
            return put!.ETag;
        }

        return await InPartsAsync(
            to,
            marks,
            length,
            Math.Max(Limits.PartSize, (length / MostParts) + 1),
            async (upload, number, from, size, ct) =>
            {
                await using var stream = OpenRead(file);
                stream.Position = from;
                var part = await _client.UploadPartAsync(
                    new UploadPartRequest
                    {
                        BucketName = to.Bucket,
                        Key = to.Key,
                        UploadId = upload,
                        PartNumber = number,
                        InputStream = stream,
                        PartSize = size,
                        UseChunkEncoding = false,
                    },
                    ct
                );
                return new PartETag(number, part.ETag);
            },
            cancellationToken
        );
    }

    /// <summary>Copies an object with its marks; the copy is there whole or not at all.</summary>
    /// <param name="from">An object of the same bucket.</param>
    /// <returns>The ETag of the copy.</returns>
    public async Task<string> CopyAsync(S3Address from, S3Address to, S3Head source, CancellationToken cancellationToken)
    {
        if (source.Bytes <= Limits.CopySize)
        {
            var request = new CopyObjectRequest
            {
                SourceBucket = from.Bucket,
                SourceKey = from.Key,
                DestinationBucket = to.Bucket,
                DestinationKey = to.Key,
                ETagToMatch = source.ETag,
            };
            return (await AskAsync(from, ct => _client.CopyObjectAsync(request, ct), cancellationToken))!.ETag;
        }

        return await InPartsAsync(
            to,
            source.Marks,
            source.Bytes,
            Math.Max(Limits.CopySize, (source.Bytes / MostParts) + 1),
            async (upload, number, first, size, ct) =>
            {
                var part = await _client.CopyPartAsync(
                    new CopyPartRequest
                    {
                        SourceBucket = from.Bucket,
                        SourceKey = from.Key,
                        DestinationBucket = to.Bucket,
                        DestinationKey = to.Key,
                        UploadId = upload,
                        PartNumber = number,
                        FirstByte = first,
                        LastByte = first + size - 1,
                        ETagToMatch = [source.ETag],
                    },
                    ct
                );
                return new PartETag(number, part.ETag);
            },
            cancellationToken
        );
    }

    /// <summary>Gives up uploads that were never completed.</summary>
    /// <param name="prefix">Of the keys that are looked at.</param>
    /// <param name="isOurs">Whether an upload to this key is to be given up.</param>
    public async Task AbortUploadsAsync(S3Address prefix, Func<string, bool> isOurs, CancellationToken cancellationToken)
    {
        string? key = null;
        string? id = null;
        do
        {
            var request = new ListMultipartUploadsRequest
            {
                BucketName = prefix.Bucket,
                Prefix = prefix.Key,
                KeyMarker = key,
                UploadIdMarker = id,
            };
            ListMultipartUploadsResponse page;
            try
            {
                page = (await AskAsync(prefix, ct => _client.ListMultipartUploadsAsync(request, ct), cancellationToken))!;
            }
            catch (PlaceException refused) when (refused.InnerException is { } cause && S3Failures.IsNotImplemented(cause))
            {
                // A server that cannot list them cannot be rid of them either; its own rules have to.
                return;
            }

            foreach (var upload in (page.MultipartUploads ?? []).Where(upload => isOurs(upload.Key)))
            {
                await AskAsync(
                    new S3Address(prefix.Bucket, upload.Key),
                    ct => _client.AbortMultipartUploadAsync(prefix.Bucket, upload.Key, upload.UploadId, ct),
                    cancellationToken,
                    missing: true
                );
            }

            (key, id) = page.IsTruncated == true ? (page.NextKeyMarker, page.NextUploadIdMarker) : (null, null);
        } while (key is not null);
    }

    private async Task<string> InPartsAsync(
        S3Address to,
        IReadOnlyDictionary<string, string> marks,
        long length,
        long partSize,
        Func<string, int, long, long, CancellationToken, Task<PartETag>> send,
        CancellationToken cancellationToken
    )
    {
        var begin = new InitiateMultipartUploadRequest { BucketName = to.Bucket, Key = to.Key };
        Mark(begin.Metadata, marks);
        var upload = (await AskAsync(to, ct => _client.InitiateMultipartUploadAsync(begin, ct), cancellationToken))!.UploadId;
        try
        {
            var count = (int)((length + partSize - 1) / partSize);
            var parts = new PartETag[count];
            await Parallel.ForAsync(
                0,
                count,
                new ParallelOptions { MaxDegreeOfParallelism = Limits.Parallel, CancellationToken = cancellationToken },
                async (index, ct) =>
                {
                    var from = index * partSize;
                    var size = Math.Min(partSize, length - from);
                    parts[index] = (await AskAsync(to, inner => send(upload, index + 1, from, size, inner), ct))!;
                }
            );
            var complete = new CompleteMultipartUploadRequest
            {
                BucketName = to.Bucket,
                Key = to.Key,
                UploadId = upload,
                PartETags = [.. parts],
            };
            return (await AskAsync(to, ct => _client.CompleteMultipartUploadAsync(complete, ct), cancellationToken))!.ETag;
        }
        catch (Exception problem) when (problem is PlaceException or IOException or OperationCanceledException)
        {
            if (
                problem is PlaceException { InnerException: AmazonS3Exception { ErrorCode: "NoSuchUpload" } }
                && await HeadAsync(to, cancellationToken) is { } there
                && there.Bytes == length
                && marks.All(mark => there.Marks.GetValueOrDefault(mark.Key) == mark.Value)
            )
            {
                // It was completed, and the answer was lost.
                return there.ETag;
            }

            await GiveUpAsync(to, upload);
            throw;
        }
    }

    /// <summary>Only so that nothing is left lying about: what cannot be given up now is found by the next sweep.</summary>
    private async Task GiveUpAsync(S3Address to, string upload)
    {
        try
        {
            await _client.AbortMultipartUploadAsync(to.Bucket, to.Key, upload, CancellationToken.None);
        }
        catch (Exception problem) when (S3Failures.IsOfTheTalk(problem))
        {
            return;
        }
    }

    private static FileStream OpenRead(string file) => new(file, FileMode.Open, FileAccess.Read, FileShare.Read);

    private static void Mark(MetadataCollection metadata, IReadOnlyDictionary<string, string> marks)
    {
        foreach (var (name, value) in marks)
        {
            metadata[name] = value;
        }
    }
}
