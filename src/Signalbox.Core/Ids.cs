using System.Diagnostics.CodeAnalysis;

namespace Signalbox.Core;

/// <summary>
/// The rule every name in a definition obeys: 1 to 100 of <c>a-z A-Z 0-9 _ - .</c>, beginning with a letter, a digit or <c>_</c>.
/// Names go into paths, addresses and metrics, so they are ASCII; titles are free text.
/// </summary>
public static class Slug
{
    /// <summary>The longest name, in characters.</summary>
    public const int MaxLength = 100;

    /// <summary>Returns null when <paramref name="text"/> is a name, else a sentence that says what is wrong and how to mend it.</summary>
    public static string? Problem(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return "a name cannot be empty";
        }

        if (text.Length > MaxLength)
        {
            return $"a name has at most {MaxLength} characters; this one has {text.Length}";
        }

        foreach (var c in text)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('_' or '-' or '.'))
            {
                return $"a name has only a-z, A-Z, 0-9, '_', '-' and '.'; found '{(char.IsControl(c) ? ' ' : c)}' (put free text into `title:`)";
            }
        }

        return text[0] is '-' or '.' ? $"a name begins with a letter, a digit or '_', not with '{text[0]}'" : null;
    }
}

/// <summary>The name of a pipeline; unique in a project. Obeys <see cref="Slug"/>.</summary>
public readonly record struct PipelineName(string Value)
{
    public override string ToString() => Value;
}

/// <summary>The name of a task; unique in its pipeline. Obeys <see cref="Slug"/>.</summary>
public readonly record struct TaskName(string Value)
{
    public override string ToString() => Value;
}

/// <summary>The number the store gives a run; unique in a store, rising, and what paths are made from.</summary>
public readonly record struct RunNumber(long Value)
{
    public override string ToString() => Value.ToString();
}

/// <summary>The text that names a run to people and programs (<c>run_id</c>), unique in its pipeline, e.g. <c>manual__2001-01-05T00:00:00Z</c>.</summary>
public readonly record struct RunId(string Value)
{
    public override string ToString() => Value;
}

/// <summary>
/// The name of an immutable definition: the first 12 hex digits (48 bits) of the SHA-256 of its normalised content.
/// </summary>
public readonly record struct VersionHash(string Value)
{
    public override string ToString() => Value;
}

/// <summary>
/// One unit of work inside a run: a task, or one instance of a mapped task.
/// </summary>
/// <param name="Task">The task.</param>
/// <param name="MapIndex">
/// The zero-based position of the item in the mapped list, or <see cref="NotMapped"/> for a plain task and for the summary of a mapped one.
/// </param>
public readonly record struct TaskKey(TaskName Task, int MapIndex = TaskKey.NotMapped)
{
    /// <summary>The map index of what is not an instance: -1, as Airflow has it.</summary>
    public const int NotMapped = -1;

    /// <summary>Whether this is one instance of a mapped task.</summary>
    public bool IsInstance => MapIndex >= 0;

    /// <summary>Reads what <see cref="ToString"/> writes: <c>train</c>, or <c>train[3]</c>. Whether there is such a task is not asked.</summary>
    public static TaskKey Parse(string text)
    {
        var bracket = text.IndexOf('[');
        return
            bracket > 0
            && text.EndsWith(']')
            && int.TryParse(text.AsSpan(bracket + 1, text.Length - bracket - 2), out var index)
            && index >= 0
            ? new TaskKey(new TaskName(text[..bracket]), index)
            : new TaskKey(new TaskName(text));
    }

    public override string ToString() => IsInstance ? $"{Task}[{MapIndex}]" : Task.Value;
}
