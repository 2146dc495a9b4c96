using System.Globalization;
using Signalbox.Core.Definitions;
using Signalbox.Core.Expressions;
using Signalbox.Core.Time;

namespace Signalbox.Core.Triggers;

/// <summary>What becomes of a message.</summary>
public abstract record MessageDecision
{
    private MessageDecision() { }

    /// <summary>A run is started.</summary>
    /// <param name="Params">JSON object of the validated parameters.</param>
    /// <param name="Slice">What the run is about.</param>
    public sealed record Start(string Params, Slice Slice) : MessageDecision;

    /// <summary>It is sent on to the tasks that wait for it.</summary>
    /// <param name="Name">The name under which they wait.</param>
    /// <param name="Slice">What their run is about.</param>
    /// <param name="Data">JSON that is handed down.</param>
    public sealed record Signal(string Name, Slice Slice, string Data) : MessageDecision;

    /// <summary>It is about nothing that could be run, and that is no mistake.</summary>
    public sealed record Ignore(string Reason) : MessageDecision;

    /// <summary>It cannot become a run, for the reason given: what is wrong, where, all at once.</summary>
    public sealed record Refuse(string Reason) : MessageDecision;
}

/// <summary>Makes a run's parameters and date from a message.</summary>
public static class MessageDecider
{
    /// <summary>The longest payload that is kept, in UTF-16 units: above the 1 MiB that webhooks take and queues send by default.</summary>
    public const int LongestPayload = 4 * 1024 * 1024;

    /// <summary>The longest JSON that is sent on to a task that waits, in UTF-16 units.</summary>
    public const int LongestData = 64 << 10;

    /// <summary>The longest name of a message that a task waits for, in UTF-16 units.</summary>
    public const int LongestSignal = 200;

    private const int LongestKey = 400;

    /// <summary>What becomes of a message.</summary>
    /// <param name="pipeline">Its current definition, checked.</param>
    /// <param name="trigger">One of its triggers.</param>
    /// <param name="payload">A JSON object with the trigger's <see cref="MessageTrigger.Roots"/>.</param>
    /// <param name="receivedAt">When the message came.</param>
    public static MessageDecision Decide(Pipeline pipeline, MessageTrigger trigger, string payload, DateTimeOffset receivedAt)
    {
        var read = Value.FromJson(payload);
        if (!read.Succeeded || read.Value is not Value.Map message)
        {
            return new MessageDecision.Refuse(read.Succeeded ? $"the message is {read.Value.Kind}, and no JSON object" : Of(read.Errors));
        }

        if (message.TryGet(MessageNames.TooLarge, out var size))
        {
            return new MessageDecision.Refuse($"the message has {size} characters, and was not kept; at most {LongestPayload} are");
        }

        if (S3Event.IsTest(message))
        {
            return new MessageDecision.Ignore("S3 announces that it will send notifications; no object is in it");
        }

        message = S3Event.Decode(message);
        var problems = new List<string>();
        if (trigger.Signal is not null)
        {
            return SendOn(pipeline, trigger, message, receivedAt, problems);
        }

        var given = trigger.Params is null ? ByName(pipeline, trigger, message) : ByTemplate(pipeline, trigger.Params, message, problems);
        var slice = SliceOf(pipeline, trigger, message, receivedAt, problems);
        KeyOf(trigger, message, problems);
        if (problems.Count > 0)
        {
            return new MessageDecision.Refuse(string.Join("; ", problems));
        }

        var parameters = ParamChecker.Check(pipeline, given.ToJson());
        return parameters.Json is null
            ? new MessageDecision.Refuse(string.Join("; ", parameters.Problems.Select(problem => $"{problem.Path}: {problem.Message}")))
            : new MessageDecision.Start(parameters.Json, slice!);
    }

    private static MessageDecision SendOn(
        Pipeline pipeline,
        MessageTrigger trigger,
        Value.Map message,
        DateTimeOffset receivedAt,
        List<string> problems
    )
    {
        var name = Text(trigger.Signal!, message, "signal", problems);
        var slice = SliceOf(pipeline, trigger, message, receivedAt, problems);
        KeyOf(trigger, message, problems);
        var data = (Content(trigger, message) ?? Value.Map.Empty).ToJson();
        if (name is not null && (name.Trim().Length == 0 || name.Length > LongestSignal))
        {
            problems.Add($"signal: a message has a name of at most {LongestSignal} characters");
        }

        if (data.Length > LongestData)
        {
            problems.Add($"the message has {data.Length} characters; at most {LongestData} are sent on, so send where the data lies");
        }

        return problems.Count > 0
            ? new MessageDecision.Refuse(string.Join("; ", problems))
            : new MessageDecision.Signal(name!, slice!, data);
    }

