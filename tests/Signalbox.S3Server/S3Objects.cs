using System.Security.Cryptography;

namespace Signalbox.S3Server;

/// <summary>An object as it lies in a bucket: never changed, only replaced.</summary>
/// <param name="ETag">In quotes, as the protocol has it.</param>
/// <param name="Metadata">The <c>x-amz-meta-</c> headers by their whole name, and <c>content-type</c>.</param>
public sealed record S3Object(byte[] Content, string ETag, IReadOnlyDictionary<string, string> Metadata, DateTimeOffset Modified);

/// <summary>A multipart upload that is not complete.</summary>
public sealed record S3Upload(
    string Id,
    string Bucket,
    string Key,
    IReadOnlyDictionary<string, string> Metadata,
    DateTimeOffset Initiated,
    SortedDictionary<int, byte[]> Parts
);

/// <summary>What a write asks of what stands there.</summary>
/// <param name="IfMatch">The ETag it must have; null asks nothing.</param>
/// <param name="IfNone">Whether nothing may stand there.</param>
public readonly record struct S3Condition(string? IfMatch, bool IfNone)
{
    public bool Holds(S3Object? there) => (!IfNone || there is null) && (IfMatch is null || there?.ETag.Trim('"') == IfMatch.Trim('"'));
}

/// <summary>The buckets: each step is taken under one lock, so that a reader has one version of an object or another.</summary>
public sealed class S3Objects
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, SortedDictionary<string, S3Object>> _buckets = new(StringComparer.Ordinal);
    private readonly Dictionary<string, S3Upload> _uploads = new(StringComparer.Ordinal);
    private int _numbers;

    public void AddBucket(string bucket)
    {
        lock (_lock)
        {
            _buckets.TryAdd(bucket, new SortedDictionary<string, S3Object>(StringComparer.Ordinal));
        }
    }

    public bool HasBucket(string bucket)
    {
        lock (_lock)
        {
            return _buckets.ContainsKey(bucket);
        }
    }

    public S3Object? Get(string bucket, string key)
    {
        lock (_lock)
        {
            return _buckets[bucket].GetValueOrDefault(key);
        }
    }

    /// <summary>Null when the condition does not hold.</summary>
    public S3Object? Put(string bucket, string key, byte[] content, IReadOnlyDictionary<string, string> metadata, S3Condition condition)
    {
        var made = new S3Object(content, $"\"{Convert.ToHexStringLower(MD5.HashData(content))}\"", metadata, DateTimeOffset.UtcNow);
        return Place(bucket, key, made, condition) ? made : null;
    }

    public bool Delete(string bucket, string key)
    {
        lock (_lock)
        {
            return _buckets[bucket].Remove(key);
        }
    }

    /// <summary>The objects under a prefix, in the order of their keys.</summary>
    public IReadOnlyList<KeyValuePair<string, S3Object>> List(string bucket, string prefix, string? after, int most)
    {
        lock (_lock)
        {
            return
            [
                .. _buckets[bucket]
                    .Where(entry =>
                        entry.Key.StartsWith(prefix, StringComparison.Ordinal)
                        && (after is null || string.CompareOrdinal(entry.Key, after) > 0)
                    )
                    .Take(most),
            ];
        }
    }

    /// <summary>The keys of a bucket.</summary>
    public IReadOnlyList<string> Keys(string bucket, string prefix = "") =>
        [.. List(bucket, prefix, null, int.MaxValue).Select(o => o.Key)];

    public S3Upload Begin(string bucket, string key, IReadOnlyDictionary<string, string> metadata)
    {
        lock (_lock)
        {
            var upload = new S3Upload($"upload-{++_numbers}", bucket, key, metadata, DateTimeOffset.UtcNow, []);
            _uploads[upload.Id] = upload;
            return upload;
        }
    }

    public IReadOnlyList<S3Upload> Uploads(string bucket, string prefix = "")
    {
        lock (_lock)
        {
            return
            [
                .. _uploads
                    .Values.Where(upload => upload.Bucket == bucket && upload.Key.StartsWith(prefix, StringComparison.Ordinal))
                    .OrderBy(upload => upload.Key, StringComparer.Ordinal),
            ];
        }
    }

    /// <summary>The ETag of the part; null when there is no such upload.</summary>
    public string? PutPart(string id, int number, byte[] content)
    {
        lock (_lock)
        {
            if (!_uploads.TryGetValue(id, out var upload))
            {
                return null;
            }

            upload.Parts[number] = content;
            return $"\"{Convert.ToHexStringLower(MD5.HashData(content))}\"";
        }
    }

    public bool Abort(string id)
    {
        lock (_lock)
        {
            return _uploads.Remove(id);
        }
    }

    /// <summary>Makes the object of the parts, whole; null when there is no such upload, or the condition does not hold.</summary>
    public S3Object? Complete(string id, IReadOnlyList<int> numbers, S3Condition condition)
    {
        lock (_lock)
        {
            if (!_uploads.TryGetValue(id, out var upload))
            {
                return null;
            }

            byte[] content = [.. numbers.SelectMany(number => upload.Parts[number])];
            byte[] hashes = [.. numbers.SelectMany(number => MD5.HashData(upload.Parts[number]))];
            var tag = $"\"{Convert.ToHexStringLower(MD5.HashData(hashes))}-{numbers.Count}\"";
            var made = new S3Object(content, tag, upload.Metadata, DateTimeOffset.UtcNow);
            if (!Place(upload.Bucket, upload.Key, made, condition))
            {
                return null;
            }

            _uploads.Remove(id);
            return made;
        }
    }

    private bool Place(string bucket, string key, S3Object made, S3Condition condition)
    {
        lock (_lock)
        {
            if (!condition.Holds(_buckets[bucket].GetValueOrDefault(key)))
            {
                return false;
            }

            _buckets[bucket][key] = made;
            return true;
        }
    }
}
