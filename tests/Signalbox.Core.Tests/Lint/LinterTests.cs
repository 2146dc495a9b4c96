using Signalbox.Core.Definitions;
using Signalbox.Core.Lint;
using Signalbox.Core.Retry;
using Signalbox.Core.Tests.Definitions;

namespace Signalbox.Core.Tests.Lint;

/// <summary>What the linter sees in sources and settings, and what it takes no offence at.</summary>
public sealed class LinterTests
{
    [Theory]
    [Trait("Requirement", "S186")]
    [Trait("Requirement", "S42")]
    [InlineData(SourceLanguage.Shell, "echo $(date +%F)", "wall-clock@5")]
    [InlineData(SourceLanguage.Shell, "date -u +%FT%TZ > x", "wall-clock@0")]
    [InlineData(SourceLanguage.Shell, "mkdir -p o && date > x", "wall-clock@14")]
    [InlineData(SourceLanguage.Shell, "echo `date`", "wall-clock@5")]
    [InlineData(SourceLanguage.Shell, "echo $(date -d yesterday +%F)", "wall-clock@5")]
    [InlineData(SourceLanguage.Shell, "echo $(date -d '-1 day')", "wall-clock@5")]
    [InlineData(SourceLanguage.Shell, "cp x data/date=$(date +%F)/y", "wall-clock-path@15")]
    [InlineData(SourceLanguage.Shell, "python3 -c 'import time; time.time()'", "wall-clock@25")]
    [InlineData(SourceLanguage.Shell, "python3 - <<'PY'\nprint(date.today())\nPY\n", "wall-clock@23")]
    [InlineData(SourceLanguage.Shell, "psql -c \"select now() from t\"", "wall-clock@16")]
    [InlineData(SourceLanguage.Shell, "psql <<SQL\nselect now() from t\nSQL\n", "wall-clock@18")]
    [InlineData(SourceLanguage.Shell, "echo $(date -d {{ ds }} +%F) $(date --date=\"$SIGNALBOX_DS\") # $(date)")]
    [InlineData(SourceLanguage.Shell, "echo '$(date)' update the data; mydate=1")]
    [InlineData(SourceLanguage.Python, "x = datetime.now()", "wall-clock@4")]
    [InlineData(SourceLanguage.Python, "x = datetime.datetime.utcnow()", "wall-clock@13")]
    [InlineData(SourceLanguage.Python, "x = date.today(); y = time.time()", "wall-clock@4", "wall-clock@22")]
    [InlineData(SourceLanguage.Python, "pd.Timestamp.now()", "wall-clock@3")]
    [InlineData(SourceLanguage.Python, "p = f\"data/{datetime.now():%F}/x\"", "wall-clock-path@12")]
    [InlineData(SourceLanguage.Python, "p = 'data/' + str(date.today())", "wall-clock-path@18")]
    [InlineData(SourceLanguage.Python, "db.execute('select current_date from t')", "wall-clock@19")]
    [InlineData(SourceLanguage.Python, "# datetime.now()\nx = 'datetime.now()'\ny = datetime.strptime(ds, '%Y')\nz = time.monotonic()")]
    [InlineData(SourceLanguage.Python, "\"\"\"Selects now() from the past: datetime.now().\"\"\"\nx = candidate.today")]
    [InlineData(SourceLanguage.Sql, "select CURRENT_DATE, now()", "wall-clock@7", "wall-clock@21")]
    [InlineData(SourceLanguage.Sql, "select date('now')", "wall-clock@7")]
    [InlineData(SourceLanguage.Sql, "-- now()\nselect 'now()', t.now, \"current_date\", known() /* now() */ from t where d = {{ ds }}")]
    [InlineData(SourceLanguage.CSharp, "var a = DateTime.Now; var b = DateTimeOffset.UtcNow;", "wall-clock@8", "wall-clock@30")]
    [InlineData(SourceLanguage.CSharp, "var p = $\"data/{DateTime.Now:yyyy}/x\";", "wall-clock-path@16")]
    [InlineData(SourceLanguage.CSharp, "// DateTime.Now\nvar s = \"DateTime.Now\"; /* DateTime.Now */ var d = DateTime.Parse(ds);")]
    public void The_wall_clock_is_seen_in_code_and_not_in_comments(SourceLanguage language, string text, params string[] expected) =>
        Assert.Equal(expected, Found(language, text, LintCodes.WallClock, LintCodes.WallClockPath));

