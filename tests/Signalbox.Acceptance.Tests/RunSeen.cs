using System.Text.Json;

namespace Signalbox.Acceptance.Tests;

/// <summary>The document of <c>run --json</c>, with the questions that tests ask of it.</summary>
internal sealed class RunSeen(JsonElement json)
{
    public JsonElement Json => json;

    public long Number => json.GetProperty("number").GetInt64();

    public string State => json.GetProperty("state").GetString()!;

    public IReadOnlyList<JsonElement> Tasks => [.. json.GetProperty("tasks").EnumerateArray()];

    /// <summary>The states by task, in the order of the file; instances as <c>task[0]</c>.</summary>
    public Dictionary<string, string> States => Tasks.ToDictionary(NameOf, task => task.GetProperty("state").GetString()!);

    public JsonElement Task(string name) => Tasks.Single(task => NameOf(task) == name);

    public IReadOnlyList<JsonElement> Attempts(string task) => [.. Task(task).GetProperty("attempts").EnumerateArray()];

    public JsonElement Attempt(string task, int number) => Attempts(task)[number - 1];

    public static DateTimeOffset Time(JsonElement attempt, string name) => attempt.GetProperty(name).GetDateTimeOffset();

    private static string NameOf(JsonElement task)
    {
        var index = task.GetProperty("map_index").GetInt32();
        return task.GetProperty("task").GetString() + (index < 0 ? "" : $"[{index}]");
    }
}
