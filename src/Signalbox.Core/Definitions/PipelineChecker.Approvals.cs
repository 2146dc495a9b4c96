using Signalbox.Core.Approvals;

namespace Signalbox.Core.Definitions;

public sealed partial class PipelineChecker
{
    private void CheckApproval(int node, ApprovalSpec approval, string path)
    {
        if (approval.Message is { } message)
        {
            NotEmpty(message, $"{path}.message", "the message is empty: say what people are asked");
            CheckTemplate(node, message, $"{path}.message", Place.Item);
        }

        CheckVariables(approval.Form.Select(field => field.Name), $"{path}.form", "field", TaskEnvironment.Param);
        foreach (var field in approval.Form)
        {
            CheckParam(field, $"{path}.form.{field.Name}");
        }

        AtLeast(1, approval.Quorum, $"{path}.quorum");
        Positive(approval.RemindEvery, $"{path}.remind_every");
        for (var i = 0; i < approval.Who.Length; i++)
        {
            if (string.IsNullOrWhiteSpace(approval.Who[i]))
            {
                Error("bad-name", $"{path}.who[{i}]", "a name cannot be empty; write the name of a person or of a group of signalbox.yaml");
            }
        }

        if (approval is { OnTimeout: ApprovalDefault.Approve } && approval.Form.Any(field => field.Default is null))
        {
            Error(
                "form-without-default",
                $"{path}.on_timeout",
                "`on_timeout: approve` needs a default for every field of the form, for nobody fills it in then"
            );
        }
    }
}
