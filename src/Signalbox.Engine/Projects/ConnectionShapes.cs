using System.Text.Json.Nodes;
using Signalbox.Engine.PipelineFiles.Shapes;
using Signalbox.Engine.PipelineFiles.Yaml;

namespace Signalbox.Engine.Projects;

/// <summary>What may stand under <c>connections:</c>.</summary>
internal static class ConnectionShapes
{
    private static readonly string[] Kinds = ["s3", "postgres", "sqlite", "duckdb", "redis", "mlflow", "kafka"];

    private static readonly Shape<Draft> S3 = new MappingShape<S3Draft>(
        "s3_connection",
        "`s3`",
        () => new S3Draft(),
        new Field<S3Draft, string>(
            "endpoint",
            Scalars.Form(
                "an address such as http://127.0.0.1:9000",
                "^https?://[^/]+/?$",
                text => Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri is { Scheme: "http" or "https", PathAndQuery: "/" }
            ),
            (d, v) => d.Endpoint = v,
            "The address of the server. Unstated: Amazon's own of the region."
        )
        {
            Examples = ["\"http://127.0.0.1:9000\""],
        },
        new Field<S3Draft, string>("region", Scalars.Text, (d, v) => d.Region = v, "The region that requests are signed for.")
        {
            Default = "\"us-east-1\"",
        },
        new Field<S3Draft, bool>(
            "path_style",
            Scalars.Boolean,
            (d, v) => d.PathStyle = v,
            "Whether the bucket stands in the path of an address and not in its host name. Unstated: true with `endpoint`, false without it."
        ),
        new Field<S3Draft, string>(
            "access_key",
            Scalars.Text,
            (d, v) => d.AccessKey = v,
            "Who asks; a text or secret:NAME. Unstated: found where Amazon's own tools look (environment, profile, machine)."
        )
        {
            Examples = ["\"secret:lake_access\""],
        },
        new Field<S3Draft, string>(
            "secret_key",
            Scalars.Text,
            (d, v) => d.SecretKey = v,
            "The key that requests are signed with; a text or, better, secret:NAME. Goes with `access_key`."
        )
        {
            Examples = ["\"secret:lake_secret\""],
        },
        new Field<S3Draft, string>(
            "bucket",
            Scalars.Text,
            (d, v) => d.Bucket = v,
            "The only bucket that this connection is for. Unstated: every bucket that no other connection is for."
        ),
        new Field<S3Draft, string>(
            "conditional",
            Scalars.Form("auto, true or false", "^(auto|true|false)$", text => text is "auto" or "true" or "false"),
            (d, v) => d.Conditional = v,
            "Whether the server honours conditional writes (If-Match, If-None-Match); auto asks it once."
        )
        {
            Default = "\"auto\"",
        },
        new Field<S3Draft, string>(
            "layout",
            Scalars.Choice(typeof(ObjectLayout), i => WordOf((ObjectLayout)i)),
            (d, v) => d.Layout = v,
            "How outputs of several objects lie: each version under a prefix of its own with a pointer (versions), or at plain paths (plain)."
        )
        {
            Default = "\"versions\"",
        }
    )
    {
        Rules = schema =>
            schema["dependentRequired"] = new JsonObject
            {
                ["access_key"] = new JsonArray("secret_key"),
                ["secret_key"] = new JsonArray("access_key"),
            },
    }.To((draft, node, reading) => OfS3(draft, node, reading));

    private static readonly Shape<Connecting> One = new MappingShape<Draft>(
        "connection",
        "a connection",
        () => new Draft(),
        new Field<Draft, Draft>("s3", S3, (d, v) => d.Make = v.Make, "S3, or whatever speaks it: outputs at s3://bucket/key go there."),
        new Field<Draft, string>(
            "postgres",
            Scalars.Text.To((text, node, reading) => Address(text, node, reading, PostgresProblem)),
            (d, v) => d.Make = (name, _) => new Connection.Postgres(name, new SecretText(v)),
            "A PostgreSQL database: postgresql://user:password@host:port/database, or secret:NAME."
        )
        {
            Examples = ["\"postgresql://etl@localhost:5432/warehouse\"", "\"secret:warehouse\""],
        },
        new Field<Draft, string>(
            "sqlite",
            Scalars.Text,
            (d, v) => d.Make = (name, folder) => new Connection.Sqlite(name, Path.GetFullPath(v, folder)),
            "A SQLite file, relative to the project folder."
        )
        {
            Examples = ["\"data/local.db\""],
        },
        new Field<Draft, string>(
            "duckdb",
            Scalars.Text,
            (d, v) => d.Make = (name, folder) => new Connection.DuckDb(name, Path.GetFullPath(v, folder)),
            "A DuckDB file, relative to the project folder."
        )
        {
            Examples = ["\"data/local.duckdb\""],
        },
        new Field<Draft, string>(
            "redis",
            Scalars.Text.To((text, node, reading) => Address(text, node, reading, RedisProblem)),
            (d, v) => d.Make = (name, _) => new Connection.Redis(name, new SecretText(v)),
            "A Redis server: redis://user:password@host:port/database, or secret:NAME."
        )
        {
            Examples = ["\"redis://localhost:6379/0\""],
        },
        new Field<Draft, string>(
            "mlflow",
            Scalars.Text.To((text, node, reading) => Address(text, node, reading, MlFlowProblem)),
            (d, v) => d.Make = (name, _) => new Connection.MlFlow(name, new SecretText(v)),
            "An MLflow server, told of the models whose outputs name it: http://host:port, or secret:NAME."
        )
        {
            Examples = ["\"http://localhost:5000\""],
        },
        new Field<Draft, KafkaDraft>(
            "kafka",
            KafkaShape.Shape,
            (d, v) => d.Make = v.Make,
            "A Kafka cluster: its brokers as host:port, or a mapping with who signs in."
        )
        {
            Examples =
            [
                "\"localhost:9092\"",
                "{\"brokers\": \"broker:9093\", \"tls\": true, \"user\": \"etl\", \"password\": \"secret:bus\"}",
            ],
        }
    )
    {
        Rules = schema => (schema["minProperties"], schema["maxProperties"]) = (1, 1),
    }.To((draft, node, reading) => Single(draft, (YamlMapping)node, reading));