    /// <summary>What the sender sent, without what is known about the sending.</summary>
    private static Value? Content(MessageTrigger trigger, Value.Map message) =>
        trigger is MessageTrigger.Webhook && S3Event.First(message) is { } record ? record : At(message, trigger.Source);

    /// <summary>The payload as it is kept: itself, or how long it is when that is too long.</summary>
    public static string Kept(string payload) =>
        payload.Length <= LongestPayload ? payload : $$"""{"{{MessageNames.TooLarge}}":{{payload.Length}}}""";

    /// <summary>The key under which a message is known: what the trigger's template gives, else the source's own.</summary>
    /// <param name="payload">A JSON object with the trigger's <see cref="MessageTrigger.Roots"/>.</param>
    /// <param name="own">What the source itself tells its messages apart by; it stands also when the template gives no key.</param>
    public static string KeyOf(MessageTrigger trigger, string payload, string own) =>
        trigger.IdempotencyKey is not null && Value.FromJson(payload) is { Succeeded: true, Value: Value.Map message }
            ? KeyOf(trigger, S3Event.Decode(message), []) ?? own
            : own;

    private static string? KeyOf(MessageTrigger trigger, Value.Map message, List<string> problems)
    {
        if (trigger.IdempotencyKey is not { } template)
        {
            return null;
        }

        if (Text(template, message, "idempotency_key", problems) is not { } key)
        {
            return null;
        }

        if (key.Length is > 0 and <= LongestKey)
        {
            return key;
        }

        problems.Add(
            key.Length == 0
                ? "idempotency_key: it is empty"
                : $"idempotency_key: it has {key.Length} characters; at most {LongestKey} are kept"
        );
        return null;
    }

    private static Slice? SliceOf(
        Pipeline pipeline,
        MessageTrigger trigger,
        Value.Map message,
        DateTimeOffset receivedAt,
        List<string> problems
    )
    {
        string? date;
        if (trigger.Date is { } template)
        {
            date = Text(template, message, "date", problems);
        }
        else
        {
            date =
                trigger is MessageTrigger.PipelineEnd && At(message, $"{MessageNames.Run}.logical_date") is Value.Text upstream
                    ? upstream.Content
                    : receivedAt.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        }

        if (date is null)
        {
            return null;
        }

        var slice = pipeline.CalendarOf().Find(date);
        if (slice.Error is { } error)
        {
            problems.Add($"date: {error}");
        }

        return slice.Slice;
    }

    private static Value.Map ByName(Pipeline pipeline, MessageTrigger trigger, Value.Map message)
    {
        var source = Content(trigger, message);
        var found = new List<KeyValuePair<string, Value>>();
        foreach (var spec in pipeline.Params)
        {
            if (source is Value.Map map && map.TryGet(spec.Name, out var value))
            {
                found.Add(new(spec.Name, Fitted(spec, value)));
            }
        }

        return new Value.Map(found);
    }

    private static Value.Map ByTemplate(
        Pipeline pipeline,
        ImmutableSortedDictionary<string, string> templates,
        Value.Map message,
        List<string> problems
    )
    {
        var found = new List<KeyValuePair<string, Value>>();
        foreach (var (name, text) in templates)
        {
            var parsed = Template.Parse(text);
            var value = parsed.Succeeded ? parsed.Value.Evaluate(message) : TemplateResult<Value>.Failed(parsed.Errors);
            if (!value.Succeeded)
            {
                problems.Add($"params.{name}: {Of(value.Errors)}");
                continue;
            }

            var spec = pipeline.Params.FirstOrDefault(spec => spec.Name == name);
            found.Add(new(name, spec is null ? value.Value : Fitted(spec, value.Value)));
        }

        return new Value.Map(found);
    }

    /// <summary>A text for a parameter of another type is read as on a command line: many sources know only texts.</summary>
    private static Value Fitted(ParamSpec spec, Value value) =>
        value is Value.Text text
        && spec.Type is not (ParamType.String or ParamType.Any)
        && ParamChecker.FromText(spec, text.Content, out _) is { } json
        && Value.FromJson(json) is { Succeeded: true } read
            ? read.Value
            : value;

    private static string? Text(string template, Value.Map message, string path, List<string> problems)
    {
        var parsed = Template.Parse(template);
        var rendered = parsed.Succeeded ? parsed.Value.Render(message) : TemplateResult<string>.Failed(parsed.Errors);
        if (rendered.Succeeded)
        {
            return rendered.Value;
        }

        problems.Add($"{path}: {Of(rendered.Errors)}");
        return null;
    }

    private static Value? At(Value.Map message, string path)
    {
        Value found = message;
        foreach (var name in path.Split('.'))
        {
            if (found is not Value.Map map || !map.TryGet(name, out found))
            {
                return null;
            }
        }

        return found;
    }

    private static string Of(ImmutableArray<TemplateError> errors) => string.Join("; ", errors.Select(error => error.Message));
}
