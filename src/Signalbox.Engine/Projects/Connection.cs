using System.Collections.Immutable;

namespace Signalbox.Engine.Projects;

/// <summary>A place outside the project that outputs go to, under a name: an entry of <c>connections:</c> in <c>signalbox.yaml</c>.</summary>
public abstract record Connection
{
    private Connection(string name) => Name = name;

    /// <summary>The name that the project gives it; a name by <c>Slug</c>.</summary>
    public string Name { get; }

    /// <summary>S3, or whatever speaks it.</summary>
    public sealed record S3(string Name) : Connection(Name)
    {
        /// <summary>The region of connections that name none.</summary>
        public const string DefaultRegion = "us-east-1";

        /// <summary>The address of the server, <c>http://</c> or <c>https://</c>; null is Amazon's own of the region.</summary>
        public Uri? Endpoint { get; init; }

        public string Region { get; init; } = DefaultRegion;

        /// <summary>
        /// Whether the bucket stands in the path of an address and not in its host name. Unless stated: yes with an endpoint, no without one.
        /// </summary>
        public bool PathStyle { get; init; }

        /// <summary>Null: the credentials are found where Amazon's own tools look for them (environment, profile, machine).</summary>
        public SecretText? AccessKey { get; init; }

        /// <summary>Null exactly when <see cref="AccessKey"/> is.</summary>
        public SecretText? SecretKey { get; init; }

        /// <summary>The only bucket that this connection is for; null is all that no other connection is for.</summary>
        public string? Bucket { get; init; }

        /// <summary>Whether the server honours conditional writes (<c>If-Match</c>, <c>If-None-Match</c>); null is found out by asking it.</summary>
        public bool? Conditional { get; init; }

        /// <summary>How outputs of several objects lie. Default <see cref="ObjectLayout.Versions"/>.</summary>
        public ObjectLayout Layout { get; init; } = ObjectLayout.Versions;
    }

    /// <summary>A PostgreSQL database.</summary>
    /// <param name="Address">As <see cref="DatabaseAddress"/> reads it; checked when the project is opened unless it is a secret.</param>
    public sealed record Postgres(string Name, SecretText Address) : Connection(Name);

    /// <summary>A SQLite file.</summary>
    /// <param name="Path">The full path.</param>
    public sealed record Sqlite(string Name, string Path) : Connection(Name);

    /// <summary>A DuckDB file.</summary>
    /// <param name="Path">The full path.</param>
    public sealed record DuckDb(string Name, string Path) : Connection(Name);

    /// <summary>A Redis server.</summary>
    /// <param name="Address"><c>redis://[user:password@]host[:port][/database]</c>, or <c>rediss://</c>.</param>
    public sealed record Redis(string Name, SecretText Address) : Connection(Name);

    /// <summary>An MLflow server, whose registry of models is told of versions and aliases.</summary>
    /// <param name="Address"><c>http://[user:password@]host[:port][/path]</c>, or <c>https://</c>.</param>
    public sealed record MlFlow(string Name, SecretText Address) : Connection(Name);

    /// <summary>A Kafka cluster.</summary>
    /// <param name="Brokers">Where it is asked first: <c>host:port</c>, several separated by commas.</param>
    public sealed record Kafka(string Name, string Brokers) : Connection(Name)
    {
        /// <summary>The mechanism of connections that name a user and no mechanism.</summary>
        public const string DefaultMechanism = "SCRAM-SHA-256";

        /// <summary>Whether the connection is encrypted. Default no.</summary>
        public bool Tls { get; init; }

        /// <summary>Who signs in by SASL; null: nobody.</summary>
        public string? User { get; init; }

        public SecretText? Password { get; init; }

        /// <summary>The SASL mechanism.</summary>
        public string Mechanism { get; init; } = DefaultMechanism;

        /// <summary>Further settings of librdkafka by their own names, e.g. <c>ssl.ca.location</c>.</summary>
        public ImmutableSortedDictionary<string, string> Options { get; init; } = ImmutableSortedDictionary<string, string>.Empty;
    }
}

/// <summary>How an output of several objects lies in a bucket.</summary>
public enum ObjectLayout
{
    /// <summary>Each version under a prefix of its own, and a pointer that is written last: readers of the pointer see one whole version.</summary>
    Versions,

    /// <summary>The objects at the paths that readers know who know nothing of versions; a manifest is written last.</summary>
    Plain,
}
