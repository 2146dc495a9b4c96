namespace Signalbox.Core.Retry;

/// <summary>Says what kind of failure an attempt ended with.</summary>
/// <remarks>
/// The evidence is asked in this order, and the first that knows decides: the error file of the command, exit code 75 (EX_TEMPFAIL of sysexits.h),
/// the kernel's word about memory, the rules of the user in their order, the signal, the status of an HTTP answer in the last lines, an error of AWS
/// there, an SQLSTATE or a message of PostgreSQL there, the operating system's words there, those of SQLite and DuckDB, the name of an exception of
/// Python or .NET there, the exit code.
/// <para>
/// What the task says itself and what the kernel knows goes before the user's rules; what is read out of output goes after them, because whoever
/// wrote a rule knows the output better.
/// </para>
/// </remarks>
public static class FailureClassifier
{
    /// <summary>The longest message, in UTF-16 units.</summary>
    public const int LongestMessage = 500;

    private const int TemporaryFailure = 75;
    private const int CannotExecute = 126;
    private const int NotFound = 127;
    private const int SignalBase = 128;
    private const int LastSignal = 64;

    // In this order: what is full is said before that something could not be written.
    private static readonly (string Text, string Name, FailureClass Class)[] SystemErrors =
    [
        ("No space left on device", "ENOSPC", FailureClass.DiskFull),
        ("Disk quota exceeded", "EDQUOT", FailureClass.DiskFull),
        ("Cannot allocate memory", "ENOMEM", FailureClass.Oom),
        ("Too many open files", "EMFILE", FailureClass.ResourceUnavailable),
        ("Resource temporarily unavailable", "EAGAIN", FailureClass.ResourceUnavailable),
        ("Device or resource busy", "EBUSY", FailureClass.ResourceUnavailable),
        ("Connection refused", "ECONNREFUSED", FailureClass.Transient),
        ("Connection reset by peer", "ECONNRESET", FailureClass.Transient),
        ("Connection timed out", "ETIMEDOUT", FailureClass.Transient),
        ("Network is unreachable", "ENETUNREACH", FailureClass.Transient),
        ("No route to host", "EHOSTUNREACH", FailureClass.Transient),
        ("Broken pipe", "EPIPE", FailureClass.Transient),
        ("Temporary failure in name resolution", "EAI_AGAIN", FailureClass.Transient),
        ("Input/output error", "EIO", FailureClass.Transient),
    ];

    /// <summary>The failure that the evidence shows. <see cref="Failure.Rule"/> names the evidence that decided.</summary>
    /// <param name="evidence">How the attempt ended.</param>
    /// <param name="rules">The user's own, those of the task before those of its pipeline and of its project; the first that fits decides.</param>
    public static Failure Classify(FailureEvidence evidence, ImmutableArray<FailureRule> rules = default)
    {
        rules = rules.IsDefault ? [] : rules;
        if (evidence.IsOwnWork && ByRule(evidence, rules) is { } ruled)
        {
            return ruled with { Message = Bounded(ruled.Message) };
        }

        var note = "";
        if (!string.IsNullOrWhiteSpace(evidence.ErrorFile))
        {
            var file = Retry.ErrorFile.Read(evidence.ErrorFile, evidence.EndedAt);
            if (file.Class is { } known)
            {
                var after = file.RetryAfter ?? (known == FailureClass.RateLimited ? RetryPolicy.RateLimitDelay : null);
                var words = file.Message ?? LastLine(evidence.LastLines) ?? Names.Of(known);
                return new Failure(
                    known,
                    Bounded(file.Note is null ? words : $"{words} ({file.Note})"),
                    file.Rule is not { } said ? "error file"
                        : evidence.IsOwnWork ? said
                        : $"error file: {said}",
                    after
                );
            }

            note = $" ({file.Note})";
        }

        var failure = WithoutFile(evidence, rules);
        return failure with { Message = Bounded(failure.Message, note) };
    }

    private static Failure WithoutFile(FailureEvidence evidence, ImmutableArray<FailureRule> rules)
    {
        if (evidence.ExitCode == TemporaryFailure)
        {
            return new Failure(
                FailureClass.Transient,
                WithLastLine("exit code 75 (temporary failure)", evidence.LastLines),
                "exit code 75"
            );
        }

        if (evidence.OutOfMemory)
        {
            return new Failure(FailureClass.Oom, WithLastLine("killed by the kernel: out of memory", evidence.LastLines), "out of memory");
        }

        if (ByRule(evidence, rules) is { } ruled)
        {
            return ruled;
        }

        return SignalOf(evidence) is { } signal
            ? new Failure(FailureClass.Transient, WithLastLine(EndOf(evidence), evidence.LastLines), $"signal {signal}")
            : OfOutput(evidence, EndOf(evidence));
    }

    private static Failure? ByRule(FailureEvidence evidence, ImmutableArray<FailureRule> rules)
    {
        foreach (var rule in rules)
        {
            if (rule.Match(evidence) is { } matched)
            {
                return new Failure(
                    rule.Class,
                    WithLastLine(EndOf(evidence), evidence.LastLines),
                    matched,
                    rule.RetryAfter ?? Told(rule.Class, evidence)
                );
            }
        }

        return null;
    }

    private static string EndOf(FailureEvidence evidence) =>
        SignalOf(evidence) is { } number ? $"killed by {SignalText(number)}"
        : evidence.ExitCode is { } code ? $"exit code {code}"
        : Clean(evidence.Reason) ?? "nothing says how the attempt ended";