    [Theory]
    [Trait("Requirement", "S184")]
    [InlineData(SourceLanguage.Shell, "echo x >> out/all.csv", "append@7")]
    [InlineData(
        SourceLanguage.Shell,
        "echo 'a >> b' > c; echo x >> {{ outputs.rows }}; echo y >> \"$SIGNALBOX_OUTPUT_ROWS\"; echo z >>/dev/null"
    )]
    [InlineData(SourceLanguage.Python, "df.to_sql('t', db, if_exists='append')", "append@19")]
    [InlineData(SourceLanguage.Python, "db.execute('DELETE FROM t WHERE d = ?', ds)\ndf.to_sql('t', db, if_exists='append')")]
    [InlineData(SourceLanguage.Python, "db.execute('DELETE FROM other')\ndf.to_sql('t', db, if_exists='append')", "append@51")]
    [InlineData(SourceLanguage.Python, "df.to_csv('x.csv', mode=\"a\")", "append@19")]
    [InlineData(SourceLanguage.Python, "with open(path, 'a') as f: pass", "append@5")]
    [InlineData(SourceLanguage.Python, "with open(os.environ['SIGNALBOX_OUTPUT_X'], 'a') as f: pass\nopen(p, 'w')\n# open(p, 'a')")]
    [InlineData(SourceLanguage.Python, "db.execute('insert into t values (1)')", "append@12")]
    [InlineData(SourceLanguage.Python, "db.execute('''\n  INSERT INTO t\n  SELECT 1\n  ''')", "append@17")]
    [InlineData(SourceLanguage.Sql, "insert into t select 1", "append@0")]
    [InlineData(SourceLanguage.Sql, "create table if not exists t (a int); insert into t select 1", "append@38")]
    [InlineData(SourceLanguage.Sql, "delete from t where d = {{ ds }}; insert into t select 1")]
    [InlineData(SourceLanguage.Sql, "insert into t select 1 on conflict (a) do update set b = 1; insert or replace into u select 1")]
    [InlineData(SourceLanguage.Sql, "create temp table t as select 1; insert into t select 2; -- insert into u select 1")]
    [InlineData(SourceLanguage.CSharp, "File.AppendAllText(p, x);", "append@0")]
    [InlineData(SourceLanguage.CSharp, "using var w = new StreamWriter(p, append: true);", "append@14")]
    [InlineData(SourceLanguage.CSharp, "File.WriteAllText(p, x); list.Append(1);")]
    public void Appends_are_seen_unless_something_makes_them_harmless(SourceLanguage language, string text, params string[] expected) =>
        Assert.Equal(expected, Found(language, text, LintCodes.Append));

    [Theory]
    [Trait("Requirement", "S142")]
    [InlineData(SourceLanguage.Python, "joblib.dump(model, 'models/latest.pkl')", "mutable-name@20")]
    [InlineData(SourceLanguage.Python, "save_model(model, \"model_final.joblib\")", "mutable-name@19")]
    [InlineData(SourceLanguage.Shell, "cp x.onnx models/current.onnx", "mutable-name@10")]
    [InlineData(SourceLanguage.Python, "joblib.dump(model, f'models/{ds}.pkl'); dump('models/finalists.pkl')")]
    public void Names_that_say_nothing_of_the_version_are_seen(SourceLanguage language, string text, params string[] expected) =>
        Assert.Equal(expected, Found(language, text, LintCodes.MutableName));

    [Theory]
    [InlineData(SourceLanguage.Python, "x = random.random(); y = uuid.uuid4()", "unseeded-random@4", "unseeded-random@25")]
    [InlineData(SourceLanguage.Python, "random.seed(ds); x = random.random(); y = random.Random(ds).random()")]
    [InlineData(SourceLanguage.Sql, "select random(), uuid()", "unseeded-random@7", "unseeded-random@17")]
    [InlineData(SourceLanguage.Sql, "select setseed(0.5), random()")]
    public void Chance_without_a_seed_is_seen(SourceLanguage language, string text, params string[] expected) =>
        Assert.Equal(expected, Found(language, text, LintCodes.Unseeded));

    [Theory]
    [InlineData("x = date.today()  # signalbox: allow wall-clock")]
    [InlineData("# signalbox: allow append, wall-clock\nx = date.today()")]
    public void A_comment_allows_what_stands_in_its_line(string text) =>
        Assert.Empty(Found(SourceLanguage.Python, text, LintCodes.WallClock));

