using Signalbox.Engine.Projects;
using Signalbox.Engine.Tests.PipelineFiles;

namespace Signalbox.Engine.Tests.Projects;

public sealed class ConnectionTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private Project Open(string connections)
    {
        _folder.Write("signalbox.yaml", $"connections:\n{connections}");
        var opened = Project.Open(_folder.Path);
        Assert.Empty(opened.Problems.Select(problem => problem.ToString()));
        return opened.Project!;
    }

    private string Problem(string connection)
    {
        _folder.Write("signalbox.yaml", $"connections:\n  {connection}\n");
        var opened = Project.Open(_folder.Path);
        Assert.Null(opened.Project);
        return Assert.Single(opened.Problems).ToString();
    }

    [Fact]
    public void What_nobody_may_read_in_the_logs_of_a_task_is_also_the_password_of_its_database()
    {
        File.SetUnixFileMode(
            _folder.Write(".signalbox/secrets/warehouse", "postgresql://etl:b%40dly-kept@db:5433/w"),
            UnixFileMode.UserRead | UnixFileMode.UserWrite
        );
        var project = Open(
            """
              hidden: { postgres: "secret:warehouse" }
              plain: { postgres: "postgresql://etl:in-the-file@db:5433/w" }
              nobody: { postgres: "postgresql://db:5433/w" }

            """
        );
        string[] SecretsOf(string connection) =>
            [.. project.SecretsOf(Yaml.Task($"load: {{ query: select 1, into: {connection}.users, mode: replace_table }}"))];
        Assert.Equal(["postgresql://etl:b%40dly-kept@db:5433/w", "b%40dly-kept", "b@dly-kept"], SecretsOf("hidden"));
        Assert.Equal(["in-the-file"], SecretsOf("plain"));
        Assert.Empty(SecretsOf("nobody"));
        Assert.Equal(["in-the-file"], project.SecretsOf(Yaml.Task("wait_for: { sql: select 1, connection: plain }")));
    }

    [Fact]
    [Trait("Requirement", "S195")]
    [Trait("Requirement", "S198")]
    public void Each_kind_is_read()
    {
        var project = Open(
            """
              lake: { s3: { endpoint: "http://127.0.0.1:9000", region: eu-west-1, access_key: secret:a, secret_key: secret:b, bucket: x, conditional: false, layout: plain } }
              amazon: { s3: {} }
              warehouse: { postgres: "postgresql+psycopg2://etl:p%40w@db:5433/w" }
              hidden: { postgres: "secret:warehouse" }
              local: { sqlite: data/local.db }
              duck: { duckdb: /var/duck.db }
              flags: { redis: "redis://:pw@localhost:6379/1" }

            """
        );
        var lake = Assert.IsType<Connection.S3>(project.Connections["lake"]);
        Assert.Equal(
            ("lake", new Uri("http://127.0.0.1:9000"), "eu-west-1", true),
            (lake.Name, lake.Endpoint, lake.Region, lake.PathStyle)
        );
        Assert.Equal(("secret:a", "secret:b", "x"), (lake.AccessKey!.Written, lake.SecretKey!.Written, lake.Bucket));
        Assert.Equal((false, ObjectLayout.Plain), (lake.Conditional, lake.Layout));
        Assert.Equal(new Connection.S3("amazon"), project.Connections["amazon"]);
        Assert.Equal("us-east-1", ((Connection.S3)project.Connections["amazon"]).Region);
        Assert.Equal("secret:warehouse", Assert.IsType<Connection.Postgres>(project.Connections["hidden"]).Address.Written);
        Assert.Equal(
            "postgresql+psycopg2://etl:p%40w@db:5433/w",
            Assert.IsType<Connection.Postgres>(project.Connections["warehouse"]).Address.Written
        );
        Assert.Equal(Path.Combine(_folder.Path, "data/local.db"), Assert.IsType<Connection.Sqlite>(project.Connections["local"]).Path);
        Assert.Equal("/var/duck.db", Assert.IsType<Connection.DuckDb>(project.Connections["duck"]).Path);
        Assert.Equal("redis://:pw@localhost:6379/1", Assert.IsType<Connection.Redis>(project.Connections["flags"]).Address.Written);
    }

    [Fact]
    [Trait("Requirement", "S62")]
    public void A_secret_is_asked_for_when_it_is_used_and_is_never_shown()
    {
        var project = Open("  w: { postgres: secret:later }\n  x: { postgres: \"postgresql://u:hush@h/d\" }\n");
        var address = ((Connection.Postgres)project.Connections["w"]).Address;
        Assert.Contains("there is no secret `later`", address.Resolve(project.Secrets).Problem, StringComparison.Ordinal);
        var path = _folder.Write(".signalbox/secrets/later", "postgresql://u:p@h/d\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead);
        }

        Assert.Equal("postgresql://u:p@h/d", address.Resolve(project.Secrets).Value);
        Assert.Equal("secret:later", address.ToString());
        Assert.DoesNotContain("hush", project.Connections["x"].ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(
        "a: { mysql: x }",
        "signalbox.yaml:2:8: unknown key `mysql` in a connection; its keys are s3, postgres, sqlite, duckdb, redis, mlflow"
    )]
    [InlineData("a: { sqlit: x }", "signalbox.yaml:2:8: unknown key `sqlit`; did you mean `sqlite`?")]
    [InlineData("a: {}", "signalbox.yaml:2:6: a connection needs one of s3, postgres, sqlite, duckdb, redis, mlflow, kafka")]
    [InlineData(
        "a: { sqlite: x, duckdb: y }",
        "signalbox.yaml:2:19: a connection has one of s3, postgres, sqlite, duckdb, redis, mlflow, kafka, not `sqlite` and `duckdb`"
    )]
    [InlineData("a: { postgres: mysql://h/d }", "signalbox.yaml:2:18: an address of PostgreSQL is postgresql://")]
    [InlineData("a: { postgres: postgresql://h }", "signalbox.yaml:2:18: an address of PostgreSQL is postgresql://")]
    [InlineData("a: { postgres: db.sqlite }", "signalbox.yaml:2:18: an address of PostgreSQL is postgresql://")]
    [InlineData("a: { redis: localhost:6379 }", "signalbox.yaml:2:15: an address of Redis is redis://host:port/database")]
    [InlineData("a: { redis: redis://h/zero }", "signalbox.yaml:2:15: an address of Redis is redis://host:port/database")]
    [InlineData(
        "a: { s3: { endpoint: localhost:9000 } }",
        "signalbox.yaml:2:24: `endpoint` must be an address such as http://127.0.0.1:9000, not `localhost:9000`"
    )]
    [InlineData("a: { s3: { access_key: x } }", "signalbox.yaml:2:14: `access_key` and `secret_key` go together: give both or none")]
    [InlineData("a: { s3: { conditional: maybe } }", "signalbox.yaml:2:27: `conditional` must be auto, true or false, not `maybe`")]
    [InlineData("a: { s3: { layout: flat } }", "signalbox.yaml:2:22: `layout` must be one of versions, plain, not `flat`")]
    [InlineData("a b: { sqlite: x }", "signalbox.yaml:2:3: `a b` is no name: a name has only")]
    public void A_mistake_has_its_place(string connection, string expected) =>
        Assert.StartsWith(expected, Problem(connection), StringComparison.Ordinal);

    [Fact]
    public void A_bucket_finds_its_connection_or_is_told_what_to_write()
    {
        Assert.Equal("a", Open("  a: { s3: {} }\n  w: { sqlite: x }\n").S3For("any", out _)!.Name);
        var several = Open("  a: { s3: {} }\n  b: { s3: {} }\n  c: { s3: { bucket: own } }\n");
        Assert.Equal("b", several.S3For("b", out _)!.Name);
        Assert.Equal("c", several.S3For("own", out var none)!.Name);
        Assert.Null(none);
        Assert.Null(several.S3For("other", out var problem));
        Assert.Equal("`a`, `b` could all be for s3://other; write `bucket: other` under the s3 of the one that is", problem);
        Assert.Null(Open("  c: { s3: { bucket: own } }\n").S3For("other", out problem));
        Assert.StartsWith(
            "no connection is for s3://other; write in signalbox.yaml: connections: { other: {",
            problem,
            StringComparison.Ordinal
        );
    }
}
