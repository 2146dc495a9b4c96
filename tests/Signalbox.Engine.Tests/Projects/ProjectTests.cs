using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Engine.PipelineFiles;
using Signalbox.Engine.Projects;
using Signalbox.Engine.Tests.PipelineFiles;

namespace Signalbox.Engine.Tests.Projects;

public sealed class ProjectTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private Project Open(string? yaml)
    {
        if (yaml is not null)
        {
            _folder.Write("signalbox.yaml", yaml);
        }

        var opened = Project.Open(_folder.Path);
        Assert.Empty(opened.Problems.Select(problem => problem.ToString()));
        return opened.Project!;
    }

    private string[] Problems(string yaml)
    {
        _folder.Write("signalbox.yaml", yaml);
        var opened = Project.Open(_folder.Path);
        Assert.Null(opened.Project);
        return [.. opened.Problems.Select(problem => problem.ToString())];
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("# nothing\n")]
    [InlineData("---\n")]
    [InlineData("{}\n")]
    [InlineData("database: sqlite\nmax_active_tasks: 16\n")]
    public void Every_key_may_be_left_out(string? yaml)
    {
        var project = Open(yaml);
        Assert.Equal(Path.Combine(_folder.Path, ".signalbox", "signalbox.db"), project.Database.Value);
        Assert.Equal(16, project.MaxActiveTasks);
        Assert.Equal("default=128", string.Join(' ', project.Pools.Select(pool => $"{pool.Key}={pool.Value}")));
    }

    [Fact]
    public void The_inbox_keeps_messages_for_as_long_as_a_delivery_may_be_repeated_or_longer()
    {
        Assert.Equal(TimeSpan.FromDays(30), Open("").Inbox.Keep);
        Assert.Equal(TimeSpan.FromDays(7), Open("inbox: { keep: 7d }\n").Inbox.Keep);
        Assert.StartsWith("signalbox.yaml:1:", Assert.Single(Problems("inbox: { keep: 1h }\n")), StringComparison.Ordinal);
    }

    [Fact]
    public void Defaults_of_the_project_are_under_those_of_the_pipeline_and_those_under_the_task()
    {
        var project = Open("defaults: { retries: 1, pool: slow, timeout: 1h, env: { A: p, B: p, C: p } }\n");
        _folder.Write(
            "pipelines/a.yaml",
            """
            pipeline: a
            defaults: { retries: 2, env: { B: f, C: f } }
            tasks:
              t: { run: echo, env: { C: t } }
              u: { run: echo, retries: 0, timeout: 5m }
            """
        );
        var tasks = project.OpenPipelines().Load().Pipelines[0].Pipeline.Tasks;
        Assert.Equal((2, "slow", TimeSpan.FromHours(1)), (tasks[0].Retry.Retries, tasks[0].Pool, tasks[0].Timeout));
        Assert.Equal(["A=p", "B=f", "C=t"], tasks[0].Env.Select(pair => $"{pair.Key}={pair.Value}"));
        Assert.Equal((0, TimeSpan.FromMinutes(5)), (tasks[1].Retry.Retries, tasks[1].Timeout));
    }

    [Fact]
    public void Pools_are_joined_to_the_default_one()
    {
        var project = Open("pools: { gpu: 1, default: 8 }\nmax_active_tasks: 4\n");
        Assert.Equal("default=8 gpu=1", string.Join(' ', project.Pools.Select(pool => $"{pool.Key}={pool.Value}")));
        Assert.Equal(4, project.MaxActiveTasks);
    }

    [Fact]
    [Trait("Requirement", "S74")]
    public void The_slots_of_a_pool_may_be_devices()
    {
        var project = Open("pools: { gpu: 3, big: [7, GPU-8932f937-d72c, MIG-1/2/3], warehouse: 4 }\n");
        Assert.Equal("big=3 default=128 gpu=3 warehouse=4", string.Join(' ', project.Pools.Select(pool => $"{pool.Key}={pool.Value}")));
        Assert.Equal(
            "big=7,GPU-8932f937-d72c,MIG-1/2/3 gpu=0,1,2",
            string.Join(' ', project.Devices.Select(pool => $"{pool.Key}={string.Join(',', pool.Value)}"))
        );
    }

    [Theory]
    [InlineData("pools: { gpu: [0, 2, 0] }", "1:15: `gpu` has device 0 twice; a device is one slot: leave one of the two out")]
    [InlineData(
        "pools: { gpu: 4, big: [4, 3] }",
        "1:18: device 3 is in pool gpu and in pool big; a device is in one pool: list those of pool gpu without it, or leave it out here"
    )]
    [InlineData("pools: { gpu: [] }", "1:15: `gpu` must be a list of devices, not an empty list")]
    [InlineData(
        "pools: { gpu: [01] }",
        "1:16: `gpu[0]` must be the number or the id of a device, such as 0 or GPU-8932f937-d72c-4106-c12f-20bd9faed9f6, not `01`"
    )]
    [InlineData("pools: { gpu: many }", "1:15: `gpu` must be a whole number from 1 to 1000000, not `many`")]
    public void A_device_is_in_one_pool_once_and_has_a_name(string yaml, string problem) =>
        Assert.Equal($"signalbox.yaml:{problem}", Assert.Single(Problems(yaml)));

    [Theory]
    [InlineData("postgresql://user:pw@host:5433/db", "postgresql://user:pw@host:5433/db", "postgresql://user:***@host:5433/db")]
    [InlineData("postgres://user@host/db", "postgres://user@host/db", "postgres://user@host/db")]
    [InlineData("postgresql+psycopg2://user:p%40w@host/db", "postgresql://user:p%40w@host/db", "postgresql://user:***@host/db")]
    [Trait("Requirement", "S198")]
    public void An_address_of_postgres_is_written_as_sqlalchemy_has_it(string written, string value, string shown)
    {
        var project = Open($"database: {written}\n");
        Assert.Equal((value, shown), (project.Database.Value, project.Database.ToString()));
        Assert.True(project.Database.IsPostgres);
    }

    [Theory]
    [InlineData("./state.db", "state.db")]
    [InlineData("sqlite:///data/state.db", "data/state.db")]
    public void A_path_of_sqlite_goes_from_the_project(string written, string expected) =>
        Assert.Equal(Path.Combine(_folder.Path, expected), Open($"database: {written}\n").Database.Value);

    [Fact]
    public void A_path_from_the_root_stays() => Assert.Equal("/var/x.db", Open("database: sqlite:////var/x.db\n").Database.Value);

    [Fact]
    public void The_address_may_be_a_secret()
    {
        Secret("db", "postgresql://u:p@h/d\n");
        Assert.Equal("postgresql://u:p@h/d", Open("database: secret:db\n").Database.Value);
    }

    [Theory]
    [InlineData("databse: sqlite", "signalbox.yaml:1:1: unknown key `databse`; did you mean `database`?")]
    [InlineData(
        "database: postgress",
        "signalbox.yaml:1:11: `postgress` is no database; write sqlite, a path such as ./state.db, or postgresql://"
    )]
    [InlineData("database: mysql://a@b/c", "signalbox.yaml:1:11: there is no database `mysql`")]
    [InlineData(
        "database: postgresql://host",
        "signalbox.yaml:1:11: an address of PostgreSQL is postgresql://user:password@host:port/database"
    )]
    [InlineData("database: secret:nope", "signalbox.yaml:1:11: there is no secret `nope`; set SIGNALBOX_SECRET_NOPE for signalbox")]
    [InlineData("pools: { gpu: 0 }", "signalbox.yaml:1:15: `gpu` must be a whole number from 1 to 1000000, not `0`")]
    [InlineData(
        "pools: [gpu]",
        "signalbox.yaml:1:8: `pools` must be a mapping from names of pools to their slots, or to lists of devices, not a list"
    )]
    [InlineData("max_active_tasks: many", "signalbox.yaml:1:19: `max_active_tasks` must be a whole number from 1 to 10000, not `many`")]
    [InlineData("- a", "signalbox.yaml:1:1: `the file` must be a mapping")]
    [InlineData("a: [", "signalbox.yaml:1:5: this is not YAML")]
    public void A_mistake_has_its_place(string yaml, string expected) =>
        Assert.StartsWith(expected, Assert.Single(Problems(yaml)), StringComparison.Ordinal);

    [Fact]
    public void The_project_is_the_folder_told_or_the_nearest_with_settings_or_the_current_one()
    {
        var inner = Directory.CreateDirectory(Path.Combine(_folder.Path, "a b", "ç")).FullName;
        Assert.Equal(inner, Project.Find(null, inner).Project!.Folder);
        _folder.Write("a b/signalbox.yaml", "");
        Assert.Equal(Path.GetDirectoryName(inner), Project.Find(null, inner).Project!.Folder);
        Assert.Equal(_folder.Path, Project.Find("../..", inner).Project!.Folder);
        Assert.Equal(inner, Project.Find(inner, "/").Project!.Folder);
        Assert.Equal("x:1:1: there is no such folder; `signalbox init` makes a project", Project.Find("x", inner).Problems[0].ToString());
        Assert.Contains("this is a file", Project.Find("a b/signalbox.yaml", _folder.Path).Problems[0].Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_state_folder_is_its_owners_and_is_not_for_git()
    {
        var project = Open(null);
        Assert.False(Directory.Exists(project.StateFolder));
        project.CreateState();
        project.CreateState();
        Assert.Equal("*\n", File.ReadAllText(Path.Combine(project.StateFolder, ".gitignore")));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(
                UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute,
                File.GetUnixFileMode(project.StateFolder)
            );
        }
    }

    [Fact]
    [Trait("Requirement", "S62")]
    public void The_secret_of_a_database_that_is_loaded_into_is_asked_for_before_the_first_task_too()
    {
        var project = Open("connections: { warehouse: { postgres: secret:warehouse_address } }\n");
        var pipeline = Yaml.Good(
            "pipeline: p\ntasks:\n  a: { run: x }\n  b: { needs: [a], load: { from: a.csv, into: warehouse.t, mode: replace_table } }\n  c: { wait_for: { sql: select 1, connection: warehouse } }\n"
        );
        var missing = project.MissingSecrets(pipeline);
        Assert.Equal(["tasks.b.load.into", "tasks.c.wait_for.connection"], missing.Select(one => one.Path));
        Assert.StartsWith("connection `warehouse`: there is no secret `warehouse_address`;", missing[0].Message, StringComparison.Ordinal);
        Secret("warehouse_address", "postgres://u@127.0.0.1/db");
        Assert.Empty(project.MissingSecrets(pipeline));
    }

    [Fact]
    [Trait("Requirement", "S62")]
    public void A_missing_secret_is_known_before_the_first_task_with_its_field()
    {
        var project = Open(null);
        Secret("api_key", "s3cr3t\n");
        var pipeline = Yaml.Good(
            "pipeline: p\ntasks:\n  a: { run: x, env: { K: secret:api_key } }\n  b: { run: x, env: { L: secret:other, M: plain } }\n"
        );
        var missing = Assert.Single(project.Secrets.Missing(pipeline));
        Assert.Equal(("missing-secret", Severity.Error, "tasks.b.env.L"), (missing.Code, missing.Severity, missing.Path));
        Assert.Equal(
            "there is no secret `other`; set SIGNALBOX_SECRET_OTHER for signalbox, or write the value to .signalbox/secrets/other with mode 600, or keep it with `signalbox secrets set other`",
            missing.Message
        );
    }

    [Fact]
    public void A_secret_is_a_variable_or_a_file_that_only_its_owner_reads()
    {
        var project = Open(null);
        Secret("from_file", "line 1\nline 2\n");
        Assert.Equal("line 1\nline 2", project.Secrets.Resolve("from_file").Value);
        var variable = $"t{Guid.NewGuid():N}";
        Environment.SetEnvironmentVariable(TaskEnvironment.Secret(variable), "from the environment");
        Assert.Equal("from the environment", project.Secrets.Resolve(variable).Value);
        Environment.SetEnvironmentVariable(TaskEnvironment.Secret(variable), null);
        Assert.Equal("***", project.Secrets.Resolve("from_file").ToString());

        Secret("open", "x");
        SetMode(Path.Combine(project.StateFolder, "secrets", "open"), UnixFileMode.UserRead | UnixFileMode.OtherRead);
        Assert.Equal(
            "the secret `open` can be read by others; run: chmod 600 .signalbox/secrets/open",
            project.Secrets.Resolve("open").Problem
        );
        Secret("empty", "\n");
        Assert.Equal("the secret `empty` is empty", project.Secrets.Resolve("empty").Problem);
        Assert.StartsWith("`secret:../x` names no secret", project.Secrets.Resolve("../x").Problem, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Requirement", "S7")]
    public void A_new_project_is_whole_and_without_a_problem()
    {
        var (written, kept) = ProjectTemplate.WriteTo(_folder.Path);
        Assert.Equal(["pipelines/readings.yaml", "scripts/read.py", "scripts/summary.py", "signalbox.yaml"], written);
        Assert.Empty(kept);
        var project = Open(null);
        var set = project.OpenPipelines().Load();
        Assert.Empty(set.Problems.Select(problem => problem.ToString()));
        Assert.Equal(["read", "summary", "report"], set.Pipelines[0].Pipeline.Tasks.Select(task => task.Name.Value));
    }

    [Fact]
    public void A_file_that_is_there_is_kept()
    {
        _folder.Write("signalbox.yaml", "max_active_tasks: 3\n");
        var (written, kept) = ProjectTemplate.WriteTo(_folder.Path);
        Assert.Equal(3, written.Length);
        Assert.Equal("signalbox.yaml:1:1: warning: the file is there already and stays as it is", Assert.Single(kept).ToString());
        Assert.Equal(3, Open(null).MaxActiveTasks);
    }

    private void Secret(string name, string value)
    {
        var path = _folder.Write($".signalbox/secrets/{name}", value);
        SetMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    private static void SetMode(string path, UnixFileMode mode)
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, mode);
        }
    }
}
