using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Signalbox.Engine.PipelineFiles.Shapes;
using Signalbox.Engine.Projects;

namespace Signalbox.Engine.PipelineFiles;

/// <summary>The JSON Schemas of the files that users write, made from the declarations that read them.</summary>
public static class JsonSchemas
{
    private static readonly JsonSerializerOptions Pretty = new()
    {
        WriteIndented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>The text of <c>schemas/pipeline.schema.json</c>, JSON Schema draft 2020-12.</summary>
    public static string Pipeline => Text("A Signalbox pipeline", "pipelines/*.yaml: one pipeline a file.", PipelineShape.Schema);

    /// <summary>The text of <c>schemas/project.schema.json</c>, JSON Schema draft 2020-12.</summary>
    public static string Project => Text("A Signalbox project", "signalbox.yaml: the settings of a project.", ProjectFile.Schema);

    private static string Text(string title, string description, Func<SchemaDefinitions, JsonObject> root)
    {
        var definitions = new SchemaDefinitions();
        var schema = new JsonObject
        {
            ["$schema"] = "https://json-schema.org/draft/2020-12/schema",
            ["title"] = title,
            ["description"] = description,
        };
        foreach (var (key, value) in root(definitions).ToArray())
        {
            schema[key] = value?.DeepClone();
        }

        schema["$defs"] = definitions.ToJson();
        return schema.ToJsonString(Pretty) + "\n";
    }
}
