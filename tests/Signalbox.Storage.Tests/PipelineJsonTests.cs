using System.Collections;
using System.Collections.Immutable;
using System.Reflection;
using System.Text.Json;
using Signalbox.Core.Approvals;
using Signalbox.Core.Checks;
using Signalbox.Core.Definitions;
using Signalbox.Core.Retry;
using Signalbox.Core.Time;
using Signalbox.Core.Triggers;

namespace Signalbox.Storage.Tests;

public sealed class PipelineJsonTests
{
    [Fact]
    public void A_pipeline_with_everything_comes_back_as_it_was()
    {
        var read = PipelineJson.Read(PipelineJson.Write(Full));

        // The runtime's own serializer sees every property, whatever PipelineJson knows of.
        Assert.Equal(JsonSerializer.Serialize(Full), JsonSerializer.Serialize(read));
        Assert.Equal(PipelineJson.Write(Full), PipelineJson.Write(read));
    }

    [Fact]
    public void The_pipeline_with_everything_has_everything()
    {
        Assert.Empty(Unset(Full, new Pipeline { Name = default, Tasks = [] }));
        Assert.Empty(Unset(Full.Params[0], new ParamSpec { Name = "" }));
        Assert.Empty(Unset(Full.Tasks[0], new TaskNode { Name = default, Kind = null! }));
        Assert.Empty(Unset(Full.Tasks[0].Retry, new RetryPolicy()));
        Assert.Empty(Unset(Approval, new ApprovalSpec()));
        Assert.Empty(Unset(Full.Tasks.Single(task => task.Kind is TaskKind.Http).Kind, new TaskKind.Http("GET", "")));
        Assert.Empty(Unset(Full.Tasks[0].Outputs[0], new OutputSpec { Name = "", Path = "" }));
        Assert.Equal(
            Cases(typeof(TaskKind)),
            Full.Tasks.Select(task => task.Kind.GetType().Name).Order(StringComparer.Ordinal).Distinct(StringComparer.Ordinal)
        );
        Assert.Equal(Cases(typeof(TriggerSpec)), Full.Triggers.Select(trigger => trigger.GetType().Name).Order(StringComparer.Ordinal));
        Assert.Equal(
            Cases(typeof(CheckSpec)),
            Full.Tasks[0].Outputs[0].Checks.Select(check => check.GetType().Name).Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public void What_equals_its_default_is_not_written_so_that_a_new_field_changes_no_version()
    {
        var plain = Made.Pipeline("daily", "a");

        Assert.Equal("""{"name":"daily","tasks":[{"name":"a","kind":"noop"}]}""", PipelineJson.Write(plain));
        Assert.Equal(JsonSerializer.Serialize(plain), JsonSerializer.Serialize(PipelineJson.Read(PipelineJson.Write(plain))));
    }

    [Fact]
    public void The_version_is_the_first_twelve_digits_of_the_hash_and_changes_with_every_field()
    {
        var plain = Made.Pipeline("daily", "a");

        Assert.Equal("ae362dace540", PipelineJson.HashOf(plain).Value);
        Assert.NotEqual(PipelineJson.HashOf(plain), PipelineJson.HashOf(plain with { Priority = 1 }));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"name":"a"}""")]
    [InlineData("""{"name":"a","tasks":[{"name":"b"}]}""")]
    [InlineData("""{"name":"a","tasks":[{"name":"b","kind":"future"}]}""")]
    [InlineData("""{"name":"a","tasks":[{"name":"b","kind":"noop","trigger_rule":"maybe"}]}""")]
    [InlineData("""{"name":"a","max_active_runs":"x","tasks":[]}""")]
    [InlineData("""{"name":"a","max_active_runs":99999999999,"tasks":[]}""")]
    public void A_text_that_is_none_is_refused(string text) => Assert.Throws<FormatException>(() => PipelineJson.Read(text));

    public static TheoryData<string> GoldenFiles =>
        [.. Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "Golden"), "*.json").Select(file => Path.GetFileName(file)!)];

    /// <summary>What any version of the program has stored is read for ever, to the same text and the same version.</summary>
    [Theory]
    [MemberData(nameof(GoldenFiles))]
    public void A_stored_definition_is_read_for_ever(string file)
    {
        var text = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Golden", file)).TrimEnd('\n');

        Assert.Equal(Path.GetFileNameWithoutExtension(file), PipelineJson.HashOf(text).Value);
        Assert.Equal(text, PipelineJson.Write(PipelineJson.Read(text)));
    }

    [Fact]
    public void The_pipeline_with_everything_is_among_the_golden_files()
    {
        var text = PipelineJson.Write(Full);
        var file = Path.Combine("Golden", $"{PipelineJson.HashOf(text)}.json");

        Assert.True(File.Exists(Path.Combine(AppContext.BaseDirectory, file)), $"keep the old files, and add {file}:\n{text}");
    }

    private static readonly MessageTrigger[] AllTriggers =
    [
        new MessageTrigger.Webhook
        {
            Name = "hook",
            Bearer = "secret:a",
            HmacSecret = "secret:b",
            MaxPerMinute = 7,
            Params = ImmutableSortedDictionary<string, string>.Empty.Add("key", "{{ body.key }}"),
            Date = "{{ body.day }}",
            IdempotencyKey = "{{ body.id }}",
            Signal = "labels_{{ body.kind }}",
        },
        new MessageTrigger.File("landing/*.csv")
        {
            Name = "file",
            StableFor = TimeSpan.FromSeconds(3),
            MinSize = 5_000_000_000,
            Every = TimeSpan.FromMinutes(2),
        },
        new MessageTrigger.Kafka("bus", "flights")
        {
            Name = "kafka",
            Group = "mine",
            From = QueueStart.Latest,
        },
        new MessageTrigger.Redis("bus", "orders")
        {
            Name = "redis",
            Group = "mine",
            From = QueueStart.Latest,
            Params = ImmutableSortedDictionary<string, string>.Empty,
        },
        new MessageTrigger.Postgres("warehouse", "raw.loads")
        {
            Name = "postgres",
            Cursor = "id",
            Every = TimeSpan.FromSeconds(1),
            Settle = TimeSpan.FromMinutes(1),
            Operations = ["update", "delete"],
        },
        new MessageTrigger.PipelineEnd(new("first")) { Name = "pipeline", On = EndKind.Any },
    ];

    [Fact]
    public void Every_kind_of_message_trigger_comes_back_as_it_was_and_its_defaults_are_not_written()
    {
        Assert.Equal(Cases(typeof(MessageTrigger)), AllTriggers.Select(trigger => trigger.GetType().Name).Order(StringComparer.Ordinal));
        foreach (var trigger in AllTriggers)
        {
            var text = PipelineJson.Write(Made.Pipeline("daily", "a") with { Triggers = [new TriggerSpec.Message(trigger)] });
            var read = Assert.IsType<TriggerSpec.Message>(Assert.Single(PipelineJson.Read(text).Triggers)).Trigger;

            Assert.Equal(JsonSerializer.Serialize<object>(trigger), JsonSerializer.Serialize<object>(read));
        }

        MessageTrigger plain = new MessageTrigger.File("a") { Name = "file" };
        Assert.Contains(
            "\"triggers\":[{\"kind\":\"file\",\"path\":\"a\"}]",
            PipelineJson.Write(Made.Pipeline("daily", "a") with { Triggers = [new TriggerSpec.Message(plain)] }),
            StringComparison.Ordinal
        );
    }

    private static IEnumerable<string> Cases(Type closed) =>
        closed.GetNestedTypes().Select(type => type.Name).Order(StringComparer.Ordinal);

    private static string[] Unset<T>(T full, T fresh) =>
        [
            .. typeof(T)
                .GetProperties(BindingFlags.Public | BindingFlags.Instance)
                .Where(property => property.CanWrite && Same(property.GetValue(full), property.GetValue(fresh)))
                .Select(property => property.Name),
        ];

    private static bool Same(object? a, object? b) => a is IEnumerable many and not string ? !many.Cast<object>().Any() : Equals(a, b);

    private static readonly Pipeline Full = new()
    {
        Name = new("daily_flight_features"),
        Title = "Délais — «features» <b>",
        Description = "line one\nline two",
        Owner = "ml-platform",
        Tags = ["b", "a"],
        Doc = "docs/daily.md",
        Schedules =
        [
            new("15 2 * * *", "Europe/London", "At 02:15, every day"),
            new(null, "Europe/London")
            {
                Name = "often",
                Every = TimeSpan.FromMinutes(10),
                Anchor = new DateTimeOffset(2001, 1, 1, 0, 5, 0, TimeSpan.Zero),
                Jitter = TimeSpan.FromSeconds(30),
                Calendar = new(
                    "business_days",
                    CalendarMode.Exclude,
                    new([DayOfWeek.Monday, DayOfWeek.Friday], [new(2026, 12, 25)], [new(2026, 12, 26)])
                ),
            },
            new(null, "Europe/London") { RRule = "FREQ=MONTHLY;BYDAY=-1FR" },
        ],
        LogicalDate = LogicalDateMode.FireTime,
        Partition = PartitionKind.Month,
        WeekStarts = DayOfWeek.Sunday,
        Dimensions = [new("region", ["eu", "us"]), new("tier", ["free"])],
        Start = new DateTimeOffset(2001, 1, 1, 2, 0, 0, TimeSpan.FromHours(2)).ToUniversalTime(),
        End = new DateTimeOffset(2031, 1, 1, 0, 0, 0, TimeSpan.Zero).AddTicks(1234567),
        CatchUp = CatchUp.All,
        MaxCatchUp = 7,
        Overlap = OverlapPolicy.CancelRunning,
        Blackouts =
        [
            new()
            {
                From = new DateTimeOffset(2026, 12, 24, 0, 0, 0, TimeSpan.Zero),
                To = new DateTimeOffset(2026, 12, 27, 0, 0, 0, TimeSpan.Zero),
                Reason = "holidays",
            },
            new() { Cron = "0 22 * * 5", For = TimeSpan.FromHours(8) },
        ],
        MaxActiveRuns = 1,
        MaxActiveTasks = 2,
        Priority = -3,
        Timeout = TimeSpan.FromHours(50),
        Sla =
        [
            new SlaSpec.By(new TimeOnly(6, 0), "Europe/London"),
            new SlaSpec.By(new TimeOnly(23, 59, 30)),
            new SlaSpec.Within(TimeSpan.FromHours(3)),
        ],
        Params =
        [
            new()
            {
                Name = "min_rows",
                Type = ParamType.Integer,
                Default = "1000",
                Minimum = 0.1,
                Maximum = 1e300,
                Enum = ["1", "1000"],
                Pattern = "^[a-z]+$",
                Description = "rows",
            },
        ],
        RunRetry = new RetryPolicy
        {
            Retries = 1,
            Delay = TimeSpan.FromHours(1),
            RetryOn = [FailureClass.Lost],
        },
        CircuitBreaker = new(3, TimeSpan.FromMinutes(9)),
        Retention = new(TimeSpan.FromDays(90), 50),
        Triggers =
        [
            new TriggerSpec.Datasets(
                new DatasetCondition.All([
                    new DatasetCondition.Updated("flights/raw"),
                    new DatasetCondition.Any([new DatasetCondition.Updated("weather"), new DatasetCondition.Updated("météo")]),
                ]),
                ConsumeMode.Latest,
                PartitionCover.Any
            ),
            new TriggerSpec.Message(AllTriggers[0]),
        ],
        ActiveVersion = new("flags", "active_version:daily"),
        Tasks =
        [
            new()
            {
                Name = new("first"),
                Kind = new TaskKind.Shell("echo '{{ ds }}' > $X"),
                Needs = [new("argv"), new("script")],
                TriggerRule = TriggerRule.NoneFailedMinOneSuccess,
                When = "{{ true }}",
                ForEach = "{{ tasks.segments.result }}",
                Label = "{{ item.segment }}",
                MaxParallel = 3,
                Retry = new()
                {
                    Retries = 2,
                    Delay = TimeSpan.FromSeconds(1),
                    Backoff = Backoff.Exponential,
                    MaxDelay = TimeSpan.FromMilliseconds(1500),
                    Jitter = TimeSpan.Zero,
                    RetryOn = [FailureClass.Transient, FailureClass.RateLimited],
                    LostBudget = 0,
                    ByClass = true,
                },
                FailureRules =
                [
                    new(FailureClass.ResourceUnavailable) { Lines = "lock wait timeout", RetryAfter = TimeSpan.FromSeconds(90) },
                    new(FailureClass.Validation) { ExitCodes = [3, 139] },
                ],
                Timeout = TimeSpan.FromMinutes(20),
                StartTimeout = TimeSpan.FromMinutes(30),
                SilenceTimeout = TimeSpan.FromMinutes(10),
                Grace = TimeSpan.Zero,
                Sla = [new SlaSpec.Within(TimeSpan.FromHours(3))],
                Pool = "gpu",
                Target = "partner",
                Slots = 2,
                Resources = new(Memory: 4L << 30, Cpu: 1.5, Gpu: 2),
                Priority = 5,
                Idempotent = false,
                Env = ImmutableSortedDictionary.CreateRange<string, string>(
                    StringComparer.Ordinal,
                    [new("b", "2"), new("B", "1"), new("A", "secret:x")]
                ),
                Inputs = ImmutableSortedDictionary.CreateRange<string, string>(
                    StringComparer.Ordinal,
                    [new("raw", "{{ tasks.argv.outputs.raw }}")]
                ),
                Fetch = TaskNode.NoFetch.Add("raw"),
                InputChecks = ImmutableSortedDictionary.CreateRange<string, ImmutableArray<CheckSpec>>(
                    StringComparer.Ordinal,
                    [new("raw", [new CheckSpec.RowCount("1", null)])]
                ),
                Outputs =
                [
                    new()
                    {
                        Name = "features",
                        Path = "data/date={{ ds }}/",
                        Dataset = "flights/features",
                        Keys = ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal).Add("region", "{{ item.region }}"),
                        Freshness = new FreshnessSpec.By("0 6 * * 1", "Europe/London"),
                        Model = "delay/{{ item.segment }}",
                        Registry = "mlflow",
                        Optional = true,
                        Keep = 5,
                        Idempotency = new IdempotencySpec
                        {
                            Ignore = ["loaded_at"],
                            Tolerance = new IdempotencySpec().Tolerance.Add("mean_delay", 1e-9),
                            AnyOrder = true,
                        },
                        Compare = new()
                        {
                            Keys = ["origin", "month"],
                            Tolerance = ImmutableSortedDictionary.Create<string, double>(StringComparer.Ordinal).Add("mean_delay", 0.01),
                        },
                        Checks =
                        [
                            new CheckSpec.RowCount("{{ params.min_rows }}", null) { Change = new(0.25, 3) },
                            new CheckSpec.NotNull(["origin", "mean_delay"])
                            {
                                Tolerate = 0.01,
                                Severity = CheckSeverity.Quarantine,
                                QuarantineFolder = "data/rejected/",
                                Name = "origin is there",
                            },
                            new CheckSpec.Unique(["origin"]) { Severity = CheckSeverity.Warn },
                            new CheckSpec.Range("mean_delay", "-60", "600"),
                            new CheckSpec.AcceptedValues("origin", ["JFK", "SFO"]),
                            new CheckSpec.Regex("origin", "^[A-Z]{3}$"),
                            new CheckSpec.Schema(
                                ImmutableSortedDictionary.CreateRange<string, string>(StringComparer.Ordinal, [new("origin", "varchar")])
                            )
                            {
                                AtLeast = true,
                            },
                            new CheckSpec.Freshness("updated_at", TimeSpan.FromHours(6)),
                            new CheckSpec.Referential("origin")
                            {
                                Path = "data/airports.csv",
                                Dataset = "flights/airports",
                                Key = "code",
                            },
                            new CheckSpec.Drift(["mean_delay"]) { Threshold = 0.1, Bins = 5 },
                            new CheckSpec.Sql("select avg(flights) from {{ staged }}")
                            {
                                Expect = new(ComparisonOperator.AtLeast, "{{ params.min_rows }}"),
                            },
                            new CheckSpec.Command("python3 drift.py {{ staged }}"),
                        ],
                    },
                ],
                Metrics = false,
                Reuse = true,
                OnFailure = ["oncall"],
                OnRetry = ["team"],
                Doc = "docs/first.md",
            },
            Task("argv", new TaskKind.Argv(["python3", "extract.py", "--date", "{{ ds }}"])),
            Task("script", new TaskKind.Script("python3", "print('hi')\n")),
            Task("sql_text", new TaskKind.Sql("select 1", null)),
            Task("sql_file", new TaskKind.Sql(null, "features.sql")),
            Task("file", new TaskKind.WaitForFile("landing/{{ ds }}.parquet", TimeSpan.FromSeconds(5), 1, TimeSpan.FromMinutes(1))),
            Task("time", new TaskKind.WaitForTime("06:00")),
            Task("object", new TaskKind.WaitForS3("s3://landing/{{ ds }}/", TimeSpan.FromSeconds(5), 1, TimeSpan.FromMinutes(1))),
            Task("rows", new TaskKind.WaitForSql("select 1", "warehouse", TimeSpan.FromMinutes(1))),
            Task(
                "answer",
                new TaskKind.WaitForHttp(
                    "https://host/ready",
                    [200],
                    ImmutableSortedDictionary<string, string>.Empty.Add("state", "ready"),
                    ImmutableSortedDictionary<string, string>.Empty.Add("X-Key", "secret:key"),
                    TimeSpan.FromMinutes(1)
                )
            ),
            Task("message", new TaskKind.WaitForMessage("labels_ready", TimeSpan.FromMinutes(1))),
            Task("dataset", new TaskKind.WaitForDataset("flights/raw", "{{ ds }}", "2001-W01", TimeSpan.FromMinutes(2))),
            Task(
                "plain_wait",
                new TaskKind.WaitForTask(
                    new("other"),
                    null,
                    TaskMatch.Containing,
                    TimeSpan.Zero,
                    Partitions: false,
                    TimeSpan.FromMinutes(1)
                )
            ),
            Task(
                "full_wait",
                new TaskKind.WaitForTask(
                    new("other"),
                    new("load"),
                    TaskMatch.Offset,
                    TimeSpan.FromDays(-1),
                    Partitions: true,
                    TimeSpan.FromSeconds(9)
                )
            ),
            Task("promote", new TaskKind.Promote("delay", "champion", BackfillPromotion.Allow)),
            Task("promote_asking", new TaskKind.Promote("delay", "champion", BackfillPromotion.Approve, Approval)),
            Task(
                "promote_better",
                new TaskKind.Promote("delay", "champion", BackfillPromotion.Approve, null, Approval, new MetricRule("auc", IsLower: false))
            ),
            Task(
                "promote_lower",
                new TaskKind.Promote("delay", "champion", BackfillPromotion.Skip, Better: new MetricRule("log_loss", IsLower: true))
            ),
            Task(
                "request",
                new TaskKind.Http("PUT", "https://{{ params.host }}/days/{{ ds }}")
                {
                    Headers = ImmutableSortedDictionary<string, string>.Empty.Add("Authorization", "secret:token"),
                    Json = """{"day":"{{ ds }}"}""",
                    Body = "not both, but it is kept",
                    Expect = [200, 201],
                    Timeout = TimeSpan.FromSeconds(9),
                    AllowHosts = ["*.example.com"],
                }
            ),
            Task("approve", new TaskKind.Approve(Approval)),
            Task(
                "load",
                new TaskKind.Load(
                    "{{ tasks.first.outputs.features }}",
                    null,
                    "warehouse.ml.features",
                    LoadMode.ReplacePartition,
                    "day = {{ ds }}",
                    [],
                    AllowDuplicates: false,
                    Keep: 2
                )
            ),
            Task(
                "upsert",
                new TaskKind.Load(null, "select 1", "local.users", LoadMode.Upsert, null, ["id", "day"], AllowDuplicates: true, Keep: 0)
            ),
            Task("noop", new TaskKind.Noop()),
            Task("group", new TaskKind.Group()),
        ],
    };

    private static ApprovalSpec Approval =>
        new()
        {
            Message = "publish {{ ds }}?",
            Form =
            [
                new ParamSpec
                {
                    Name = "limit",
                    Type = ParamType.Integer,
                    Minimum = 1,
                },
            ],
            Who = ["alice", "ml-leads"],
            Quorum = 2,
            NotAuthor = true,
            OnTimeout = ApprovalDefault.Reject,
            OnReject = ApprovalRejection.Skip,
            RemindEvery = TimeSpan.FromHours(4),
        };

    private static TaskNode Task(string name, TaskKind kind) => new() { Name = new(name), Kind = kind };
}
