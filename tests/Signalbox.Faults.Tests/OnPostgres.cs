namespace Signalbox.Faults.Tests;

/// <summary>A scene whose project is on a PostgreSQL of its own.</summary>
public abstract class OnPostgres(string name, string what, int shortly, int atLength) : Scene(name, what, shortly, atLength)
{
    private OwnPostgres? _postgres;

    private protected OwnPostgres Postgres => _postgres!;

    private protected override string? Hindrance => OwnPostgres.Programs is null ? "PostgreSQL is not installed" : null;

    private protected override string Settings => $"database: {Postgres.Address}\n";

    private protected override Task PrepareAsync(string folder)
    {
        _postgres = OwnPostgres.Make();
        return Task.CompletedTask;
    }

    private protected override void CleanUp() => _postgres?.Dispose();
}
