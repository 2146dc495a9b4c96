using System.Text.RegularExpressions;
using Signalbox.Core;
using Signalbox.Core.Checks;
using Signalbox.Core.Expressions;
using Signalbox.Core.Retry;
using Signalbox.DuckDb.Work;
using Signalbox.Engine.Attempts;
using Signalbox.Storage;

namespace Signalbox.Engine.Outputs;

/// <summary>Puts the checks of a pipeline as the child process understands them: values for templates, files for datasets and earlier versions.</summary>
internal sealed partial class AuditQuestions(Store store, AttemptContext context, AuditSubject subject, IScope scope)
{
    // So many versions back the content of one is looked for.
    private const int MostLookedAt = 50;

    /// <exception cref="TaskRefused">A template asks for what is not there, or a dataset has no version.</exception>
    public Check Of(CheckSpec check, string field)
    {
        Check question = check switch
        {
            CheckSpec.RowCount rows => new RowCountCheck
            {
                Min = Whole(rows.Min, field),
                Max = Whole(rows.Max, field),
                Change = rows.Change?.Max,
                Earlier = rows.Change is { } change ? EarlierRows(change.Versions) : [],
            },
            CheckSpec.NotNull notNull => new NotNullCheck { Columns = notNull.Columns, Tolerate = notNull.Tolerate },
            CheckSpec.Unique unique => new UniqueCheck { Columns = unique.Columns },
            CheckSpec.Range range => new RangeCheck
            {
                Column = range.Column,
                Min = Text(range.Min, field),
                Max = Text(range.Max, field),
            },
            CheckSpec.AcceptedValues values => new AcceptedValuesCheck
            {
                Column = values.Column,
                Values = [.. values.Values.Select(value => Text(value, field)!)],
            },
            CheckSpec.Regex regex => new RegexCheck { Column = regex.Column, Pattern = regex.Pattern },
            CheckSpec.Schema schema => new SchemaCheck { Columns = schema.Columns, AtLeast = schema.AtLeast },
            CheckSpec.Freshness fresh => new FreshnessCheck { Column = fresh.Column, NotBefore = context.Run.IntervalEnd - fresh.MaxAge },
            CheckSpec.Referential other => Referential(other, field),
            CheckSpec.Drift drift => Drift(drift),
            CheckSpec.Sql sql => new SqlCheck
            {
                Query = Query(sql.Query, field),
                Expect = sql.Expect is null ? SqlExpectation.NoRows : SqlExpectation.Value,
                Operator = sql.Expect is { } expect ? $"{expect}".Split(' ', 2)[0] : null,
                Than = Text(sql.Expect?.Value, field),
            },
            _ => throw new System.Diagnostics.UnreachableException(),
        };
        return question with { Name = check.Name, Severity = Names.Of(check.Severity) };
    }

    private ReferentialCheck Referential(CheckSpec.Referential check, string field)
    {
        var (path, called) = check.Dataset is { } dataset ? DatasetPath(dataset, field) : (Text(check.Path, field)!, null);
        return new ReferentialCheck
        {
            Column = check.Column,
            Path = Path.GetFullPath(path, context.Parts.Project.Folder),
            Key = check.Key ?? check.Column,
            Called = called ?? path,
        };
    }

    /// <summary>The dataset's version for this run's partition, else the newest.</summary>
    private (string Path, string Called) DatasetPath(string template, string field)
    {
        var dataset = Text(template, field)!;
        var found = store.Read(session =>
            session
                .PublicationsTo(dataset, MostLookedAt)
                .Where(version =>
                    (version.Namespace is null || version.Namespace == context.Run.Namespace) && IsReadable(session, version, out _)
                )
                .OrderByDescending(version => version.Partition == context.Run.Partition)
                .ThenByDescending(version => version.Id)
                .FirstOrDefault()
        );
        return found is null
            ? throw TaskRefused.Because(
                FailureClass.ResourceUnavailable,
                $"{field}: the dataset `{dataset}` has no version on this machine yet",
                "check"
            )
            : (found.Path, dataset);
    }

    private List<long> EarlierRows(int versions) =>
        store.Read(session =>
        {
            var earlier = Earlier(session, versions).Select(version => version.Rows).OfType<long>().ToList();
            return earlier.Count > 0
                ? earlier
                : session
                    .VersionsAt(subject.Target, versions)
                    .Where(version => version.Run != context.Run.Number)
                    .Select(version => version.Rows)
                    .OfType<long>()
                    .ToList();
        });

    private DriftCheck Drift(CheckSpec.Drift check)
    {
        var (path, called) = store.Read(session =>
        {
            foreach (var version in Earlier(session, MostLookedAt))
            {
                if (IsReadable(session, version, out var found))
                {
                    return (found, Called(session, version));
                }
            }

            // What stands at the target now was published for this interval or a later one: still better than nothing to compare with.
            return
                session.PublicationAt(subject.Target) is { } current
                && !subject.Name.StartsWith("inputs.", StringComparison.Ordinal)
                && IsReadable(session, current, out var there)
                ? (there, Called(session, current))
                : (null, null);
        });
        return new DriftCheck
        {
            Columns = check.Columns,
            Reference = path,
            Called = called,
            Threshold = check.Threshold,
            Bins = check.Bins,
        };
    }

    /// <summary>The versions of the same output for earlier data intervals: what a re-run of one date is compared with is always the same.</summary>
    private IReadOnlyList<Publication> Earlier(ReadSession session, int limit)
    {
        if (subject.Dataset is not { } dataset)
        {
            return [];
        }

        var before = context.Run.IntervalStart;
        var item = context.Task.Item;
        if (session.PublicationAt(subject.Target) is { } made && subject.Name.StartsWith("inputs.", StringComparison.Ordinal))
        {
            before = session.Run(made.Run)?.IntervalStart ?? before;
            item = made.Task.IsInstance ? session.Task(made.Run, made.Task)?.Item : null;
        }

        return session.EarlierVersions(dataset, item, before, context.Run.Namespace, limit);
    }

    /// <summary>Whether the content of a version lies on this machine, and where: at its path as long as it is current, else where it is kept.</summary>
    private static bool IsReadable(ReadSession session, Publication version, out string? path)
    {
        path =
            version.Kind is not (PublicationKind.File or PublicationKind.Folder) ? null
            : session.PublicationAt(version.Path)?.Id == version.Id ? version.Path
            : version.Kept;
        return path is not null && Path.Exists(path);
    }

    private static string Called(ReadSession session, Publication version) =>
        $"run {version.Run}{(session.Run(version.Run) is { } run ? $", {(run.Partition.Length > 0 ? run.Partition : $"{run.LogicalDate.UtcDateTime:yyyy-MM-dd}")}" : "")}";

    // In a query the staged data is the table `staged`, whether it is a file or a folder of files.
    private string Query(string query, string field) =>
        Templates.Value(SqlTemplate.From(Templates.Of(Staged().Replace(query, "staged"), field)).Render(scope), field);

    private string? Text(string? template, string field) => template is null ? null : Templates.Render(template, scope, field);

    private long? Whole(string? template, string field) =>
        Text(template, field) is not { } text ? null
        : long.TryParse(text, out var number) ? number
        : throw TaskRefused.Because(FailureClass.Permanent, $"{field}: '{text}' is not a whole number", "template");

    [GeneratedRegex(@"\{\{-?\s*staged\s*-?\}\}", RegexOptions.NonBacktracking)]
    private static partial Regex Staged();
}
