namespace Signalbox.DuckDb.Work;

/// <summary>Runs the script of a <c>sql:</c> task.</summary>
internal sealed class SqlWork(DuckConnection connection, SqlRequest request, TextWriter output)
{
    private readonly List<StatementResult> results = [];
    private readonly List<string> missingInputs = [];

    internal SqlResponse Run()
    {
        SqlStatement current = default;
        try
        {
            // All of it is parsed before any of it runs: a slip in the last line costs nothing.
            connection.CountStatements(request.Sql);
            MakeFolders();
            MakeViews();
            IReadOnlyList<SqlStatement> statements = SqlScript.Split(request.Sql);
            if (statements.Count == 0)
            {
                throw new DuckException("the script has no statement");
            }
            for (int i = 0; i < statements.Count; i++)
            {
                current = statements[i];
                StatementResult result = Run(current, isLast: i == statements.Count - 1);
                results.Add(result);
                output.WriteLine(
                    result.Output is null
                        ? $"statement {i + 1} of {statements.Count} (line {result.Line}): {(result.Rows is { } rows ? $"{rows:N0} rows" : "done")}"
                        : $"output {result.Output}: {result.Rows:N0} rows"
                );
            }
            return new SqlResponse { Statements = results };
        }
        catch (DuckException e) when (e is not DuckLibraryException)
        {
            string place = current.Text is null ? "" : $"statement {results.Count + 1} (line {current.Line}): ";
            string hint = missingInputs.Count == 0 ? "" : $"\n{string.Join("\n", missingInputs)}";
            return new SqlResponse { Statements = results, Error = new WorkError(ClassOf(e), place + e.Message + hint) };
        }
    }

    /// <summary>The failure class of an error, by which a task's retries go.</summary>
    internal static string ClassOf(DuckException error)
    {
        if (
            error.Message.Contains("No space left on device", StringComparison.Ordinal)
            || error.Message.Contains("max_temp_directory_size", StringComparison.Ordinal)
        )
        {
            return "disk_full";
        }
        return error.Kind switch
        {
            DuckErrorKind.Binder or DuckErrorKind.Catalog => "schema",
            DuckErrorKind.Constraint or DuckErrorKind.Conversion => "validation",
            DuckErrorKind.Io when error.Message.Contains("lock on file", StringComparison.Ordinal) => "transient",
            _ => "permanent",
        };
    }

    private StatementResult Run(SqlStatement statement, bool isLast)
    {
        // One text that DuckDB makes several statements of is a pivot, which is a select too.
        if (connection.CountStatements(statement.Text) == 1 && !connection.IsSelect(statement.Text))
        {
            return new StatementResult(statement.Line, connection.Run(statement.Text), null);
        }
        if (isLast && request.Outputs.Count == 1)
        {
            (string name, string path) = request.Outputs.First();
            if (!File.Exists(path))
            {
                long rows = connection.Execute($"copy (\n{statement.Text}\n) to {SqlQuote.Literal(path)} ({FormOf(name, path)})");
                return new StatementResult(statement.Line, rows, name);
            }
        }
        return new StatementResult(statement.Line, connection.Run(statement.Text), null);
    }

    private static string FormOf(string name, string path) =>
        DataSource.CopyOptions(path)
        ?? throw new DuckException(
            $"the script ends in a select, whose rows would go to output '{name}', but {path} is no file name that ends in "
                + ".parquet, .csv, .tsv, .json, .jsonl or .ndjson; name such a file, or write the output with copy"
        );

    private void MakeFolders()
    {
        foreach (string path in request.Outputs.Values)
        {
            Directory.CreateDirectory(path.EndsWith('/') ? path : Path.GetDirectoryName(Path.GetFullPath(path))!);
        }
    }

    // Not every input is a table, and not every one is used as such: that one is none matters only if the script then fails.
    private void MakeViews()
    {
        foreach ((string name, string path) in request.Inputs)
        {
            if (DataSource.Find(path, out string? reason) is not { } source)
            {
                missingInputs.Add($"Input '{name}' is no table: {reason}.");
                continue;
            }
            string options = source.HasPartitionFolders ? ", hive_partitioning = true" : SourceDescriber.OwnColumnsOnly;
            try
            {
                connection.Execute($"create temp view {SqlQuote.Identifier(name)} as select * from {source.Read(source.Files, options)}");
            }
            catch (DuckException e) when (e is not DuckLibraryException)
            {
                missingInputs.Add($"Input '{name}' is no table: {path} cannot be read: {SourceDescriber.FirstLines(e.Message)}.");
            }
        }
    }
}
