using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Signalbox.App.Cli;

/// <summary>How documents become JSON: names in snake_case, every field always there, times as UTC texts.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(string[]))]
[JsonSerializable(typeof(CronDocument))]
[JsonSerializable(typeof(ProblemDocument[]))]
[JsonSerializable(typeof(LintDocument))]
[JsonSerializable(typeof(ProofDocument))]
[JsonSerializable(typeof(FreshDocument))]
[JsonSerializable(typeof(ProofBadge[]))]
[JsonSerializable(typeof(GraphDocument))]
[JsonSerializable(typeof(PipelineDocument[]))]
[JsonSerializable(typeof(PipelineDetailDocument))]
[JsonSerializable(typeof(InitDocument))]
[JsonSerializable(typeof(RunDocument))]
[JsonSerializable(typeof(RunDocument[]))]
[JsonSerializable(typeof(RunDetailDocument))]
[JsonSerializable(typeof(RerunDocument))]
[JsonSerializable(typeof(RejectedDocument[]))]
[JsonSerializable(typeof(RejectedRowsDocument))]
[JsonSerializable(typeof(AnswerDocument))]
[JsonSerializable(typeof(UnpauseDocument))]
[JsonSerializable(typeof(DatasetLineDocument[]))]
[JsonSerializable(typeof(DatasetDocument))]
[JsonSerializable(typeof(ResolvedDocument[]))]
[JsonSerializable(typeof(RollbackDocument))]
[JsonSerializable(typeof(SwitchedDocument[]))]
[JsonSerializable(typeof(UpdateDocument[]))]
[JsonSerializable(typeof(PostedDocument))]
[JsonSerializable(typeof(PostedDocument[]))]
[JsonSerializable(typeof(FreshnessDocument))]
[JsonSerializable(typeof(PartitionPageDocument))]
[JsonSerializable(typeof(DatasetLineageDocument))]
[JsonSerializable(typeof(WhyDocument))]
[JsonSerializable(typeof(SlaDocument[]))]
[JsonSerializable(typeof(ArrivalDocument[]))]
[JsonSerializable(typeof(BackfillDocument))]
[JsonSerializable(typeof(BackfillLineDocument[]))]
[JsonSerializable(typeof(ImpactDocument))]
[JsonSerializable(typeof(MatrixDocument))]
[JsonSerializable(typeof(WatermarkDocument))]
[JsonSerializable(typeof(ApprovalDocument[]))]
[JsonSerializable(typeof(ClassifyDocument))]
[JsonSerializable(typeof(AlertDocument[]))]
[JsonSerializable(typeof(AlertRoutesDocument))]
[JsonSerializable(typeof(AlertTestDocument))]
[JsonSerializable(typeof(InboxDocument[]))]
[JsonSerializable(typeof(BreakerDocument[]))]
[JsonSerializable(typeof(InboxDetailDocument))]
[JsonSerializable(typeof(System.Text.Json.JsonElement))]
[JsonSerializable(typeof(ModelLineDocument[]))]
[JsonSerializable(typeof(ModelDocument))]
[JsonSerializable(typeof(ModelComparisonDocument))]
[JsonSerializable(typeof(VariantsDocument[]))]
[JsonSerializable(typeof(ShadowDocument))]
[JsonSerializable(typeof(SwitchDocument))]
[JsonSerializable(typeof(UserLineDocument[]))]
[JsonSerializable(typeof(TokenMadeDocument))]
[JsonSerializable(typeof(TokenDocument[]))]
[JsonSerializable(typeof(DbDocument))]
[JsonSerializable(typeof(DbCopyDocument))]
[JsonSerializable(typeof(DoctorLine[]))]
[JsonSerializable(typeof(DemoDocument))]
[JsonSerializable(typeof(DemoModelDocument[]))]
internal sealed partial class CliJson : JsonSerializerContext
{
    private static CliJson? readable;

    /// <summary>Letters of all languages stay what they are: the text goes to a terminal or a program, never into a page.</summary>
    private static CliJson Readable =>
        readable ??= new CliJson(new JsonSerializerOptions(Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    /// <summary>The same form for documents that are written piece by piece.</summary>
    public static JsonWriterOptions Writing =>
        new() { Indented = Default.Options.WriteIndented, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Prints the one document of a call.</summary>
    public static void Print<T>(T document, JsonTypeInfo<T> type)
    {
        using var output = Console.OpenStandardOutput();
        JsonSerializer.Serialize(output, document, (JsonTypeInfo<T>)Readable.GetTypeInfo(type.Type)!);
        output.Write("\n"u8);
    }
}
