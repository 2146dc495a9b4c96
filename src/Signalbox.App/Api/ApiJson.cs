using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;
using Signalbox.App.Cli;

namespace Signalbox.App.Api;

/// <summary>The documents of the API: those that the command line prints, and those that only the API has. Names in snake_case.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true
)]
[JsonSerializable(typeof(ApiProblem))]
[JsonSerializable(typeof(HookDocument))]
[JsonSerializable(typeof(SessionDocument))]
[JsonSerializable(typeof(SignInRequest))]
[JsonSerializable(typeof(SetUpRequest))]
[JsonSerializable(typeof(ReasonRequest))]
[JsonSerializable(typeof(AnswerDocument))]
[JsonSerializable(typeof(Page<PipelineDocument>))]
[JsonSerializable(typeof(PipelineDetailDocument))]
[JsonSerializable(typeof(GraphDocument))]
[JsonSerializable(typeof(Page<PipelineVersionDocument>))]
[JsonSerializable(typeof(PipelineSourceDocument))]
[JsonSerializable(typeof(DecidedTickDocument[]))]
[JsonSerializable(typeof(UpcomingDocument[]))]
[JsonSerializable(typeof(PoolDocument[]))]
[JsonSerializable(typeof(WhyDocument))]
[JsonSerializable(typeof(Page<RunDocument>))]
[JsonSerializable(typeof(Page<GridRunDocument>))]
[JsonSerializable(typeof(RunDetailDocument))]
[JsonSerializable(typeof(TaskDocument[]))]
[JsonSerializable(typeof(HistoryDocument[]))]
[JsonSerializable(typeof(CheckDocument[]))]
[JsonSerializable(typeof(PublishedDocument[]))]
[JsonSerializable(typeof(ResultDocument))]
[JsonSerializable(typeof(DatasetLineDocument[]))]
[JsonSerializable(typeof(DatasetDocument))]
[JsonSerializable(typeof(DatasetPartitionDocument[]))]
[JsonSerializable(typeof(DatasetRollbackRequest))]
[JsonSerializable(typeof(UpdateDocument[]))]
[JsonSerializable(typeof(DatasetUpdateRequest))]
[JsonSerializable(typeof(PostedDocument))]
[JsonSerializable(typeof(DatasetLineageDocument))]
[JsonSerializable(typeof(FreshnessDocument))]
[JsonSerializable(typeof(FreshnessEventDocument))]
[JsonSerializable(typeof(Page<BackfillLineDocument>))]
[JsonSerializable(typeof(BackfillDocument))]
[JsonSerializable(typeof(ApprovalDocument[]))]
[JsonSerializable(typeof(ModelLineDocument[]))]
[JsonSerializable(typeof(ModelDocument))]
[JsonSerializable(typeof(ModelComparisonDocument))]
[JsonSerializable(typeof(AuditDocument[]))]
[JsonSerializable(typeof(EventDocument))]
[JsonSerializable(typeof(LogEventDocument))]
[JsonSerializable(typeof(VariantsDocument))]
[JsonSerializable(typeof(VariantsDocument[]))]
[JsonSerializable(typeof(DeployRequest))]
[JsonSerializable(typeof(UndeployRequest))]
[JsonSerializable(typeof(PromoteVariantRequest))]
[JsonSerializable(typeof(DrainEntryDocument[]))]
[JsonSerializable(typeof(DrainRequest))]
[JsonSerializable(typeof(BreakerDocument[]))]
[JsonSerializable(typeof(ResetBreakerRequest))]
[JsonSerializable(typeof(EndDrainRequest))]
[JsonSerializable(typeof(StartRunRequest))]
[JsonSerializable(typeof(RerunRequest))]
[JsonSerializable(typeof(RerunDocument))]
[JsonSerializable(typeof(RerunAnswerDocument))]
[JsonSerializable(typeof(MarkRequest))]
[JsonSerializable(typeof(SlaDocument[]))]
[JsonSerializable(typeof(ArrivalDocument[]))]
[JsonSerializable(typeof(RunDocument))]
[JsonSerializable(typeof(RejectedDocument[]))]
[JsonSerializable(typeof(RejectedRowsDocument))]
[JsonSerializable(typeof(AlertDocument[]))]
[JsonSerializable(typeof(AlertTestRequest))]
[JsonSerializable(typeof(AlertTestDocument))]
[JsonSerializable(typeof(AlertRoutesDocument))]
[JsonSerializable(typeof(UnpauseDocument))]
[JsonSerializable(typeof(ProofBadge[]))]
[JsonSerializable(typeof(ResolvedDocument[]))]
[JsonSerializable(typeof(PartitionPageDocument))]
[JsonSerializable(typeof(HomeDocument))]
[JsonSerializable(typeof(DepartureDocument[]))]
[JsonSerializable(typeof(LineageDocument))]
[JsonSerializable(typeof(OutlookDocument))]
[JsonSerializable(typeof(DurationDocument[]))]
[JsonSerializable(typeof(BackfillRequest))]
[JsonSerializable(typeof(WatermarkDocument))]
[JsonSerializable(typeof(WatermarkRequest))]
[JsonSerializable(typeof(Page<InboxDocument>))]
[JsonSerializable(typeof(InboxDetailDocument))]
[JsonSerializable(typeof(SignalRequest))]
[JsonSerializable(typeof(ApprovalRequest))]
[JsonSerializable(typeof(PromoteModelRequest))]
[JsonSerializable(typeof(RollBackModelRequest))]
[JsonSerializable(typeof(UserLineDocument[]))]
[JsonSerializable(typeof(AddUserRequest))]
[JsonSerializable(typeof(PasswordRequest))]
[JsonSerializable(typeof(TokenDocument[]))]
[JsonSerializable(typeof(TokenMadeDocument))]
[JsonSerializable(typeof(MakeTokenRequest))]
[JsonSerializable(typeof(SecretRequest))]
[JsonSerializable(typeof(string[]))]
[JsonSerializable(typeof(JsonElement))]
[JsonSerializable(typeof(IResult))]
[JsonSerializable(typeof(DateTimeOffset))]
[JsonSerializable(typeof(bool?))]
[JsonSerializable(typeof(int?))]
[JsonSerializable(typeof(long?))]
internal sealed partial class ApiJson : JsonSerializerContext
{
    private static ApiJson? readable;

    /// <summary>With letters and signs of all languages as they are: answers are never taken for pages.</summary>
    public static ApiJson Readable =>
        readable ??= new ApiJson(
            new JsonSerializerOptions(Default.GeneratedSerializerOptions!) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }
        );
}
