namespace Signalbox.Engine.Outputs.S3;

/// <summary><c>s3://bucket/key</c>.</summary>
/// <param name="Key">Without a leading slash; with a trailing one it is a prefix, and empty it is the whole bucket.</param>
public readonly record struct S3Address(string Bucket, string Key)
{
    /// <summary>What such an address begins with.</summary>
    public const string Scheme = "s3://";

    /// <summary>Whether it stands for all objects below it.</summary>
    public bool IsPrefix => Key.Length == 0 || Key.EndsWith('/');

    /// <summary>The last name of the key.</summary>
    public string Name => Key.TrimEnd('/') is var key ? key[(key.LastIndexOf('/') + 1)..] : "";

    public static bool Is(string text) => text.StartsWith(Scheme, StringComparison.Ordinal);

    /// <summary>Reads an address.</summary>
    /// <param name="problem">What is wrong and how to mend it; null exactly when there is an address.</param>
    public static S3Address? Parse(string text, out string? problem)
    {
        problem = null;
        var rest = Is(text) ? text.AsSpan(Scheme.Length) : [];
        var slash = rest.IndexOf('/');
        var bucket = slash < 0 ? rest : rest[..slash];
        var key = slash < 0 ? "" : rest[(slash + 1)..].ToString();
        if (bucket.Length == 0 || key.StartsWith('/') || key.Contains("//", StringComparison.Ordinal))
        {
            problem = $"`{text}` is no address of S3; write s3://bucket/key, or s3://bucket/prefix/ for several objects";
            return null;
        }

        return new S3Address(bucket.ToString(), key);
    }

    /// <summary>An object or a prefix below this prefix.</summary>
    public S3Address Below(string relative) =>
        this with
        {
            Key = Key.Length == 0 || Key.EndsWith('/') ? Key + relative : $"{Key}/{relative}",
        };

    public override string ToString() => $"{Scheme}{Bucket}/{Key}";
}
