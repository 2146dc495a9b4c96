using Signalbox.DuckDb.Work;

namespace Signalbox.DuckDb.Tests;

public sealed class FlightsSampleTests
{
    [Fact]
    [Trait("Requirement", "S197")]
    public void The_sample_in_the_repository_is_small_and_has_every_day_of_three_weeks()
    {
        string file = Path.Combine(Repository(), "examples", "flights", "flights.parquet");
        Assert.InRange(new FileInfo(file).Length, 1, 3_000_000);
        var response = (ChecksResponse)
            WorkerMain.Answer(
                new ChecksRequest
                {
                    Path = file,
                    Checks =
                    [
                        new RowCountCheck { Min = 342_425, Max = 342_425 },
                        new NotNullCheck { Columns = ["date", "delay", "distance", "origin", "destination"] },
                        new RangeCheck
                        {
                            Column = "date",
                            Min = "2001-01-01",
                            Max = "2001-01-21 23:59:59",
                        },
                        new SqlCheck { Query = "select count(*) from (select distinct date::date from staged) having count(*) <> 21" },
                        new RegexCheck { Column = "origin", Pattern = "^[A-Z]{3}$" },
                        new SchemaCheck
                        {
                            Columns = new Dictionary<string, string>
                            {
                                ["date"] = "timestamp",
                                ["delay"] = "bigint",
                                ["distance"] = "bigint",
                                ["origin"] = "varchar",
                                ["destination"] = "varchar",
                            },
                        },
                    ],
                },
                TextWriter.Null
            );
        Assert.All(response.Checks, check => Assert.True(check.Passed, check.Message));
    }

    private static string Repository()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "Signalbox.slnx")))
        {
            folder = Path.GetDirectoryName(folder);
        }
        return folder ?? throw new InvalidOperationException("the tests run outside the repository");
    }
}
