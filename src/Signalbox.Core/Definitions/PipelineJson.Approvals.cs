using System.Text.Json;
using Signalbox.Core.Approvals;

namespace Signalbox.Core.Definitions;

public static partial class PipelineJson
{
    private static void WriteApproval(Utf8JsonWriter json, string name, ApprovalSpec? approval)
    {
        if (approval is null)
        {
            return;
        }

        json.WriteStartObject(name);
        Put(json, "message", approval.Message);
        WriteParams(json, "form", approval.Form);
        Put(json, "who", approval.Who);
        Put(json, "quorum", approval.Quorum, ApprovalSpec.Default.Quorum);
        Put(json, "not_author", approval.NotAuthor, ApprovalSpec.Default.NotAuthor);
        Put(json, "on_timeout", Names.Of(approval.OnTimeout), Names.Of(ApprovalSpec.Default.OnTimeout));
        Put(json, "on_reject", Names.Of(approval.OnReject), Names.Of(ApprovalSpec.Default.OnReject));
        Put(json, "remind_every", approval.RemindEvery);
        json.WriteEndObject();
    }

    private static ApprovalSpec ReadApproval(JsonElement json) =>
        new()
        {
            Message = Text(json, "message"),
            Form = All(json, "form", ReadParam),
            Who = Texts(json, "who"),
            Quorum = Number(json, "quorum", ApprovalSpec.Default.Quorum),
            NotAuthor = Truth(json, "not_author", ApprovalSpec.Default.NotAuthor),
            OnTimeout = Word(json, "on_timeout", Names.ApprovalDefaultOf, ApprovalSpec.Default.OnTimeout),
            OnReject = Word(json, "on_reject", Names.ApprovalRejectionOf, ApprovalSpec.Default.OnReject),
            RemindEvery = Span(json, "remind_every"),
        };

    private static void WriteParams(Utf8JsonWriter json, string name, ImmutableArray<ParamSpec> specs)
    {
        if (specs.IsDefaultOrEmpty)
        {
            return;
        }

        json.WriteStartArray(name);
        foreach (var spec in specs)
        {
            WriteParam(json, spec);
        }

        json.WriteEndArray();
    }
}