    /// <summary>What the last lines show, and without a sign in them the exit code.</summary>
    private static Failure OfOutput(FailureEvidence evidence, string ended)
    {
        var lines = evidence.LastLines;
        if (OutputEvidence.Status(lines) is { } status)
        {
            var said = HttpStatus.ClassOf(status);
            return new Failure(said, WithLastLine(ended, lines), $"HTTP {status}", Told(said, evidence));
        }

        if (AwsErrors.CodeIn(lines) is { } code)
        {
            var said = AwsErrors.ClassOf(code);
            return new Failure(said, WithLastLine(ended, lines), $"AWS {code}", Told(said, evidence));
        }

        if (SqlState.In(lines) is { } state)
        {
            return new Failure(SqlState.ClassOf(state), WithLastLine(ended, lines), $"SQLSTATE {state}");
        }

        foreach (var (text, name, kind) in SystemErrors)
        {
            if (lines.Contains(text, StringComparison.OrdinalIgnoreCase))
            {
                return new Failure(kind, $"{ended}: {LineWith(lines, text)}", $"errno {name}");
            }
        }

        if (EmbeddedMessages.In(lines) is { } embedded)
        {
            return new Failure(embedded.Class, WithLastLine(ended, lines), embedded.Rule);
        }

        if (KnownExceptions.In(lines) is { } exception)
        {
            return new Failure(exception.Class, WithLastLine(ended, lines), $"exception {exception.Name}", Told(exception.Class, evidence));
        }

        return new Failure(
            // What a shell says of a command that is not there, or is no program: it is not there the next time either.
            evidence.ExitCode
                is CannotExecute
                    or NotFound
                ? FailureClass.Permanent
                : FailureClass.Transient,
            WithLastLine(ended, lines),
            evidence.ExitCode is null ? "executor" : $"exit code {evidence.ExitCode}"
        );
    }

    /// <summary>How long the other side asked to be left alone: what a line says of it, or of a rate limit that says nothing a minute.</summary>
    private static TimeSpan? Told(FailureClass kind, FailureEvidence evidence) =>
        kind is FailureClass.RateLimited or FailureClass.ResourceUnavailable
            ? OutputEvidence.RetryAfter(evidence.LastLines, evidence.EndedAt)
                ?? (kind == FailureClass.RateLimited ? RetryPolicy.RateLimitDelay : null)
            : null;

    private static int? SignalOf(FailureEvidence evidence) =>
        evidence.Signal ?? (evidence.ExitCode is > SignalBase and <= SignalBase + LastSignal ? evidence.ExitCode - SignalBase : null);

    private static string SignalText(int signal)
    {
        var name = signal switch
        {
            1 => "HUP",
            2 => "INT",
            3 => "QUIT",
            4 => "ILL",
            6 => "ABRT",
            7 => "BUS",
            8 => "FPE",
            9 => "KILL",
            11 => "SEGV",
            13 => "PIPE",
            14 => "ALRM",
            15 => "TERM",
            24 => "XCPU",
            25 => "XFSZ",
            31 => "SYS",
            _ => null,
        };
        return name is null ? $"signal {signal}" : $"signal {signal} ({name})";
    }

    private static string WithLastLine(string what, string lines) => LastLine(lines) is { } line ? $"{what}: {line}" : what;

    private static string? LastLine(string lines)
    {
        var rest = lines.AsSpan();
        while (rest.Length > 0)
        {
            var start = rest.LastIndexOfAny('\n', '\r') + 1;
            if (Clean(rest[start..]) is { } line)
            {
                return line;
            }

            rest = rest[..Math.Max(0, start - 1)];
        }

        return null;
    }

    private static string? LineWith(string lines, string text)
    {
        var at = lines.LastIndexOf(text, StringComparison.OrdinalIgnoreCase);
        var start = lines.AsSpan(0, at).LastIndexOfAny('\n', '\r') + 1;
        var length = lines.AsSpan(start).IndexOfAny('\n', '\r');
        return Clean(length < 0 ? lines.AsSpan(start) : lines.AsSpan(start, length));
    }

    /// <summary>One line that is safe to show: no colours of a terminal, no control characters, no white space around. Null when nothing is left.</summary>
    internal static string? Clean(ReadOnlySpan<char> text)
    {
        // Far more than is shown: a line of megabytes need not be looked through.
        text = text.Trim();
        text = text[..Math.Min(text.Length, 8 * LongestMessage)];
        var clean = new System.Text.StringBuilder(Math.Min(text.Length, LongestMessage));
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\e' && i + 1 < text.Length && text[i + 1] == '[')
            {
                i += 2;
                while (i < text.Length && text[i] is < '@' or > '~')
                {
                    i++;
                }

                continue;
            }

            clean.Append(char.IsControl(text[i]) ? ' ' : text[i]);
        }

        var line = clean.ToString().Trim();
        return line.Length == 0 ? null : line;
    }

    /// <summary>The text cut to what may be shown, the note behind it whole.</summary>
    private static string Bounded(string text, string note = "")
    {
        var room = LongestMessage - Math.Min(note.Length, LongestMessage / 2);
        if (text.Length > room)
        {
            var end = room - 1;
            text = text[..(char.IsHighSurrogate(text[end - 1]) ? end - 1 : end)] + "…";
        }

        return note.Length <= LongestMessage / 2 ? text + note : text + note[..(LongestMessage / 2)];
    }
}
