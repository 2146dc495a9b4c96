using System.Collections.Immutable;
using System.Text.Json;
using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Runs;
using Signalbox.Core.Time;
using Signalbox.DuckDb.Work;
using Signalbox.Engine.Control;
using Signalbox.Engine.Outputs;
using Signalbox.Engine.Processes;
using Signalbox.Storage;

namespace Signalbox.Engine.Variants;

/// <summary>
/// Runs a candidate beside the current version of its pipeline, where nobody reads what it makes and it can reach nobody, and compares what
/// both made of the same dates, row by row.
/// </summary>
/// <remarks>
/// The candidate writes to a namespace of its own (<c>shadow-…</c>). For the current version stands what it published, where that is still there,
/// was made by the definition of today with the same parameters and from the inputs that the candidate read; else it is run too, in another
/// namespace. What a command does beside its outputs (a request to a server) is not held back: it sees the namespace in its environment.
/// </remarks>
public sealed class ShadowTrial(EngineSession engine, ImmutableArray<string> worker)
{
    /// <summary>The folder of the tables of discrepancies, in the state folder.</summary>
    public const string Folder = "shadow";

    private readonly List<RunNumber> _started = [];

    /// <summary>Told what is going on, a line at a time.</summary>
    public event Action<string>? Said;

    /// <exception cref="ShadowRefused">A run cannot be started, or rows cannot be compared at all.</exception>
    public async Task<ShadowReport> RunAsync(ShadowRequest request, CancellationToken cancellationToken)
    {
        var stamp = DateTimeOffset.UtcNow.ToString("yyyyMMddHHmmssfff");
        var space = new RunNamespace($"{RunNamespace.ShadowPrefix}{request.CandidateVersion}-{stamp}");
        var other = new RunNamespace($"{RunNamespace.ShadowPrefix}{request.CurrentVersion}-{stamp}-current");
        try
        {
            return await CompareAsync(request, space, other, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            foreach (var run in _started)
            {
                // Its folder is removed: nothing of it may go on.
                await engine.AskAsync(new Request.CancelRun(run.Value, "the comparison was left"), CancellationToken.None);
                await engine.WaitForRunAsync(run, CancellationToken.None);
            }

            throw;
        }
        finally
        {
            if (!request.Keep)
            {
                await RemoveAsync(space);
                await RemoveAsync(other);
            }
        }
    }

    private async Task<ShadowReport> CompareAsync(
        ShadowRequest request,
        RunNamespace space,
        RunNamespace other,
        CancellationToken cancellationToken
    )
    {
        var candidates = await RunAllAsync(request, request.CandidateVersion, space, request.Dates, "candidate", cancellationToken);
        var live = request.Dates.ToDictionary(date => date, date => request.Fresh ? null : LiveOf(request, date, candidates[date]));
        var missing = request.Dates.Where(date => live[date] is null && candidates[date].State == RunState.Success).ToImmutableArray();
        var current = await RunAllAsync(request, request.CurrentVersion, other, missing, "current version", cancellationToken);
        var dates = new List<ShadowDate>();
        var pairs = new List<DiscrepancyPair>();
        foreach (var date in request.Dates)
        {
            var side = live[date] ?? current.GetValueOrDefault(date);
            dates.Add(Look(request, date, side, live[date] is not null, candidates[date], pairs));
        }

        var table = request.Discrepancies ?? Path.Combine(engine.Project.StateFolder, Folder, space.Value, "discrepancies.parquet");
        var scratch = Path.Combine(engine.Project.StateFolder, Folder, $"{space}.scratch");
        try
        {
            Said?.Invoke($"comparing {pairs.Count} outputs");
            var answer = (DiscrepancyResponse)
                await WorkerCall.AskAsync(worker, scratch, new DiscrepancyRequest { Pairs = pairs, Path = table }, cancellationToken);
            dates = Filled(dates, new Queue<Discrepancies>(answer.Pairs));
        }
        catch (IOException problem)
        {
            throw new ShadowRefused($"the rows cannot be compared: {problem.Message}");
        }
        finally
        {
            if (Directory.Exists(scratch))
            {
                Directory.Delete(scratch, recursive: true);
            }
        }

        var clean = dates.Count(date => date.Clean);
        var report = new ShadowReport(0, clean >= (request.Gate ?? dates.Count), request.Gate, table, space, [.. dates]);
        return report with { Id = await SaveAsync(request, report) };
    }

    private async Task<Dictionary<Slice, Run>> RunAllAsync(
        ShadowRequest request,
        VersionHash version,
        RunNamespace space,
        ImmutableArray<Slice> dates,
        string what,
        CancellationToken cancellationToken
    )
    {
        var numbers = new List<(Slice Date, RunNumber Run)>();
        foreach (var date in dates)
        {
            var answer = await engine.AskAsync(
                new Request.StartRun(
                    request.Current.Name.Value,
                    version.Value,
                    date.LogicalDate.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'"),
                    request.Params,
                    RunId: null,
                    request.Reason ?? "shadow",
                    space.Value
                ),
                cancellationToken
            );
            if (!answer.Done)
            {
                throw new ShadowRefused($"the {what} cannot be run for {NameOf(date)}: {answer.Message}");
            }

            var number = new RunNumber(answer.Number!.Value);
            numbers.Add((date, number));
            _started.Add(number);
        }

        var runs = new Dictionary<Slice, Run>();
        foreach (var (date, number) in numbers)
        {
            var run = await engine.WaitForRunAsync(number, cancellationToken);
            _started.Remove(number);
            runs.Add(date, run);
            Said?.Invoke($"{what} for {NameOf(date)}: run {number}, {Names.Of(run.State)}");
        }

        return runs;
    }

    /// <summary>The live run whose outputs can stand for the current version; null when there is none.</summary>
    private Run? LiveOf(ShadowRequest request, Slice date, Run candidate)
    {
        var parameters = ParamChecker.Check(request.Current, request.Params).Json;
        return engine.Store.Read(session =>
        {
            var run = session
                .RunsOf(request.Current.Name, date.LogicalDate, date.LogicalDate.AddMilliseconds(1))
                .LastOrDefault(run => run is { State: RunState.Success, OnlyTasks.IsEmpty: true });
            if (run is null || run.Version != request.CurrentVersion || run.Params != parameters)
            {
                return null;
            }

            var made = Published(session, run.Number);
            // What lies in an object store or a database was never read here: the shadow's own runs write to files only.
            var isThere =
                made.Count > 0
                && made.All(version =>
                    !Targets.IsAddress(version.Path) && session.PublicationAt(version.Path)?.Id == version.Id && Path.Exists(version.Path)
                );
            return isThere && ReadTheSame(made, Published(session, candidate.Number)) ? run : null;
        });
    }

    /// <summary>Whether two runs read the same content wherever both read the same path.</summary>
    private static bool ReadTheSame(IReadOnlyList<Publication> one, IReadOnlyList<Publication> other)
    {
        var (first, second) = (Read(one), Read(other));
        return first.All(path => !second.TryGetValue(path.Key, out var hash) || hash == path.Value);

        static Dictionary<string, string> Read(IReadOnlyList<Publication> made)
        {
            var read = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var version in made)
            {
                using var json = JsonDocument.Parse(version.Inputs);
                foreach (var input in json.RootElement.EnumerateArray())
                {
                    read[Field(input, "path")] = Field(input, "sha256");
                }
            }

            return read;
        }

        static string Field(JsonElement input, string name) =>
            input.EnumerateObject().FirstOrDefault(field => field.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Value.GetString()
            ?? "";
    }

    /// <summary>What is to be compared of a date: tables go to the list of pairs, all else is compared at once.</summary>
    private ShadowDate Look(ShadowRequest request, Slice date, Run? current, bool isLive, Run candidate, List<DiscrepancyPair> pairs)
    {
        var name = NameOf(date);
        var problems = ImmutableArray.CreateBuilder<string>();
        var notes = ImmutableArray.CreateBuilder<string>();
        var outputs = ImmutableArray.CreateBuilder<ShadowOutput>();
        if (candidate.State != RunState.Success)
        {
            problems.Add($"the candidate's run {candidate.Number} is {Names.Of(candidate.State)}{Reason(candidate)}");
        }
        else if (current!.State != RunState.Success)
        {
            problems.Add($"the current version's run {current.Number} is {Names.Of(current.State)}{Reason(current)}");
        }
        else
        {
            notes.AddRange(Skipped(candidate));
            var (mine, theirs) = engine.Store.Read(session => (Published(session, current.Number), Published(session, candidate.Number)));
            foreach (var key in mine.Concat(theirs).Select(version => (version.Task, version.Output)).Distinct())
            {
                var output = $"{key.Task}.{key.Output}";
                if (!request.Outputs.IsEmpty && !request.Outputs.Contains($"{key.Task.Task}.{key.Output}"))
                {
                    continue;
                }

                var one = mine.FirstOrDefault(version => (version.Task, version.Output) == key);
                var two = theirs.FirstOrDefault(version => (version.Task, version.Output) == key);
                if (one is not null && two is not null)
                {
                    var spec = request.Compare ?? SpecOf(request.Current, one) ?? SpecOf(request.Candidate, two) ?? new CompareSpec();
                    outputs.Add(Compare(name, one, two, spec, pairs));
                }
                else if (Declares(request.Current, key) && Declares(request.Candidate, key))
                {
                    problems.Add($"{output}: only the {(one is null ? "candidate" : "current version")} made it");
                }
                else
                {
                    notes.Add($"{output}: only the {(one is null ? "candidate" : "current version")} has it");
                }
            }

            if (outputs.Count == 0)
            {
                problems.Add("there is no output that both made, so nothing is compared");
            }
        }

        return new ShadowDate(
            name,
            current?.Number.Value,
            isLive,
            candidate.Number.Value,
            outputs.ToImmutable(),
            problems.ToImmutable(),
            notes.ToImmutable()
        );
    }

    private ShadowOutput Compare(string date, Publication one, Publication two, CompareSpec spec, List<DiscrepancyPair> pairs)
    {
        var place = Path.GetRelativePath(engine.Project.Folder, one.Namespace is { } space ? LiveOf(one.Path, space) : one.Path);
        var output = new ShadowOutput(one.Task.ToString(), one.Output, place, Pending);
        if (DataSource.Find(one.Path, out _) is not null && DataSource.Find(two.Path, out _) is not null)
        {
            pairs.Add(new DiscrepancyPair(date, output.Task, output.Output, one.Path, two.Path, spec.Keys, spec.Tolerance));
            return output;
        }

        // What is no table is one thing, the same or not.
        var same = ContentHash.Of(one.Path).Sha256 == ContentHash.Of(two.Path).Sha256;
        return output with
        {
            Found = new Discrepancies
            {
                CurrentRows = 1,
                CandidateRows = 1,
                Matching = same ? 1 : 0,
                Different = same ? 0 : 1,
            },
        };
    }

    private static readonly Discrepancies Pending = new() { Error = "not compared" };

    /// <summary>Puts the answers where they belong: in the order in which they were asked.</summary>
    private static List<ShadowDate> Filled(List<ShadowDate> dates, Queue<Discrepancies> answers) =>
        dates.ConvertAll(date =>
            date with
            {
                Outputs =
                [
                    .. date.Outputs.Select(output =>
                        ReferenceEquals(output.Found, Pending) ? output with { Found = answers.Dequeue() } : output
                    ),
                ],
            }
        );

    private async Task<long> SaveAsync(ShadowRequest request, ShadowReport report)
    {
        var document = JsonSerializer.Serialize(report.Dates, ShadowJson.Default.ImmutableArrayShadowDate);
        return await engine.Store.WriteAsync(
            session =>
                session.AddShadow(
                    new Shadow(
                        Id: 0,
                        request.Current.Name,
                        request.CurrentVersion,
                        request.CandidateVersion,
                        report.Namespace,
                        report.Clean,
                        report.Gate,
                        report.Dates.Length,
                        report.CleanDates,
                        report.Rows,
                        report.Missing,
                        report.Extra,
                        report.Different,
                        document,
                        request.Who,
                        request.Reason,
                        DateTimeOffset.UtcNow
                    )
                ),
            CancellationToken.None
        );
    }

    private IEnumerable<string> Skipped(Run run) =>
        engine
            .Store.Read(session => session.Tasks(run.Number))
            .Where(task => task.State == TaskState.Skipped && !task.Key.IsInstance)
            .Select(task => $"{task.Key} was skipped: {task.Reason}");

    private string Reason(Run run)
    {
        var failed = engine.Store.Read(session => session.Tasks(run.Number)).FirstOrDefault(task => task.State == TaskState.Failed);
        return failed is null ? "" : $": `{failed.Key}` failed: {failed.Failure?.Message ?? failed.Reason}";
    }

    private static List<Publication> Published(ReadSession session, RunNumber run) =>
        [.. session.Publications(run).Where(version => version.State == PublicationState.Published)];

    private static CompareSpec? SpecOf(Pipeline pipeline, Publication made) =>
        pipeline
            .Tasks.FirstOrDefault(task => task.Name == made.Task.Task)
            ?.Outputs.FirstOrDefault(output => output.Name == made.Output)
            ?.Compare;

    private static bool Declares(Pipeline pipeline, (TaskKey Task, string Output) key) =>
        pipeline.Tasks.Any(task => task.Name == key.Task.Task && task.Outputs.Any(output => output.Name == key.Output));

    /// <summary>Where live readers find what a run in a namespace wrote to a local path.</summary>
    private string LiveOf(string path, RunNamespace space)
    {
        var root = Targets.FolderOf(engine.Project.StateFolder, space) + Path.DirectorySeparatorChar;
        return path.StartsWith(root, StringComparison.Ordinal) ? Path.Combine(engine.Project.Folder, path[root.Length..]) : path;
    }

    private async Task RemoveAsync(RunNamespace space)
    {
        var folder = Targets.FolderOf(engine.Project.StateFolder, space);
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }

        await engine.Store.WriteAsync(session => session.ForgetNamespace(space), CancellationToken.None);
    }

    private static string NameOf(Slice date) =>
        date.Partition.Length > 0 ? date.Partition : date.LogicalDate.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'");
}
