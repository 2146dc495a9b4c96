using Microsoft.AspNetCore.Http;
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

    /// <summary>Whether a log is given as text to who asks so.</summary>
    public abstract bool IsPlainLog(HttpContext call);

    /// <param name="next">Where the next part begins; null when this is the last.</param>
    public abstract object Log(string text, string? next);
}
