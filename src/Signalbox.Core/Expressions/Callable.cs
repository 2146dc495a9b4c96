namespace Signalbox.Core.Expressions;

/// <summary>
/// A function or filter with named parameters. All functions are hand-written here or given by a scope; an expression can reach nothing else.
/// </summary>
/// <param name="name">As the user writes it.</param>
/// <param name="parameters">Names in order; a last name that starts with <c>*</c> takes all further arguments as a list.</param>
/// <param name="required">How many of the first parameters must be given.</param>
/// <param name="body">Returns the result, or null after <see cref="Call.Fail"/>.</param>
public sealed class Callable(string name, ImmutableArray<string> parameters, int required, Func<Call, Value?> body)
{
    public string Name => name;
    public ImmutableArray<string> Parameters => parameters;
    public int Required => required;

    internal bool IsVariadic => parameters.Length > 0 && parameters[^1][0] == '*';

    internal Value? Run(Call call) => body(call);
}

/// <summary>One call: its arguments by position of the parameter (null where none was given) and the way to report a mistake.</summary>
public sealed class Call
{
    private readonly Evaluator _evaluator;
    private readonly Node _site;
    private readonly Value?[] _arguments;

    internal Call(Evaluator evaluator, Node site, Value?[] arguments)
    {
        _evaluator = evaluator;
        _site = site;
        _arguments = arguments;
    }

    internal int Arity => _arguments.Length;

    /// <summary>The argument of a parameter; null when it was left out.</summary>
    public Value? this[int parameter] => _arguments[parameter];

    /// <summary>Reports the user's mistake at the place of the call; returns null so that a body can end with it.</summary>
    public Value? Fail(string message) => _evaluator.Fail(_site, message);

    /// <summary>Reports that a name does not exist: a mistake, unless the expression provides for it with <c>default</c>.</summary>
    public Value? Missing(string message) => _evaluator.Missing(_site, message);

    /// <summary>Takes from the allowance of work of this evaluation; false (and a mistake reported) when it is used up.</summary>
    internal bool Charge(long units) => _evaluator.Charge(_site, units);

    internal Value? TextOf(Value value) => _evaluator.TextOf(_site, value) is { } text ? new Value.Text(text) : null;

    internal string? PlainText(Value value) => _evaluator.TextOf(_site, value);
}
