namespace Signalbox.Core.Expressions;

/// <summary>A mistake in a template, at a place of its text.</summary>
/// <param name="Offset">Where it starts: UTF-16 units from the start of the text.</param>
/// <param name="Length">How many UTF-16 units it covers; 0 at the end of the text.</param>
/// <param name="Line">1-based, relative to the text; the caller adds the place of the text in its file.</param>
/// <param name="Column">1-based, in UTF-16 units, relative to the text.</param>
/// <param name="Message">What is wrong and how to mend it; one line, no final stop.</param>
public sealed record TemplateError(int Offset, int Length, int Line, int Column, string Message)
{
    internal static TemplateError At(string text, int start, int end, string message)
    {
        start = Math.Clamp(start, 0, text.Length);
        end = Math.Clamp(end, start, text.Length);
        var before = text.AsSpan(0, start);
        var line = before.Count('\n') + 1;
        var column = start - before.LastIndexOf('\n');
        return new TemplateError(start, end - start, line, column, message);
    }

    public override string ToString() => $"{Line}:{Column}: {Message}";
}

/// <summary>Either a result or the user's mistakes (at least one); never both.</summary>
public readonly struct TemplateResult<T>
    where T : class
{
    private readonly T? _value;
    private readonly ImmutableArray<TemplateError> _errors;

    private TemplateResult(T? value, ImmutableArray<TemplateError> errors)
    {
        _value = value;
        _errors = errors;
    }

    public bool Succeeded => _value is not null;

    /// <summary>The result. Reading it when <see cref="Succeeded"/> is false is a fault of the program.</summary>
    public T Value => _value ?? throw new InvalidOperationException("There is no result: " + string.Join("; ", Errors));

    /// <summary>Empty exactly when <see cref="Succeeded"/>.</summary>
    public ImmutableArray<TemplateError> Errors => _errors.IsDefault ? [] : _errors;

    public static TemplateResult<T> Of(T value) => new(value, []);

    public static TemplateResult<T> Failed(ImmutableArray<TemplateError> errors) => new(value: null, errors);

    internal static TemplateResult<T> Failed(TemplateError error) => new(value: null, [error]);
}
