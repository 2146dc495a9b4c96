namespace Signalbox.DuckDb.Work;

/// <summary>What a child process of the program runs for work with DuckDB, so that neither its memory nor a fault in it is the server's.</summary>
public static class WorkerMain
{
    /// <summary>The work was done; of checks, that they were made, not that they passed.</summary>
    public const int Done = 0;

    /// <summary>A <c>sql:</c> task failed. The error is on stderr, in the response and in the error file.</summary>
    public const int Failed = 1;

    /// <summary>There is no response: the request cannot be read, the native library does not load. The error is on stderr and in the error file.</summary>
    public const int OwnFault = 70;

    /// <summary>Does what a request file asks and writes the response file, whole or not at all.</summary>
    /// <param name="requestFile">A file of <see cref="WorkFiles.WriteRequest"/>.</param>
    /// <param name="responseFile">For <see cref="WorkFiles.ReadResponse"/>.</param>
    /// <param name="errorFile">Where a failure's class and message go as JSON, as every task may write them; null for nowhere.</param>
    /// <returns><see cref="Done"/>, <see cref="Failed"/> or <see cref="OwnFault"/>.</returns>
    public static int Run(string requestFile, string responseFile, string? errorFile)
    {
        try
        {
            WorkResponse response = Answer(WorkFiles.ReadRequest(requestFile), Console.Out);
            WorkFiles.WriteResponse(responseFile, response);
            return response is SqlResponse { Error: { } error } ? Report(errorFile, error, Failed) : Done;
        }
        catch (DuckException e)
        {
            // A setting that DuckDB refuses (a memory limit that is none), or the library itself.
            return Report(errorFile, new WorkError(SqlWork.ClassOf(e), e.Message), OwnFault);
        }
        catch (Exception e)
        {
            // The end of the process: whatever it is, it is said in a sentence and not as a stack trace.
            return Report(
                errorFile,
                new WorkError(
                    e.Message.Contains("No space left on device", StringComparison.Ordinal) ? "disk_full" : "permanent",
                    e.Message
                ),
                OwnFault
            );
        }
    }

    /// <summary>Does what is asked, in this process.</summary>
    /// <param name="request">What to do.</param>
    /// <param name="output">Row counts of a <c>sql:</c> task, a line each.</param>
    /// <exception cref="DuckException">The database does not open: a setting is refused, or the native library does not load.</exception>
    public static WorkResponse Answer(WorkRequest request, TextWriter output)
    {
        using DuckConnection connection = DuckDatabase.OpenMemory(
            new DuckSettings
            {
                MemoryLimit = request.MemoryLimit,
                Threads = request.Threads,
                TempDirectory = request.TempDirectory,
            }
        );
        // Whoever's machine it is, timestamps with a zone come out the same.
        connection.Execute("set TimeZone = 'UTC'");
        switch (request)
        {
            case SqlRequest sql:
                return new SqlWork(connection, sql, output).Run();
            case DescribeRequest describe:
                return new DescribeResponse { Sources = [.. describe.Paths.Select(path => SourceDescriber.Describe(connection, path))] };
            case ChecksRequest checks:
                return new ChecksWork(connection, checks).Run();
            case CompareRequest compare:
                return RowComparer.Compare(connection, compare);
            case DiscrepancyRequest discrepancies:
                return new DiscrepancyWork(connection, discrepancies).Run();
            case FirstValueRequest first:
                return FirstValueWork.Run(connection, first);
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    private static int Report(string? errorFile, WorkError error, int exitCode)
    {
        Console.Error.WriteLine(error.Message);
        if (errorFile is not null)
        {
            try
            {
                WorkFiles.WriteError(errorFile, error);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                Console.Error.WriteLine($"the error's class could not be written to {errorFile}: {e.Message}");
            }
        }
        return exitCode;
    }
}
