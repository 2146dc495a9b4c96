using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Signalbox.Core.Approvals;
using Signalbox.Engine.Attempts;
using Signalbox.Storage;

namespace Signalbox.Engine.Approvals;

/// <summary>The JSON of questions: what a task hands down, and what those are told who bring messages to people.</summary>
internal static class QuestionJson
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>A decision with the answers that it came from: the result of an <c>approve:</c> task.</summary>
    /// <param name="form">The form of the answer that decided it.</param>
    public static string Decision(string decision, bool byTimeout, string form, IEnumerable<ApprovalAnswer> answers) =>
        Object(json =>
        {
            json.WriteString("decision", decision);
            json.WriteString("by", byTimeout ? "timeout" : "answers");
            json.WritePropertyName("form");
            json.WriteRawValue(form);
            json.WriteStartArray("answers");
            foreach (var answer in answers)
            {
                json.WriteStartObject();
                json.WriteString("who", answer.Who);
                json.WriteString("decision", answer.Approves ? "approved" : "rejected");
                json.WriteString("reason", answer.Reason);
                json.WritePropertyName("form");
                json.WriteRawValue(answer.Form);
                json.WriteString("at", answer.At.UtcDateTime);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        });

    public static string Object(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, Options))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
