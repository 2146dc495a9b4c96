using Signalbox.DuckDb.Work;

namespace Signalbox.DuckDb.Tests.Work;

/// <summary>Data files of a test, and checks on them.</summary>
internal static class Data
{
    /// <summary>Writes the rows of a select in the form that the path's ending names.</summary>
    public static string Write(string path, string select)
    {
        var response = (SqlResponse)
            WorkerMain.Answer(
                new SqlRequest
                {
                    Sql = select,
                    Outputs = new Dictionary<string, string> { ["o"] = path },
                },
                TextWriter.Null
            );
        Assert.Null(response.Error);
        return path;
    }

    public static ChecksResponse Ask(string path, params Check[] checks) => Ask(new ChecksRequest { Path = path, Checks = checks });

    public static ChecksResponse Ask(ChecksRequest request) => (ChecksResponse)WorkerMain.Answer(request, TextWriter.Null);

    public static CheckResult Passes(string path, Check check)
    {
        CheckResult result = Assert.Single(Ask(path, check).Checks);
        Assert.True(result.Passed, result.Message);
        return result;
    }

    public static CheckResult Fails(string path, Check check)
    {
        CheckResult result = Assert.Single(Ask(path, check).Checks);
        Assert.False(result.Passed, result.Message);
        Assert.True(result.Ran, result.Message);
        return result;
    }

    public static CheckResult CannotRun(string path, Check check)
    {
        CheckResult result = Assert.Single(Ask(path, check).Checks);
        Assert.False(result.Passed || result.Ran, result.Message);
        return result;
    }

    /// <summary>All rows as texts, a line each.</summary>
    public static List<string> Rows(string path, string columns = "*")
    {
        using DuckConnection connection = DuckDatabase.OpenMemory(new DuckSettings());
        using DuckReader reader = connection.Query($"select concat_ws('|', {columns}) from read_parquet({SqlQuote.Path(path)})");
        var rows = new List<string>();
        while (reader.Read())
        {
            rows.Add(reader.GetString(0));
        }
        return rows;
    }
}
