using System.Globalization;
using Signalbox.Core.Checks;
using Signalbox.Core.Expressions;

namespace Signalbox.Core.Definitions;

public sealed partial class PipelineChecker
{
    /// <summary>In a check: the path of what was staged, or of the input.</summary>
    private const string Staged = "staged";

    private void CheckInputChecks(int node, TaskNode task, string path)
    {
        foreach (var (input, checks) in task.InputChecks)
        {
            if (task.Kind.Waits)
            {
                Error(
                    "wrong-key",
                    $"{path}.inputs.{input}.checks",
                    "a task that waits reads nothing; check the input in the task that reads it"
                );
            }

            CheckChecks(node, checks, task.Inputs.GetValueOrDefault(input, ""), $"{path}.inputs.{input}.checks", isInput: true);
        }
    }

    private void CheckChecks(int node, ImmutableArray<CheckSpec> checks, string target, string path, bool isInput)
    {
        string? folder = null;
        for (var i = 0; i < checks.Length; i++)
        {
            var check = checks[i];
            CheckCheck(node, check, $"{path}[{i}]");
            CheckSeverityOf(node, check, $"{path}[{i}]", isInput);
            if (check is CheckSpec.Drift && target.Contains("://", StringComparison.Ordinal))
            {
                Error(
                    "no-reference",
                    $"{path}[{i}].drift",
                    "the values of earlier versions are compared, and those at an address are not on this machine; check the drift of a file that the task before makes"
                );
            }

            if (check.QuarantineFolder is { } other && (folder ??= other) != other)
            {
                Error(
                    "two-places",
                    $"{path}[{i}].quarantine",
                    $"rejected rows of one output go to one place, and another check names `{folder}`; name it once"
                );
            }
        }
    }

    private void CheckSeverityOf(int node, CheckSpec check, string path, bool isInput)
    {
        if (check.QuarantineFolder is { } folder)
        {
            if (check.Severity != CheckSeverity.Quarantine)
            {
                Error("wrong-key", $"{path}.quarantine", "`quarantine` goes with `severity: quarantine`, which the check does not have");
            }
            else if (folder.Contains("://", StringComparison.Ordinal))
            {
                Error(
                    "path-outside",
                    $"{path}.quarantine",
                    "rejected rows are kept on this machine, under the project folder; an address is no place for them"
                );
            }
            else if (
                CheckTemplate(node, folder, $"{path}.quarantine", Place.Output) is { } template
                && EscapeProblem(Sketch(template)) is { } escape
            )
            {
                Error("path-outside", $"{path}.quarantine", escape);
            }
        }

        if (check.Severity != CheckSeverity.Quarantine)
        {
            return;
        }

        if (isInput)
        {
            Error(
                "no-quarantine",
                $"{path}.severity",
                "rows of an input stay where they are: they are somebody else's. Use `block` or `warn`, or put rows into quarantine in the task that makes them"
            );
        }
        else if (!check.IsOfRows)
        {
            Error(
                "no-quarantine",
                $"{path}.severity",
                check is CheckSpec.Sql
                    ? "a query that is compared with a value does not say which rows are wrong; use `block` or `warn`, or a query that gives the wrong rows"
                    : $"`{KindOf(check)}` does not say which rows are wrong, so none can be put into quarantine; use `block` or `warn`"
            );
        }
    }

    private static string KindOf(CheckSpec check) =>
        check switch
        {
            CheckSpec.RowCount => "row_count",
            CheckSpec.Schema => "schema",
            CheckSpec.Freshness => "freshness",
            CheckSpec.Drift => "drift",
            CheckSpec.Command => "run",
            _ => "it",
        };