    [Theory]
    [InlineData("x = date.today()  # signalbox: allow append")]
    [InlineData("y = 1 # signalbox: allow wall-clock\nx = date.today()")]
    [InlineData("# signalbox: allow wall-clock\n\nx = date.today()")]
    public void A_comment_allows_nothing_else(string text) => Assert.Single(Found(SourceLanguage.Python, text, LintCodes.WallClock));

    [Fact]
    [Trait("Requirement", "S60")]
    public void Settings_that_are_missing_or_too_much_are_seen()
    {
        var none = Made.Task("none");
        var hasty = Made.Task("hasty") with
        {
            Retry = new RetryPolicy { Retries = 2, Delay = TimeSpan.Zero },
        };
        var broad = Made.Task("broad") with
        {
            Retry = new RetryPolicy { Retries = 2, RetryOn = [FailureClass.Transient, FailureClass.Permanent, FailureClass.Schema] },
        };
        var joint = Made.Task("joint") with { Kind = new TaskKind.Noop() };
        var found = Linter.Check(Made.Pipeline(none, hasty, broad, joint), []);
        Assert.Equal(
            ["no-retries tasks.none.retries", "no-retry-delay tasks.hasty.retry_delay", "broad-retries tasks.broad.retry_on"],
            found.Select(finding => $"{finding.Code} {finding.Field}")
        );
        Assert.Contains("`permanent`, `schema`", found[2].Message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Requirement", "S42")]
    [Trait("Requirement", "S142")]
    public void The_paths_of_outputs_are_looked_at()
    {
        var task = Made.Task("a")
            .Makes("by_clock", "data/$(date +%F)/x.csv")
            .Makes("model", "models/latest.pkl")
            .Makes("good", "out/{{ ds }}.csv") with
        {
            Retry = new RetryPolicy { Retries = 1 },
        };
        var found = Linter.Check(Made.Pipeline(task), []);
        Assert.Equal(
            ["wall-clock-path tasks.a.outputs.by_clock.path+5", "mutable-name tasks.a.outputs.model.path+7"],
            found.Select(finding => $"{finding.Code} {finding.Field}+{finding.Offset}")
        );
        Assert.StartsWith("use the run date", found[0].Mend, StringComparison.Ordinal);
        Assert.StartsWith("mutable artifact path", found[1].Message, StringComparison.Ordinal);
        Assert.Contains("`model: NAME`", found[1].Mend, StringComparison.Ordinal);
    }

    [Theory]
    [Trait("Requirement", "S56")]
    [InlineData("At 01:30, Monday through Friday", true)]
    [InlineData("At 13:30, Monday through Friday", false)]
    public void The_schedule_is_compared_with_what_is_required_of_it(string means, bool passes)
    {
        var pipeline = Made.Pipeline(Made.Task("a") with { Retry = new RetryPolicy { Retries = 1 } }) with
        {
            Schedule = new ScheduleSpec("30 1 * * 1-5", "UTC", means),
        };
        var found = Linter.Check(pipeline, []);
        Assert.Equal(passes ? [] : [LintCodes.ScheduleDiffers], found.Select(finding => finding.Code));
        var list = Checklist.Of(pipeline, [.. found.Select(finding => (finding.Code, finding.Task))]);
        Assert.Equal(passes, list.Single(item => item.Item == "schedule as required").Passed);
        Assert.All(list.Skip(1), item => Assert.True(item.Passed, item.ToString()));
    }

    [Fact]
    public void Files_that_a_task_runs_are_found()
    {
        var files = TaskSources
            .FilesOf(Made.Task("a").Runs("sh ./jobs/x.sh && python3 jobs/y.py --to {{ ds }}.py /usr/lib/z.py 'q.sql' ../w.sh"))
            .Select(found => found.File);
        Assert.Equal(["jobs/x.sh", "jobs/y.py", "q.sql"], files);
        var imports = TaskSources.FilesOf(
            "jobs/y.py",
            SourceLanguage.Python,
            "import a, b as c\nfrom d.e import f\n# import g\n'''\nimport h\n'''"
        );
        Assert.Equal(["jobs/a.py", "jobs/b.py", "jobs/d/e.py"], imports);
    }

    private static string[] Found(SourceLanguage language, string text, params string[] codes) =>
        [
            .. Linter
                .Check(Made.Pipeline(Made.Task("a")), [new TaskSource(new TaskName("a"), "x", "tasks.a.run", language, text)])
                .Where(finding => codes.Contains(finding.Code))
                .Select(finding => $"{finding.Code}@{finding.Offset}"),
        ];
}
