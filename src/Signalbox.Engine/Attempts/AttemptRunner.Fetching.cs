using System.Collections.Immutable;
using Signalbox.Core.Definitions;
using Signalbox.Core.Runs;
using Signalbox.Engine.Outputs.S3;

namespace Signalbox.Engine.Attempts;

/// <content>What a task reads: its parameters, and inputs that lie elsewhere, brought here when it cannot read them there.</content>
internal sealed partial class AttemptRunner
{
    private readonly S3Fetch _fetch = new(new S3Clients(parts.Project));

    /// <summary>Holds what was brought here for an attempt; wiped when that has ended.</summary>
    private static string FolderOfFetched(LiveAttempt attempt) => Path.Combine(attempt.Ref.Directory, "fetched");

    /// <summary>Among what was brought here: what a load reads from; no input has such a name.</summary>
    internal const string LoadFrom = "load.from";

    private Task<string> FetchAsync(LiveAttempt attempt, string name, string address) =>
        _fetch.FetchAsync(address, Path.Combine(FolderOfFetched(attempt), name), attempt.Stop.Token);

    /// <returns>Input name to a path of this machine; null when there is none to bring.</returns>
    /// <exception cref="Outputs.PlaceException">An input is not there, or its server refuses.</exception>
    private async Task<ImmutableSortedDictionary<string, string>?> FetchAsync(LiveAttempt attempt)
    {
        var from = (attempt.Node.Kind as TaskKind.Load)?.From;
        if (attempt.Node.Inputs.IsEmpty && from is null)
        {
            return null;
        }

        var fetched = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        foreach (var (name, path) in names.Of(attempt.Pipeline, attempt.Run).Inputs(attempt.Node, attempt.Task, attempt.Number))
        {
            if (S3Address.Is(path) && (attempt.Node.IsFetched(name) || attempt.Node.InputChecks.ContainsKey(name)))
            {
                fetched[name] = await FetchAsync(attempt, name, path);
            }
        }

        if (from is not null && ContextOf(attempt, []).Render(from, LoadFrom) is var source && S3Address.Is(source))
        {
            fetched[LoadFrom] = await FetchAsync(attempt, LoadFrom, source);
        }

        return fetched.ToImmutable();
    }

    /// <summary>The file that commands read the parameters from; the same for all tasks of a run, written by the first.</summary>
    private void WriteParams(Run run)
    {
        var file = parts.State.Params(run.Number);
        if (!File.Exists(file))
        {
            var temporary = $"{file}.{Guid.NewGuid():N}";
            File.WriteAllText(temporary, run.Params);
            File.Move(temporary, file, overwrite: true);
        }
    }
}
