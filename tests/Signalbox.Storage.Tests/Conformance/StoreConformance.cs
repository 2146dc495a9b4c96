namespace Signalbox.Storage.Tests;

/// <summary>What every database must do. One suite; each database sits it.</summary>
public abstract partial class StoreConformance(TestDatabase database, ITestOutputHelper output)
{
    protected TestDatabase Database { get; } = database;

    protected ITestOutputHelper Output { get; } = output;

    protected static CancellationToken Ct => TestContext.Current.CancellationToken;
}