    public static readonly Shape<Named<Connecting>[]> All = new NamesShape<Connecting>(
        One,
        "a mapping from names to connections",
        Scalars.SlugPattern,
        Core.Slug.Problem
    );

    /// <summary>The word of a layout.</summary>
    public static string WordOf(ObjectLayout layout) => layout == ObjectLayout.Plain ? "plain" : "versions";

    /// <summary>Why a text is no address of PostgreSQL; null when it is one.</summary>
    public static string? PostgresProblem(string text)
    {
        var address = DatabaseAddress.Parse(text, "/", out var problem);
        return address is { IsPostgres: true } ? null
            : text.StartsWith("postgres", StringComparison.Ordinal) && problem is not null ? problem
            : "an address of PostgreSQL is postgresql://user:password@host:port/database";
    }

    /// <summary>Why a text is no address of Redis; null when it is one.</summary>
    public static string? RedisProblem(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri)
        && uri is { Scheme: "redis" or "rediss", Host.Length: > 0 }
        && (uri.AbsolutePath is "" or "/" || uint.TryParse(uri.AbsolutePath.AsSpan(1), out _))
            ? null
            : "an address of Redis is redis://host:port/database, the database a number; with a password redis://user:password@host:port/0";

    /// <summary>Why a text is no address of an MLflow server; null when it is one.</summary>
    public static string? MlFlowProblem(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri)
        && uri is { Scheme: "http" or "https", Host.Length: > 0, Query: "", Fragment: "" }
            ? null
            : "an address of MLflow is http://host:port, with a password http://user:password@host:port";

    private static string? Address(string text, YamlNode node, Reading reading, Func<string, string?> problemOf)
    {
        if (Secrets.NameIn(text) is null && problemOf(text) is { } problem)
        {
            reading.Error(node, "wrong-value", problem);
            return null;
        }

        return text;
    }

    private static Draft? OfS3(S3Draft draft, YamlNode node, Reading reading)
    {
        if (draft.AccessKey is null != draft.SecretKey is null)
        {
            var given = draft.AccessKey is null ? "secret_key" : "access_key";
            if (((YamlMapping)node).Find(given) is { } entry)
            {
                reading.Error(entry.Key, "missing-key", "`access_key` and `secret_key` go together: give both or none");
            }

            return null;
        }

        return new Draft
        {
            Make = (name, _) =>
                new Connection.S3(name)
                {
                    Endpoint = draft.Endpoint is { } endpoint ? new Uri(endpoint) : null,
                    Region = draft.Region ?? Connection.S3.DefaultRegion,
                    PathStyle = draft.PathStyle ?? draft.Endpoint is not null,
                    AccessKey = draft.AccessKey is { } access ? new SecretText(access) : null,
                    SecretKey = draft.SecretKey is { } secret ? new SecretText(secret) : null,
                    Bucket = draft.Bucket,
                    Conditional = draft.Conditional is null or "auto" ? null : draft.Conditional == "true",
                    Layout = draft.Layout == "plain" ? ObjectLayout.Plain : ObjectLayout.Versions,
                },
        };
    }

    private static Connecting? Single(Draft draft, YamlMapping node, Reading reading)
    {
        var known = node.Entries.Where(entry => Kinds.Contains(entry.Key.Text)).ToArray();
        if (known.Length > 1)
        {
            reading.Error(
                known[1].Key,
                "two-kinds",
                $"a connection has one of {string.Join(", ", Kinds)}, not `{known[0].Key.Text}` and `{known[1].Key.Text}`"
            );
        }
        else if (known.Length == 0 && node.Entries.Count == 0)
        {
            reading.Error(node, "missing-key", $"a connection needs one of {string.Join(", ", Kinds)}");
        }

        return known.Length == 1 && draft.Make is { } make ? new Connecting(make) : null;
    }

    /// <summary>A connection that does not know yet what it is called, nor the folder from which paths go.</summary>
    internal sealed record Connecting(Func<string, string, Connection> Make);

    private sealed class Draft
    {
        public Func<string, string, Connection>? Make { get; set; }
    }

    private sealed class S3Draft
    {
        public string? Endpoint { get; set; }

        public string? Region { get; set; }

        public bool? PathStyle { get; set; }

        public string? AccessKey { get; set; }

        public string? SecretKey { get; set; }

        public string? Bucket { get; set; }

        public string? Conditional { get; set; }

        public string? Layout { get; set; }
    }
}
