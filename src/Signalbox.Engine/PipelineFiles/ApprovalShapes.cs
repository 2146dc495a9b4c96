using System.Text.Json.Nodes;
using Signalbox.Core;
using Signalbox.Core.Approvals;
using Signalbox.Core.Definitions;
using Signalbox.Engine.PipelineFiles.Shapes;
using Signalbox.Engine.PipelineFiles.Yaml;

namespace Signalbox.Engine.PipelineFiles;

/// <summary>Questions to people: <c>approve:</c>, and <c>approval:</c> of a promotion.</summary>
internal static class ApprovalShapes
{
    private static readonly MappingShape<Draft> Mapping = new(
        "approval",
        "an approval",
        () => new Draft(),
        new Field<Draft, string>(
            "message",
            Scalars.Text,
            (d, v) => d.Message = v,
            "What people are asked; a text that may have {{ }} in it."
        )
        {
            Examples = ["\"publish {{ ds }}?\""],
        },
        new Field<Draft, Named<ParamSpec>[]>(
            "form",
            ParamShapes.All,
            (d, v) => d.Form = v,
            "What an approval states: fields with the same types and limits as the parameters of a run."
        )
        {
            Examples = ["{\"limit\": {\"type\": \"integer\", \"minimum\": 0}}"],
        },
        new Field<Draft, string[]>(
            "who",
            new ListShape<string>(Scalars.Text, "a person or a list of people and groups", orSingle: true),
            (d, v) => d.Who = v,
            "Who may answer: people, or groups of signalbox.yaml. Unstated: anybody."
        )
        {
            Examples = ["[\"alice\", \"ml-leads\"]"],
        },
        new Field<Draft, int>("quorum", Scalars.Whole(1), (d, v) => d.Quorum = v, "Approvals that are needed; one rejection rejects.")
        {
            Default = "1",
        },
        new Field<Draft, bool>(
            "not_author",
            Scalars.Boolean,
            (d, v) => d.NotAuthor = v,
            "Whether the person who started the run may not answer (four eyes)."
        )
        {
            Default = "false",
        },
        new Field<Draft, string>(
            "on_timeout",
            Scalars.Choice(typeof(ApprovalDefault), i => Names.Of((ApprovalDefault)i)),
            (d, v) => d.OnTimeout = Names.ApprovalDefaultOf(v)!.Value,
            "What the task's `timeout` means when nobody has decided by then."
        )
        {
            Default = "\"fail\"",
        },
        new Field<Draft, string>(
            "on_reject",
            Scalars.Choice(typeof(ApprovalRejection), i => Names.Of((ApprovalRejection)i)),
            (d, v) => d.OnReject = Names.ApprovalRejectionOf(v)!.Value,
            "What becomes of the task when it is rejected."
        )
        {
            Default = "\"fail\"",
        },
        new Field<Draft, TimeSpan>(
            "remind_every",
            Durations.Positive,
            (d, v) => d.RemindEvery = v,
            "Time between reminders. Unstated: none."
        )
        {
            Examples = ["\"4h\""],
        }
    );

    /// <summary><c>approve:</c> with its settings, or with the message alone.</summary>
    public static readonly Shape<TaskKind> Approve = new EitherShape<TaskKind>(
        single: Scalars.Text.To(message => (TaskKind)new TaskKind.Approve(new ApprovalSpec { Message = message })),
        mapping: Mapping.To(draft => (TaskKind)new TaskKind.Approve(Finish(draft)))
    );

    /// <summary><c>approval:</c> of a promotion: a truth value, or settings.</summary>
    public static readonly Shape<Asked> Approval = new AskedShape();

    /// <summary><c>in_backfill:</c> of a promotion: a word, or what is asked.</summary>
    public static readonly Shape<Review> InBackfill = new EitherShape<Review>(
        single: Scalars
            .Choice(typeof(BackfillPromotion), i => Names.Of((BackfillPromotion)i))
            .To(word => new Review(Names.BackfillPromotionOf(word)!.Value, Spec: null)),
        mapping: Mapping.To(draft => new Review(BackfillPromotion.Approve, Finish(draft)))
    );

    private static ApprovalSpec Finish(Draft draft) =>
        new()
        {
            Message = draft.Message,
            Form = [.. draft.Form.Select(field => field.Value with { Name = field.Name })],
            Who = [.. draft.Who],
            Quorum = draft.Quorum,
            NotAuthor = draft.NotAuthor,
            OnTimeout = draft.OnTimeout,
            OnReject = draft.OnReject,
            RemindEvery = draft.RemindEvery,
        };

    /// <summary>What is asked before a promotion; null: nothing.</summary>
    internal sealed record Asked(ApprovalSpec? Spec);

    /// <summary>What a promotion does in a backfill.</summary>
    internal sealed record Review(BackfillPromotion Promotion, ApprovalSpec? Spec);

    private sealed class AskedShape : Shape<Asked>
    {
        public override string Wanted => $"true, false or {Mapping.Wanted}";

        public override bool TryRead(YamlNode node, Reading reading, out Asked value)
        {
            value = new Asked(null);
            if (node is YamlMapping)
            {
                if (!Mapping.TryRead(node, reading, out var draft))
                {
                    return false;
                }

                value = new Asked(Finish(draft));
                return true;
            }

            if (!Scalars.Boolean.TryRead(node, reading, out var asks))
            {
                return false;
            }

            value = new Asked(asks ? ApprovalSpec.Default : null);
            return true;
        }

        public override JsonObject Schema(SchemaDefinitions definitions) =>
            new() { ["anyOf"] = new JsonArray(Scalars.Boolean.Schema(definitions), Mapping.Schema(definitions)) };
    }

    private sealed class Draft
    {
        public string? Message { get; set; }

        public Named<ParamSpec>[] Form { get; set; } = [];

        public string[] Who { get; set; } = [];

        public int Quorum { get; set; } = 1;

        public bool NotAuthor { get; set; }

        public ApprovalDefault OnTimeout { get; set; }

        public ApprovalRejection OnReject { get; set; }

        public TimeSpan? RemindEvery { get; set; }
    }
}
