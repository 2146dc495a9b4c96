namespace Signalbox.DuckDb.Work;

/// <summary>Makes the checks of a request: first those that may reject rows, then, on what is left, all others.</summary>
internal sealed class ChecksWork(DuckConnection connection, ChecksRequest request)
{
    internal ChecksResponse Run()
    {
        SourceDescription source = SourceDescriber.Describe(connection, request.Path);
        var runner = new CheckRunner(connection, source);
        var results = new CheckResult?[request.Checks.Count];
        RejectedRows? rejected = null;
        if (request.Rejects is { } rejects)
        {
            var failed = new List<int>();
            for (int i = 0; i < results.Length; i++)
            {
                if (request.Checks[i].Severity == Check.Quarantine)
                {
                    results[i] = runner.Run(request.Checks[i]);
                    if (results[i] is { Passed: false, Ran: true })
                    {
                        failed.Add(i);
                    }
                }
            }
            if (failed.Count > 0)
            {
                rejected = Reject(runner, source, rejects, failed, results);
                source = SourceDescriber.Describe(connection, request.Path);
                runner = new CheckRunner(connection, source);
            }
        }
        for (int i = 0; i < results.Length; i++)
        {
            results[i] ??= runner.Run(request.Checks[i]);
        }
        return new ChecksResponse
        {
            Source = source,
            Checks = results!,
            Rejected = rejected,
        };
    }

    private RejectedRows? Reject(
        CheckRunner runner,
        SourceDescription source,
        RejectsRequest rejects,
        List<int> failed,
        CheckResult?[] results
    )
    {
        var rejecting = new Rejecting(connection, source, rejects);
        IReadOnlyList<long> counts;
        try
        {
            counts = rejecting.Run(runner, [.. failed.Select(i => request.Checks[i])]);
        }
        catch (Exception e) when (e is CheckRunner.CannotCheckException or DuckException and not DuckLibraryException)
        {
            // Nothing has been rewritten yet, and nothing of it is published: a check whose rows cannot be put aside has not been made.
            string reason = $"its rows cannot be put aside: {SourceDescriber.FirstLines(e.Message)}";
            foreach (int i in failed)
            {
                results[i] = results[i]! with { Ran = false, Message = $"{results[i]!.Message}; {reason}" };
            }
            return null;
        }
        var byName = new Dictionary<string, long>();
        for (int i = 0; i < failed.Count; i++)
        {
            CheckResult result = results[failed[i]]!;
            results[failed[i]] = result with { Rejected = counts[i] };
            byName[result.Name] = byName.GetValueOrDefault(result.Name) + counts[i];
        }
        return new RejectedRows(rejecting.Rows, source.Rows, byName);
    }
}
