using System.Diagnostics;

namespace Signalbox.DuckDb.Tests;

/// <summary>Alone, since it measures the whole process.</summary>
[CollectionDefinition(DisableParallelization = true)]
public sealed class AloneCollection;

[Collection(typeof(AloneCollection))]
public sealed class MemoryTests
{
    [Fact]
    public void Hundreds_of_databases_results_and_errors_leave_no_memory_behind()
    {
        // A result of these rows takes more than a megabyte.
        Work(30);
        long before = Resident();
        Work(200);
        Assert.InRange(Resident() - before, long.MinValue, 100_000_000);

        static void Work(int rounds)
        {
            for (int i = 0; i < rounds; i++)
            {
                using DuckConnection connection = DuckDatabase.OpenMemory(new DuckSettings { Threads = 1 });
                using DuckReader reader = connection.Query("select range, repeat('x', 100) from range(10000)");
                Assert.True(reader.ReadChunk());
                Assert.Throws<DuckException>(() => connection.Execute("select nothing"));
            }
        }

        static long Resident()
        {
            using var self = Process.GetCurrentProcess();
            return self.WorkingSet64;
        }
    }
}
