namespace Signalbox.Storage;

/// <summary>
/// What can be asked of the store, all from one state of the database. Given to the function that
/// <see cref="Store.Read{T}"/> calls; not to be kept.
/// </summary>
public partial class ReadSession
{
    internal ReadSession(Link link) => Link = link;

    internal Link Link { get; }

    private protected Statement Use(Sql sql) => Link.Use(sql);
}

/// <summary>
/// What can be changed in the store, all of it or nothing. Given to the function that <see cref="Store.WriteAsync{T}"/> calls; not to be
/// kept. What it reads includes what it has written.
/// </summary>
public sealed partial class WriteSession : ReadSession
{
    internal WriteSession(Link link)
        : base(link) { }
}
