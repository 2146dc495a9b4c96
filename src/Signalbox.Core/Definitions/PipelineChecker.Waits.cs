using Signalbox.Core.Expressions;

namespace Signalbox.Core.Definitions;

/// <content>Tasks that wait.</content>
public sealed partial class PipelineChecker
{
    private void CheckWait(int node, TaskKind kind, string path)
    {
        switch (kind)
        {
            case TaskKind.WaitForFile file:
                NotEmpty(file.Path, $"{path}.wait_for.file", "the path is empty");
                CheckTemplate(node, file.Path, $"{path}.wait_for.file", Place.Item);
                NotNegative(file.StableFor, $"{path}.wait_for.stable_for");
                AtLeast(0, file.MinSize, $"{path}.wait_for.min_size");
                Positive(file.Every, $"{path}.every");
                break;
            case TaskKind.WaitForTime time:
                if (CheckTemplate(node, time.Time, $"{path}.wait_for.time", Place.Item) is { IsLiteral: true } && !IsTime(time.Time))
                {
                    Error(
                        "bad-time",
                        $"{path}.wait_for.time",
                        $"`{time.Time}` is no time; write HH:MM, HH:MM:SS or an instant such as 2001-01-05T06:00:00Z"
                    );
                }

                break;
            case TaskKind.WaitForTask other:
                CheckOtherTask(other, path);
                break;
            case TaskKind.WaitForS3 s3:
                CheckAddress(node, s3.Address, $"{path}.wait_for.s3", ["s3://"], "s3://bucket/key");
                NotNegative(s3.StableFor, $"{path}.wait_for.stable_for");
                AtLeast(0, s3.MinSize, $"{path}.wait_for.min_size");
                Positive(s3.Every, $"{path}.every");
                break;
            case TaskKind.WaitForSql sql:
                NotEmpty(sql.Query, $"{path}.wait_for.sql", "the query is empty");
                CheckQuery(node, sql.Query, $"{path}.wait_for.sql");
                Positive(sql.Every, $"{path}.every");
                break;
            case TaskKind.WaitForHttp http:
                CheckHttp(node, http, path);
                break;
            case TaskKind.WaitForMessage message:
                NotEmpty(message.Name, $"{path}.wait_for.message", "the message has no name");
                CheckTemplate(node, message.Name, $"{path}.wait_for.message", Place.Item);
                Positive(message.Every, $"{path}.every");
                break;
        }
    }

    /// <summary>An address that begins with one of some schemes; where it begins with a template that is seen only when it is looked at.</summary>
    private void CheckAddress(int node, string text, string path, ReadOnlySpan<string> schemes, string example, Place where = Place.Item)
    {
        NotEmpty(text, path, "the address is empty");
        CheckTemplate(node, text, path, where);
        var known = text.StartsWith("{{", StringComparison.Ordinal) || string.IsNullOrWhiteSpace(text);
        foreach (var scheme in schemes)
        {
            known |= text.StartsWith(scheme, StringComparison.Ordinal) && text.Length > scheme.Length;
        }

        if (!known)
        {
            Error("bad-address", path, $"`{text}` is no such address; write e.g. {example}");
        }
    }

    /// <summary>Unlike a task's own statements a query that is only asked may read the clock: what it gives is kept nowhere.</summary>
    private void CheckQuery(int node, string text, string path)
    {
        var parsed = SqlTemplate.Parse(text);
        if (!parsed.Succeeded)
        {
            Report(parsed.Errors, path);
        }
        else
        {
            CheckReferences(node, parsed.Value.Template, path, Place.Item);
        }
    }

    private void CheckHttp(int node, TaskKind.WaitForHttp http, string path)
    {
        CheckAddress(node, http.Url, $"{path}.wait_for.http", ["http://", "https://"], "https://host/path");
        Positive(http.Every, $"{path}.every");
        CheckStatuses(http.Status, $"{path}.wait_for.status");
        foreach (var (at, value) in http.Values)
        {
            CheckTemplate(node, value, $"{path}.wait_for.json.{at}", Place.Item);
        }

        CheckHeaders(node, http.Headers, $"{path}.wait_for.headers", Place.Item);
    }

    private void CheckOtherTask(TaskKind.WaitForTask other, string path)
    {
        if (Slug.Problem(other.Pipeline.Value) is { } problem)
        {
            Error("bad-name", $"{path}.wait_for.task.pipeline", problem);
        }

        Positive(other.Every, $"{path}.every");

        // An earlier run of the same pipeline may be waited for: that is no circle.
        if (other.Pipeline == _pipeline.Name && (other.Match != TaskMatch.Offset || other.Offset == TimeSpan.Zero))
        {
            Error(
                "waits-for-itself",
                $"{path}.wait_for.task",
                other.Task is { } task
                    ? $"`{task}` is a task of this pipeline: add it to `needs`"
                    : "the pipeline waits for its own run, which ends only after it"
            );
        }
    }
}
