using System.Collections.Immutable;
using System.Security.Cryptography;
using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Lint;
using Signalbox.Core.Proving;
using Signalbox.Core.Runs;
using Signalbox.Engine.Control;
using Signalbox.Engine.Linting;
using Signalbox.Engine.Outputs;
using Signalbox.Engine.Outputs.Tables;
using Signalbox.Storage;

namespace Signalbox.Engine.Proving;

/// <summary>
/// Proves that running a pipeline again changes nothing: runs it twice in a namespace of its own, the second time under other conditions and
/// onto what the first left, and compares everything that is there afterwards.
/// </summary>
/// <remarks>
/// Declared outputs go to the namespace. Commands start in a copy of the project, which is the folder of the namespace: what they write by a
/// relative path stays in it, and is compared too. What they reach by an absolute path or over the network is not held back.
/// </remarks>
public sealed class IdempotencyProof(EngineSession engine, ImmutableArray<string> worker)
{
    // More than a day, so that the date is another one, and not a whole number of days, so that the hour is, too.
    private const long Shift = 27 * 3600;
    private const long OtherHashSeed = 4242;

    private static readonly string[] Noise = [".pyc", ".pyo"];

    /// <summary>Told what is going on, a line at a time.</summary>
    public event Action<string>? Said;

    /// <exception cref="ProofRefused">A run cannot be started.</exception>
    public async Task<ProofReport> RunAsync(ProofRequest request, CancellationToken cancellationToken)
    {
        var space = new RunNamespace(RunNamespace.VerifyPrefix + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4)));
        var work = new Workplace(engine.Project, space);
        try
        {
            var faketime = TrialConditions.FindFaketime();
            var notes = ImmutableArray.CreateBuilder<string>();
            notes.AddRange(
                ProjectCopy
                    .Make(engine.Project.Folder, work.Folder)
                    .Select(link => $"{link} is too large to be copied: the runs see the live one")
            );
            if (faketime is null)
            {
                notes.Add(
                    $"libfaketime is not installed, so the second run had the same clock, a little later; install it (apt-get install faketime), or name it in {TaskEnvironment.Faketime}"
                );
            }

            var before = ProjectCopy.Look(work.Folder);
            var first = await TrialAsync(request, work, space, new TrialConditions(work.Folder, 0, null, 0, 0), cancellationToken);
            if (first.State != RunState.Success)
            {
                return Unproven(
                    request,
                    space,
                    first,
                    notes,
                    $"the first run ({first.Number}) did not succeed, so there is nothing to compare: {Trials.Reason(engine.Store, first)}"
                );
            }

            var after = ProjectCopy.Look(work.Folder);
            var outputs = Published(request, first);
            await work.KeepAsync(outputs, [.. Changed(before, after)], cancellationToken);
            var shift = faketime is null ? 0 : Shift;
            var second = await TrialAsync(
                request,
                work,
                space,
                new TrialConditions(work.Folder, shift, faketime, OtherHashSeed, 1),
                cancellationToken
            );
            ImmutableArray<string> conditions =
            [
                faketime is null ? "the same clock, later" : "a clock 1 day and 3 hours ahead",
                "another temporary folder",
                "another seed of Python's hashes",
                "another order of the environment",
            ];
            if (second.State != RunState.Success)
            {
                var failed = $"Task is not idempotent: the first run succeeded, the second failed: {Trials.Reason(engine.Store, second)}";
                await KeepAsync(request, first, second, VerdictState.NotIdempotent, failed, Cause.Leftover, cancellationToken);
                return new ProofReport(
                    VerdictState.NotIdempotent,
                    failed,
                    Cause.Leftover,
                    first.Number,
                    second.Number,
                    space.Value,
                    conditions,
                    notes.ToImmutable(),
                    []
                );
            }

            var compared = await CompareAsync(request, work, outputs, Published(request, second), before, after, shift, cancellationToken);
            if (compared.IsEmpty)
            {
                return Unproven(
                    request,
                    space,
                    second,
                    notes,
                    "nothing was published and no file changed, so there is nothing to compare, and nothing is proven"
                ) with
                {
                    First = first.Number,
                    Second = second.Number,
                    Conditions = conditions,
                };
            }

            // A count says most.
            var worst = compared
                .Where(output => !output.Same)
                .OrderBy(output => output.First?.Rows == output.Second?.Rows)
                .FirstOrDefault();
            var state = worst is null ? VerdictState.Idempotent : VerdictState.NotIdempotent;
            var message =
                worst?.Message
                ?? $"{(request.Task is { } task ? $"the task `{task}`" : request.Pipeline.Name)} is idempotent: {(compared.Length == 1 ? "its output is" : $"all {compared.Length} outputs are")} the same after both runs";
            await KeepAsync(request, first, second, state, message, worst?.Cause, cancellationToken);
            return new ProofReport(
                state,
                message,
                worst?.Cause,
                first.Number,
                second.Number,
                space.Value,
                conditions,
                notes.ToImmutable(),
                compared
            );
        }
        finally
        {
            if (!request.Keep)
            {
                await work.RemoveAsync(engine.Store);
            }
        }
    }

    private async Task<Run> TrialAsync(
        ProofRequest request,
        Workplace work,
        RunNamespace space,
        TrialConditions conditions,
        CancellationToken cancellationToken
    )
    {
        var isFirst = conditions.EnvironmentOrder == 0;
        return await Trials.RunAsync(
            engine,
            new Request.StartRun(
                request.Pipeline.Name.Value,
                request.Version.Value,
                request.Date,
                request.Params,
                RunId: null,
                Reason: $"verify idempotency: the {(isFirst ? "first" : "second")} run",
                space.Value,
                OnlyTasks(request),
                conditions.ToJson()
            ),
            cancellationToken,
            number =>
            {
                work.Runs.Add(new RunNumber(number));
                Said?.Invoke(
                    isFirst
                        ? $"first run: {number}"
                        : $"second run: {number}, {(conditions.Faketime is null ? "with the same clock" : "with the clock 1 day and 3 hours ahead")}"
                );
            }
        );
    }

    /// <summary>The task and all that it needs; none stands for all.</summary>
    private static ImmutableArray<string> OnlyTasks(ProofRequest request)
    {
        if (request.Task is not { } task)
        {
            return [];
        }

        var graph = Graph.Of(request.Pipeline);
        var marks = graph.WithUpstream([graph.IndexOf(task)]);
        return [.. graph.Tasks.Where((_, node) => marks[node]).Select(node => node.Name.Value)];
    }

    private List<Publication> Published(ProofRequest request, Run run) =>
        [
            .. engine
                .Store.Read(session => session.Publications(run.Number))
                .Where(row => row.State == PublicationState.Published && (request.Task is not { } task || row.Task.Task == task)),
        ];

    private async Task<ImmutableArray<ComparedOutput>> CompareAsync(
        ProofRequest request,
        Workplace work,
        List<Publication> first,
        List<Publication> second,
        Dictionary<string, (long, long)> atFirst,
        Dictionary<string, (long, long)> between,
        long shift,
        CancellationToken cancellationToken
    )
    {
        var comparer = new ContentComparer(worker, work.Scratch);
        var results = ImmutableArray.CreateBuilder<ComparedOutput>();
        var places = request.Pipeline.Tasks.Select((task, place) => (task.Name, place)).ToDictionary(task => task.Name, task => task.place);
        var keys = first.Concat(second).Select(row => (row.Task, row.Output)).Distinct();
        foreach (
            var key in keys.OrderBy(key => places[key.Task.Task])
                .ThenBy(key => key.Task.MapIndex)
                .ThenBy(key => key.Output, StringComparer.Ordinal)
        )
        {
            var (one, other) = (
                first.FindLast(row => (row.Task, row.Output) == key),
                second.FindLast(row => (row.Task, row.Output) == key)
            );
            var node = request.Pipeline.Tasks.First(task => task.Name == key.Task.Task);
            var counts = node.Outputs.FirstOrDefault(output => output.Name == key.Output)?.Idempotency;
            var known = new Sighted { ShiftSeconds = shift, Lint = LintOf(request.Pipeline, node) };
            var path = work.Live((other ?? one)!.Path);
            if (one is not null && other is not null && TableTarget.IsTable(other.Path))
            {
                // What was loaded says nothing of what stood there before: the tables themselves are compared. They have no order.
                var (was, now) = (work.KeptTable(one), await work.SeeAsync(other, cancellationToken));
                results.Add(
                    was.File is not null && now.File is not null
                        ? await comparer.CompareAsync(
                            key.Task.ToString(),
                            key.Output,
                            path,
                            was.File,
                            now.File,
                            (counts ?? new IdempotencySpec()) with
                            {
                                AnyOrder = true,
                            },
                            known,
                            cancellationToken
                        )
                        : ByRecord(
                            key.Task.ToString(),
                            key.Output,
                            path,
                            one with
                            {
                                Rows = was.Rows,
                            },
                            other with
                            {
                                Rows = now.Rows,
                            },
                            known
                        )
                );
                continue;
            }

            results.Add(
                Targets.IsAddress((other ?? one)!.Path)
                    ? ByRecord(key.Task.ToString(), key.Output, path, one, other, known)
                    : await comparer.CompareAsync(
                        key.Task.ToString(),
                        key.Output,
                        path,
                        one is null ? null : work.Kept(one),
                        other?.Path,
                        counts,
                        known,
                        cancellationToken
                    )
            );
        }

        if (request.Task is null)
        {
            var now = ProjectCopy.Look(work.Folder);
            var declared = first
                .Concat(second)
                .Select(row => row.Path)
                .Where(path => !Targets.IsAddress(path))
                .ToHashSet(StringComparer.Ordinal);
            var beside = Changed(atFirst, between)
                .Concat(Changed(between, now))
                .Distinct(StringComparer.Ordinal)
                .Order(StringComparer.Ordinal);
            var lint = request.Pipeline.Tasks.SelectMany(task => LintOf(request.Pipeline, task)).Distinct().ToImmutableArray();
            foreach (var file in beside.Where(file => !IsDeclared(declared, Path.Combine(work.Folder, file))))
            {
                var left = Path.Combine(work.Folder, file);
                results.Add(
                    await comparer.CompareAsync(
                        task: null,
                        file,
                        file,
                        work.KeptFile(file, wasThere: between.ContainsKey(file)),
                        left,
                        counts: null,
                        new Sighted { ShiftSeconds = shift, Lint = lint },
                        cancellationToken
                    )
                );
            }
        }

        return results.ToImmutable();
    }

    /// <summary>What lies elsewhere is compared by what was recorded of it when it was published.</summary>
    private static ComparedOutput ByRecord(string task, string output, string path, Publication? one, Publication? other, Sighted known)
    {
        var (first, second) = (Seen(one), Seen(other));
        var result = new ComparedOutput(task, output, path, first, second, Same: true, "", null, null, null, []);
        if (first is not null && second is not null && first.Sha256 == second.Sha256 && first.Rows == second.Rows)
        {
            return result with
            {
                Message = $"the same after both runs ({(first.Rows is { } rows ? $"{rows} rows" : $"{first.Bytes} bytes")})",
            };
        }

        var seen = known with
        {
            InFirst = first is not null,
            InSecond = second is not null,
            FirstRows = first?.Rows,
            SecondRows = second?.Rows,
        };
        var cause = CauseFinder.Find(seen);
        var message =
            first is null || second is null
                ? $"Task is not idempotent: it is there after the {(first is null ? "second" : "first")} run only"
            : first.Rows != second.Rows ? $"Task is not idempotent: {first.Rows} rows after first run, {second.Rows} after second"
            : first.Rows is { } both ? $"Task is not idempotent: {both} rows after both runs, not the same"
            : $"Task is not idempotent: {first.Bytes} bytes after first run, {second.Bytes} other bytes after second";
        return result with { Same = false, Message = message, Cause = cause?.Cause, Evidence = cause?.Evidence };

        static ContentSeen? Seen(Publication? row) => row is null ? null : new ContentSeen(row.Sha256 ?? "", row.Bytes ?? 0, row.Rows);
    }

    private ImmutableArray<(string Code, string Place)> LintOf(Pipeline pipeline, TaskNode task)
    {
        var only = pipeline with { Tasks = [task] };
        var sources = TaskSources.OfDefinition(only).Concat(SourceFiles.Of(engine.Project.Folder, task)).ToList();
        return
        [
            .. Linter
                .Check(only, sources)
                .Select(finding =>
                    (
                        finding.Code,
                        finding.File is { } file
                            ? $"{file}:{new TextLines(sources.First(source => source.File == file).Text).Place(finding.Offset).Line}"
                            : $"`{finding.Field}`"
                    )
                ),
        ];
    }

    private static IEnumerable<string> Changed(Dictionary<string, (long, long)> from, Dictionary<string, (long, long)> to) =>
        to.Where(file => !Noise.Contains(Path.GetExtension(file.Key)) && (!from.TryGetValue(file.Key, out var was) || was != file.Value))
            .Select(file => file.Key)
            .Concat(from.Keys.Where(file => !to.ContainsKey(file)));

    private static bool IsDeclared(HashSet<string> declared, string path)
    {
        for (var at = path; at.Length > 1; at = Path.GetDirectoryName(at)!)
        {
            if (declared.Contains(at))
            {
                return true;
            }
        }

        return false;
    }

    private static ProofReport Unproven(
        ProofRequest request,
        RunNamespace space,
        Run run,
        ImmutableArray<string>.Builder notes,
        string message
    ) => new(null, message, null, run.Number, null, space.Value, [], notes.ToImmutable(), []);

    private Task KeepAsync(
        ProofRequest request,
        Run first,
        Run second,
        VerdictState state,
        string message,
        Cause? cause,
        CancellationToken cancellationToken
    ) =>
        engine.Store.WriteAsync(
            session =>
                session.SaveVerdict(
                    new StoredVerdict(
                        request.Pipeline.Name,
                        request.Version,
                        request.Task,
                        first.Partition,
                        state,
                        message,
                        cause is { } word ? Names.Of(word) : null,
                        first.Number,
                        second.Number,
                        TimeProvider.System.GetUtcNow()
                    )
                ),
            cancellationToken
        );
}
