namespace Signalbox.Engine.Tests.PipelineFiles;

/// <summary>A mistake that is found in the pipeline is shown where its field stands in the file.</summary>
public sealed class FieldPlaceTests
{
    private const string Text = """
        pipeline: p
        schedule: "15 2 * *"
        params:
          n: 5
        defaults:
          pool: gpu
        tasks:
          a.b:
            run: >-
              echo one
              {{ ds }} and {{ dss }}
            needs: [x, y]
          c:
            needs: a.b
            outputs:
              raw: data/{{ day }}/
              fine:
                path: 'it''s/{{ day }}'
                checks:
                  - row_count: { min: "{{ x }}" }
          d:
            python: |
              import os

              print(1)
              print(22)
          e: { noop: }
        """;

    [Theory]
    [InlineData("pipeline", 0, "1:11")]
    [InlineData("schedule", 0, "2:11")]
    [InlineData("schedule.cron", 0, "2:11")]
    [InlineData("schedule.cron", 3, "2:15")]
    [InlineData("schedule.timezone", 0, "2:11")]
    [InlineData("params.n.default", 0, "4:6")]
    [InlineData("owner", 0, "1:1")]
    [InlineData("tasks", 0, "7:1")]
    [InlineData("tasks.a.b", 0, "8:3")]
    [InlineData("tasks.a.b.run", 0, "9:10")]
    [InlineData("tasks.a.b.run", 9, "11:7")]
    [InlineData("tasks.a.b.run", 25, "11:23")]
    [InlineData("tasks.a.b.needs[1]", 0, "12:16")]
    [InlineData("tasks.a.b.needs[7]", 0, "12:5")]
    [InlineData("tasks.a.b.when", 0, "8:3")]
    [InlineData("tasks.c.needs[0]", 0, "14:12")]
    [InlineData("tasks.c.pool", 0, "6:9")]
    [InlineData("tasks.c.outputs.raw", 0, "16:12")]
    [InlineData("tasks.c.outputs.raw.path", 8, "16:20")]
    [InlineData("tasks.c.outputs.fine.path", 8, "18:25")]
    [InlineData("tasks.c.outputs.fine.checks[0]", 0, "20:13")]
    [InlineData("tasks.c.outputs.fine.checks[0].row_count.min", 3, "20:35")]
    [InlineData("tasks.d.python", 20, "26:7")]
    [InlineData("tasks.d.python", 26, "26:13")]
    [InlineData("tasks.gone.run", 0, "7:1")]
    [InlineData("nonsense[", 0, "1:1")]
    [InlineData("tasks.a.b.needs[x]", 0, "12:5")]
    public void A_field_has_a_place(string path, int offset, string expected)
    {
        var (line, column) = Yaml.Parse(Text).PlaceOf(path, offset);
        Assert.Equal(expected, $"{line}:{column}");
    }

    [Theory]
    [InlineData("tasks.main", "1:1")]
    [InlineData("tasks.main.run", "2:6")]
    [InlineData("tasks.main.when", "1:1")]
    public void The_task_of_a_file_of_one_command_is_the_file(string path, string expected)
    {
        var (line, column) = Yaml.Parse("pipeline: p\nrun: echo\n").PlaceOf(path);
        Assert.Equal(expected, $"{line}:{column}");
    }
}
