namespace Signalbox.Storage;

/// <summary>One connection to the database, used by one thread at a time, with the statements it has prepared.</summary>
internal abstract class Link(Dialect dialect) : IDisposable
{
    private Statement?[] statements = new Statement?[128];

    public Dialect Dialect { get; } = dialect;

    /// <summary>The statement for this text, prepared at its first use on this connection.</summary>
    public virtual Statement Use(Sql sql)
    {
        if (sql.Slot >= statements.Length)
        {
            Array.Resize(ref statements, Math.Max(sql.Slot + 1, statements.Length * 2));
        }

        return statements[sql.Slot] ??= Prepare(sql);
    }

    /// <summary>Whether there is such a table.</summary>
    public abstract bool HasTable(string name);

    /// <summary>Executes a script of several statements without parameters.</summary>
    public abstract void Script(string text);

    /// <summary>Begins a transaction that writes; waits for other writers.</summary>
    public abstract void BeginWrite();

    /// <summary>Begins a transaction that sees one state of the database throughout.</summary>
    public abstract void BeginRead();

    public abstract void Commit();

    /// <summary>Ends the transaction without keeping anything; does nothing when there is none.</summary>
    public abstract void Rollback();

    /// <summary>Begins a part of the transaction that can be undone alone.</summary>
    public abstract void Savepoint();

    /// <summary>Keeps the part.</summary>
    public abstract void Release();

    /// <summary>Undoes the part. False: the whole transaction is gone.</summary>
    public abstract bool TryUndo();

    /// <summary>Whether the whole transaction is lost for a reason that is gone when it is tried again.</summary>
    public abstract bool MustRetry(Exception problem);

    /// <summary>Executes what was posted.</summary>
    public abstract void Flush();

    /// <summary>The store's own exception for one of the driver's; null when the exception is not the driver's.</summary>
    public abstract StoreException? Translate(Exception exception);

    public void Dispose()
    {
        foreach (var statement in statements)
        {
            if (statement is IPrepared prepared)
            {
                prepared.Discard();
            }
        }

        Array.Clear(statements);
        Close();
    }

    protected abstract Statement Prepare(Sql sql);

    protected abstract void Close();
}

/// <summary>A statement that holds something of the database beyond its use.</summary>
internal interface IPrepared
{
    void Discard();
}
