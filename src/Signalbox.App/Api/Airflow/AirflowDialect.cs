using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;
using Signalbox.App.Cli;
using Signalbox.Core.Definitions;
using Signalbox.Core.Runs;
using Signalbox.Storage;

namespace Signalbox.App.Api;

/// <summary>
/// One version of Airflow's interface: its documents, and where it differs from the other. What both have, the addresses before all, is in
/// <see cref="AirflowEndpoints"/>.
/// </summary>
internal abstract class AirflowDialect
{
    public static readonly AirflowDialect V1 = new AirflowV1();
    public static readonly AirflowDialect V2 = new AirflowV2();

    /// <summary>What all its addresses begin with.</summary>
    public abstract string Prefix { get; }

    /// <summary>Where its health is, below the prefix.</summary>
    public abstract string HealthPath { get; }

    /// <summary>The version of Airflow that is spoken.</summary>
    public abstract string Version { get; }

    /// <summary>Items of a list when the call does not say.</summary>
    public abstract int DefaultLimit { get; }

    /// <summary>The status for a body that is not of the right form.</summary>
    public abstract int Malformed { get; }

    /// <summary>Whether a call to trigger says which date, if only that it says none.</summary>
    public abstract bool NamesTheDate { get; }

    /// <summary>The fields of the body of a call.</summary>
    public abstract string[] TriggerFields { get; }

    public abstract string[] PatchRunFields { get; }

    public abstract string[] ClearFields { get; }

    /// <summary>What a list can be filtered by, beside limit, offset and order.</summary>
    public abstract string[] DagFilters { get; }

    public abstract string[] RunFilters { get; }

    public abstract string[] TaskFilters { get; }

    public abstract object Dag(StoredPipeline row, Pipeline pipeline, AirflowCalls calls);

    public abstract object Dags(IEnumerable<(StoredPipeline Row, Pipeline Pipeline)> dags, int total, AirflowCalls calls);

    public abstract object Run(ReadSession session, Run run);

    public abstract object Runs(ReadSession session, IEnumerable<Run> runs, long total);

    public abstract object Task(RunPicture picture, TaskRun task, Attempt? attempt);

    public abstract object Tasks(RunPicture picture, IEnumerable<(TaskRun Task, Attempt? Attempt)> tasks, int total);

    /// <summary>What a call to clear is answered with.</summary>
    public abstract object Cleared(string dag, IReadOnlyList<(RunPicture Picture, TaskRun Task)> cleared);

    /// <summary>In which form a call wants a log.</summary>
    public abstract LogForm LogFormOf(HttpContext call);

    /// <param name="end">Behind the last byte of the text.</param>
    /// <param name="isLast">Whether nothing comes after that.</param>
    public abstract object Log(string text, long end, bool isLast);

    /// <summary>How much a call wants a media type, by its <c>Accept</c>: 0, not at all, to 1.</summary>
    protected static double Quality(HttpContext call, string type)
    {
        var wanted = call.Request.GetTypedHeaders().Accept.Where(each => new MediaTypeHeaderValue(type).IsSubsetOf(each)).ToList();
        return wanted.Count == 0 ? 0 : wanted.Max(each => each.Quality ?? 1);
    }
}

/// <summary>How a log is written in an answer.</summary>
internal enum LogForm
{
    /// <summary>A part of it, in a document.</summary>
    Document,

    /// <summary>All of it, as text.</summary>
    Text,

    /// <summary>All of it, a JSON object a line.</summary>
    Lines,
}
