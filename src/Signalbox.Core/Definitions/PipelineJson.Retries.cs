using System.Text.Json;
using Signalbox.Core.Retry;

namespace Signalbox.Core.Definitions;

public static partial class PipelineJson
{
    private static void WriteRetry(Utf8JsonWriter json, string name, RetryPolicy retry)
    {
        if (Same(retry, RetryPolicy.Default))
        {
            return;
        }

        json.WriteStartObject(name);
        Put(json, "retries", retry.Retries, RetryPolicy.Default.Retries);
        Put(json, "delay", retry.Delay, RetryPolicy.Default.Delay);
        Put(json, "backoff", Names.Of(retry.Backoff), Names.Of(RetryPolicy.Default.Backoff));
        Put(json, "max_delay", retry.MaxDelay, RetryPolicy.Default.MaxDelay);
        Put(json, "jitter", retry.Jitter, RetryPolicy.Default.Jitter);
        Put(json, "retry_on", retry.RetryOn.IsDefaultOrEmpty ? [] : ImmutableArray.CreateRange(retry.RetryOn, Names.Of));
        Put(json, "lost_budget", retry.LostBudget, RetryPolicy.Default.LostBudget);
        Put(json, "by_class", retry.ByClass, normal: false);
        json.WriteEndObject();
    }

    private static RetryPolicy ReadRetry(JsonElement json, string name) =>
        json.TryGetProperty(name, out var retry) ? ReadRetry(retry) : RetryPolicy.Default;

    private static RetryPolicy ReadRetry(JsonElement json) =>
        new()
        {
            Retries = Number(json, "retries", RetryPolicy.Default.Retries),
            Delay = Span(json, "delay") ?? RetryPolicy.Default.Delay,
            Backoff = Word(json, "backoff", Names.BackoffOf, RetryPolicy.Default.Backoff),
            MaxDelay = Span(json, "max_delay") ?? RetryPolicy.Default.MaxDelay,
            Jitter = Span(json, "jitter") ?? RetryPolicy.Default.Jitter,
            RetryOn = All(json, "retry_on", word => Word(word, Names.FailureClassOf)),
            LostBudget = Number(json, "lost_budget", RetryPolicy.Default.LostBudget),
            ByClass = Truth(json, "by_class", normal: false),
        };

    // A record compares arrays by reference; an empty list of classes is an empty list.
    private static bool Same(RetryPolicy a, RetryPolicy b) =>
        a.RetryOn.IsDefaultOrEmpty && b.RetryOn.IsDefaultOrEmpty && a with { RetryOn = [] } == b with { RetryOn = [] };

    private static void WriteFailureRules(Utf8JsonWriter json, ImmutableArray<FailureRule> rules)
    {
        if (rules.IsDefaultOrEmpty)
        {
            return;
        }

        json.WriteStartArray("failure_rules");
        foreach (var rule in rules)
        {
            json.WriteStartObject();
            json.WriteString("class", Names.Of(rule.Class));
            if (!rule.ExitCodes.IsDefaultOrEmpty)
            {
                json.WriteStartArray("exit_codes");
                foreach (var code in rule.ExitCodes)
                {
                    json.WriteNumberValue(code);
                }

                json.WriteEndArray();
            }

            Put(json, "lines", rule.Lines);
            Put(json, "retry_after", rule.RetryAfter);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static FailureRule ReadFailureRule(JsonElement json) =>
        new(Word(json.GetProperty("class"), Names.FailureClassOf))
        {
            ExitCodes = All(json, "exit_codes", code => code.GetInt32()),
            Lines = Text(json, "lines"),
            RetryAfter = Span(json, "retry_after"),
        };
}