    private void CheckCheck(int node, CheckSpec check, string path)
    {
        switch (check)
        {
            case CheckSpec.RowCount rows:
                CheckRowCount(node, rows, $"{path}.row_count");
                break;
            case CheckSpec.NotNull notNull:
                CheckColumns(notNull.Columns, $"{path}.not_null");
                if (notNull.Tolerate is not (>= 0 and < 1))
                {
                    Error(
                        "bad-bound",
                        $"{path}.not_null.tolerate",
                        $"the tolerated fraction is 0 or more and below 1, not {Plain(notNull.Tolerate)}"
                    );
                }

                break;
            case CheckSpec.Unique unique:
                CheckColumns(unique.Columns, $"{path}.unique");
                break;
            case CheckSpec.Range range:
                CheckColumns([range.Column], $"{path}.range.column");
                CheckBounds(node, range.Min, range.Max, $"{path}.range", isCount: false);
                break;
            case CheckSpec.AcceptedValues accepted:
                CheckColumns([accepted.Column], $"{path}.accepted_values.column");
                if (accepted.Values.IsDefaultOrEmpty)
                {
                    Error(
                        "empty-check",
                        $"{path}.accepted_values.values",
                        "no value is allowed, so the check always fails; list the values"
                    );
                }

                for (var i = 0; i < accepted.Values.Length; i++)
                {
                    CheckTemplate(node, accepted.Values[i], $"{path}.accepted_values.values[{i}]", Place.Check);
                }

                break;
            case CheckSpec.Regex regex:
                CheckColumns([regex.Column], $"{path}.regex.column");
                NotBlank(regex.Pattern, $"{path}.regex.pattern", "the pattern is empty, so every value matches");
                break;
            case CheckSpec.Schema schema:
                if (schema.Columns.IsEmpty)
                {
                    Error("empty-check", $"{path}.schema", "the schema has no columns; list each with its type");
                }

                break;
            case CheckSpec.Freshness fresh:
                CheckColumns([fresh.Column], $"{path}.freshness.column");
                Positive(fresh.MaxAge, $"{path}.freshness.max_age");
                break;
            case CheckSpec.Referential other:
                CheckReferential(node, other, $"{path}.referential");
                break;
            case CheckSpec.Drift drift:
                CheckDrift(drift, $"{path}.drift");
                break;
            case CheckSpec.Sql sql:
                NotBlank(sql.Query, $"{path}.sql.query", "the query is empty");
                CheckSql(node, sql.Query, $"{path}.sql.query", Place.Check);
                if (sql.Expect is { } expect)
                {
                    CheckTemplate(node, expect.Value, $"{path}.sql.expect", Place.Check);
                }

                break;
            case CheckSpec.Command command:
                NotBlank(command.Text, $"{path}.run", "the command is empty");
                CheckShell(node, command.Text, $"{path}.run", Place.Check);
                break;
        }
    }

    private void CheckRowCount(int node, CheckSpec.RowCount rows, string path)
    {
        if (rows.Change is not { } change)
        {
            CheckBounds(node, rows.Min, rows.Max, path, isCount: true);
            return;
        }

        if (rows.Min is not null || rows.Max is not null)
        {
            CheckBounds(node, rows.Min, rows.Max, path, isCount: true);
        }

        if (!(change.Max > 0 && double.IsFinite(change.Max)))
        {
            Error("bad-bound", $"{path}.change.max", $"the allowed change is above 0 (0.5 is a half), not {Plain(change.Max)}");
        }

        if (change.Versions is < 1 or > 1000)
        {
            Error("bad-bound", $"{path}.change.versions", $"the mean is made of 1 to 1000 earlier versions, not {change.Versions}");
        }
    }

    private void CheckReferential(int node, CheckSpec.Referential other, string path)
    {
        CheckColumns([other.Column], $"{path}.column");
        if (other.Key is { } key)
        {
            CheckColumns([key], $"{path}.key");
        }

        switch (other.Path, other.Dataset)
        {
            case ({ } file, null):
                NotBlank(file, $"{path}.in", "the path is empty");
                CheckTemplate(node, file, $"{path}.in", Place.Check);
                break;
            case (null, { } dataset):
                CheckDataName(node, dataset, $"{path}.dataset", "a dataset");
                break;
            default:
                Error("empty-check", path, "say where the values are looked up, with one of `in` (a path) and `dataset`");
                break;
        }
    }

    private void CheckDrift(CheckSpec.Drift drift, string path)
    {
        CheckColumns(drift.Columns, $"{path}.columns");
        if (!(drift.Threshold > 0 && double.IsFinite(drift.Threshold)))
        {
            Error("bad-bound", $"{path}.threshold", $"the threshold is above 0 (0.2 is usual), not {Plain(drift.Threshold)}");
        }

        if (drift.Bins is < 2 or > 100)
        {
            Error("bad-bound", $"{path}.bins", $"the values go into 2 to 100 bins, not {drift.Bins}");
        }
    }

    private static string Plain(double number) => number.ToString("R", CultureInfo.InvariantCulture);

    private void CheckColumns(ImmutableArray<string> columns, string path)
    {
        if (columns.IsDefaultOrEmpty)
        {
            Error("empty-check", path, "the check has no columns");
            return;
        }

        foreach (var column in columns)
        {
            NotBlank(column, path, "the name of a column is empty");
        }
    }

    private void CheckBounds(int node, string? min, string? max, string path, bool isCount)
    {
        if (min is null && max is null)
        {
            Error("empty-check", path, "the check has no bounds; give `min` or `max`");
        }

        var low = Bound(node, min, $"{path}.min", isCount);
        var high = Bound(node, max, $"{path}.max", isCount);
        if (low > high)
        {
            Error("min-above-max", $"{path}.min", $"the minimum {min} is greater than the maximum {max}, so the check always fails");
        }
    }

    private double? Bound(int node, string? text, string path, bool isCount)
    {
        if (text is null || CheckTemplate(node, text, path, Place.Check) is not { IsLiteral: true })
        {
            return null;
        }

        var isNumber = double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number);
        if (isCount && !(isNumber && number >= 0 && double.IsInteger(number)))
        {
            Error("bad-bound", path, $"a number of rows is a whole number, 0 or more, not `{text}`");
            return null;
        }

        return isNumber ? number : null;
    }

    private void NotBlank(string text, string path, string message)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            Error("empty-check", path, message);
        }
    }
}
