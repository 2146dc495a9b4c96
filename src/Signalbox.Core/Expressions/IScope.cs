namespace Signalbox.Core.Expressions;

/// <summary>
/// The names an expression may use. Values are looked up only when an expression asks for them, so a scope may stand before
/// something large (ten thousand tasks) without building it.
/// </summary>
public interface IScope
{
    /// <summary>True and the value when the name exists here (its value may be <see cref="Expressions.Value.None"/>); otherwise false and <see cref="Expressions.Value.None"/>.</summary>
    bool TryGet(string name, out Value value);

    /// <summary>The names that exist, for suggestions in messages; may be costly, it is asked for only after a mistake.</summary>
    IEnumerable<string> Names { get; }
}

/// <summary>A few names in front of another scope: the inner scope is asked when a name is not among them.</summary>
public sealed class LayeredScope(Value.Map names, IScope inner) : IScope
{
    public bool TryGet(string name, out Value value) => names.TryGet(name, out value) || inner.TryGet(name, out value);

    public IEnumerable<string> Names => names.Names.Concat(inner.Names);
}
