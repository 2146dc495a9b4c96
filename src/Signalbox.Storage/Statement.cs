using Signalbox.Core;

namespace Signalbox.Storage;

/// <summary>
/// A prepared statement of one connection: set every parameter, then execute, post, or read rows and columns in their order.
/// Disposing it makes it ready for its next use.
/// </summary>
internal abstract class Statement(Sql sql) : IDisposable
{
    private int next;
    private int column;

    protected Sql Sql { get; } = sql;

    public Statement Set(string name, long? value)
    {
        Bind(Position(name), value);
        return this;
    }

    public Statement Set(string name, string? value)
    {
        Bind(Position(name), value);
        return this;
    }

    public Statement Set(string name, double? value)
    {
        Bind(Position(name), value);
        return this;
    }

    public Statement Set(string name, bool value) => Set(name, value ? 1L : 0L);

    public Statement Set(string name, DateTimeOffset? value) => Set(name, value?.ToUnixTimeMilliseconds());

    public Statement Set(string name, TimeSpan? value) => Set(name, (long?)value?.TotalMilliseconds);

    public Statement Set(RunNumber run) => Set("@run", run.Value);

    public Statement Set(TaskKey key) => Set("@task", key.Task.Value).Set("@map_index", key.MapIndex);

    /// <summary>Executes and returns the number of rows changed.</summary>
    public int Execute()
    {
        Check();
        try
        {
            return Run();
        }
        finally
        {
            Dispose();
        }
    }

    /// <summary>
    /// Executes now or together with others at the next <see cref="Link.Flush"/>; one row must be changed (or found, for a query),
    /// else <paramref name="otherwise"/> is thrown. Null: any number will do.
    /// </summary>
    public void Post(Func<StoreException>? otherwise = null)
    {
        Check();
        try
        {
            Enqueue(otherwise);
        }
        finally
        {
            Dispose();
        }
    }

    /// <summary>Moves to the next row; the first call executes. False: there is none.</summary>
    public bool Read()
    {
        if (next >= 0)
        {
            Check();
            next = -1;
            Open();
        }

        column = 0;
        return Next();
    }

    /// <summary>The first column of the first row; null when there is no row or it is null.</summary>
    public long? Scalar()
    {
        using (this)
        {
            return Read() ? LongOrNull() : null;
        }
    }

    public long Long() => GetLong(column++);

    public int Int() => checked((int)GetLong(column++));

    public bool Bool() => GetLong(column++) != 0;

    public double Double() => GetDouble(column++);

    public string Text() => GetText(column++);

    public DateTimeOffset Time() => DateTimeOffset.FromUnixTimeMilliseconds(GetLong(column++));

    public long? LongOrNull() => IsNull(column) ? Skip<long?>() : GetLong(column++);

    public int? IntOrNull() => IsNull(column) ? Skip<int?>() : Int();

    public double? DoubleOrNull() => IsNull(column) ? Skip<double?>() : GetDouble(column++);

    public string? TextOrNull() => IsNull(column) ? Skip<string?>() : GetText(column++);

    public DateTimeOffset? TimeOrNull() => IsNull(column) ? Skip<DateTimeOffset?>() : Time();

    public TimeSpan? SpanOrNull() => LongOrNull() is { } ms ? TimeSpan.FromMilliseconds(ms) : null;

    public TaskKey Key() => new(new(Text()), Int());

    /// <summary>The rows, each read by <paramref name="read"/>.</summary>
    public List<T> All<T>(Func<Statement, T> read)
    {
        var found = new List<T>();
        using (this)
        {
            while (Read())
            {
                found.Add(read(this));
            }
        }

        return found;
    }

    /// <summary>The first row; default when there is none.</summary>
    public T? First<T>(Func<Statement, T> read)
    {
        using (this)
        {
            return Read() ? read(this) : default;
        }
    }

    /// <summary>A word of <see cref="Names"/>.</summary>
    /// <exception cref="StoreCorrupt">It is none of them.</exception>
    public T Word<T>(Func<string, T?> read)
        where T : struct
    {
        var text = Text();
        return read(text) ?? throw new StoreCorrupt($"the store holds `{text}` where a {typeof(T).Name} is expected");
    }

    public T? WordOrNull<T>(Func<string, T?> read)
        where T : struct => IsNull(column) ? Skip<T?>() : Word(read);

    public void Dispose()
    {
        next = 0;
        Reset();
    }

    protected abstract void Bind(int position, long? value);
    protected abstract void Bind(int position, string? value);
    protected abstract void Bind(int position, double? value);
    protected abstract int Run();
    protected abstract void Enqueue(Func<StoreException>? otherwise);
    protected abstract void Open();
    protected abstract bool Next();
    protected abstract bool IsNull(int index);
    protected abstract long GetLong(int index);
    protected abstract double GetDouble(int index);
    protected abstract string GetText(int index);
    protected abstract void Reset();

    // Parameters come in the order of the text nearly always; the search is for the other times.
    private int Position(string name)
    {
        var names = Sql.Parameters;
        if ((uint)next < (uint)names.Length && names[next] == name)
        {
            return next++;
        }

        var found = Array.IndexOf(names, name);
        if (found < 0)
        {
            throw new InvalidOperationException($"no parameter {name} in: {Sql.Text}");
        }

        next++;
        return found;
    }

    private void Check()
    {
        if (next != Sql.Parameters.Length)
        {
            throw new InvalidOperationException($"{next} of {Sql.Parameters.Length} parameters set in: {Sql.Text}");
        }
    }

    private T? Skip<T>()
    {
        column++;
        return default;
    }
}
