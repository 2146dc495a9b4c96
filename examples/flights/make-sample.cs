#!/usr/bin/env dotnet
#:project ../../src/Signalbox.DuckDb/Signalbox.DuckDb.csproj
#:property PublishAot=false
#:property Configuration=Release
#:property RestorePackagesWithLockFile=false

// Makes flights.parquet, the sample beside this file, out of the whole data set:
//
//     dotnet run make-sample.cs -- PATH/TO/flights-3m.parquet [OUTPUT]
//
// All rows of three whole weeks. Run twice it gives the same bytes: rows have one order, and one thread writes them.

using Signalbox.DuckDb;

const string firstDay = "2001-01-01";
const string dayAfter = "2001-01-22";
const long mostBytes = 3_000_000;

if (args.Length is < 1 or > 2)
{
    Console.Error.WriteLine("usage: dotnet run make-sample.cs -- PATH/TO/flights-3m.parquet [OUTPUT]");
    return 2;
}
string output = args.Length == 2 ? args[1] : "flights.parquet";
try
{
    using DuckConnection connection = DuckDatabase.OpenMemory(new DuckSettings { Threads = 1 });
    long rows = connection.Execute(
        $"""
        copy (
          select date, delay, distance, origin, destination
          from read_parquet({SqlQuote.Path(args[0])}, hive_partitioning = false)
          where date >= timestamp '{firstDay}' and date < timestamp '{dayAfter}'
          order by all
        ) to {SqlQuote.Literal(output)} (format parquet, parquet_version v2, compression zstd, compression_level 22, row_group_size 1000000)
        """
    );
    long bytes = new FileInfo(output).Length;
    Console.WriteLine($"{output}: {rows:N0} flights from {firstDay} to the day before {dayAfter}, {bytes:N0} bytes");
    if (bytes > mostBytes)
    {
        Console.Error.WriteLine($"{output} is larger than {mostBytes:N0} bytes, more than the repository should carry");
        return 1;
    }
    return 0;
}
catch (DuckException e)
{
    Console.Error.WriteLine(e.Message);
    return 1;
}
