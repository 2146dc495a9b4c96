namespace Signalbox.Core.Time;

/// <summary>One mistake in a cron expression.</summary>
/// <param name="Field">The field that is wrong.</param>
/// <param name="Position">Where the wrong part starts: characters from the start of the text, from 0.</param>
/// <param name="Message">What is wrong and how to mend it; begins with the field's name.</param>
public sealed record CronError(CronField Field, int Position, string Message);

/// <summary>Either an expression, or everything that is wrong with the text.</summary>
public sealed record CronParse
{
    internal CronParse(CronExpression expression) => Expression = expression;

    internal CronParse(ImmutableArray<CronError> errors) => Errors = errors;

    /// <summary>The expression, or null when <see cref="Errors"/> has entries.</summary>
    public CronExpression? Expression { get; }

    /// <summary>All mistakes, in the order of the text; empty when the text is right.</summary>
    public ImmutableArray<CronError> Errors { get; } = [];
}
