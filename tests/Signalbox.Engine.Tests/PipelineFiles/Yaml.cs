using System.Text;
using Signalbox.Core.Definitions;
using Signalbox.Engine.PipelineFiles;

namespace Signalbox.Engine.Tests.PipelineFiles;

/// <summary>Short ways to read a text as a pipeline file.</summary>
internal static class Yaml
{
    public static ParsedPipeline Parse(string text) => PipelineFile.Parse("p.yaml", Encoding.UTF8.GetBytes(text));

    public static Pipeline Good(string text)
    {
        var parsed = Parse(text);
        Assert.Empty(Errors(parsed.Problems));
        return parsed.Pipeline!;
    }

    /// <summary>The only task of a pipeline, given its keys.</summary>
    public static TaskNode Task(string keys) => Assert.Single(Good($"pipeline: p\ntasks:\n  t: {{{keys}}}\n").Tasks);

    public static string[] Problems(string text)
    {
        var parsed = Parse(text);
        Assert.Null(parsed.Pipeline);
        return Errors(parsed.Problems);
    }

    /// <summary>The problems that are no warnings.</summary>
    public static string[] Errors(IEnumerable<Problem> problems) =>
        [.. problems.Where(problem => problem.Severity == Severity.Error).Select(problem => problem.ToString())];
}
