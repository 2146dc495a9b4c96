using System.Diagnostics;
using System.Text;
using Signalbox.Engine.PipelineFiles;

namespace Signalbox.Engine.Tests.PipelineFiles;

/// <summary>Whatever bytes come, reading them never throws, ends soon, and names places that are inside the file.</summary>
public sealed class FuzzTests
{
    private const string Good = """
        pipeline: daily # a comment
        schedule: { cron: "15 2 * * *", timezone: Europe/London }
        start: 2001-01-01
        tags: [a, 'b', "c"]
        params:
          n: { type: integer, default: 5, enum: [1, 5] }
        defaults: &d
          retries: 2
          retry_delay: 5m
          env: { A: "é☃😀", B: secret:x }
        tasks:
          landed:
            wait_for: { file: "landing/{{ ds }}.csv", stable_for: 5s }
          extract:
            needs: [landed]
            run: >-
              python3 x.py
              --date {{ ds }}
            outputs:
              raw:
                path: data/{{ ds }}/
                checks:
                  - row_count: { min: 1 }
                  - not_null: [a]
                    severity: warn
          script:
            python: |
              print("hi")

              print("there")
          again: { run: [a, b], env: { C: d } }

        """;

    private static readonly string[] Pieces =
    [
        "\n",
        "\r\n",
        "\r",
        "\t",
        " ",
        "  ",
        ":",
        ": ",
        "- ",
        "? ",
        "[",
        "]",
        "{",
        "}",
        "{{",
        "}}",
        ",",
        "#",
        "&a ",
        "*a",
        "*d",
        "!t ",
        "|",
        ">",
        "'",
        "\"",
        "%",
        "@",
        "`",
        "\\",
        "---\n",
        "...\n",
        "<<: ",
        "~",
        "null",
        "\0",
        "\u0085",
        "\u2028",
        "\uFEFF",
        "😀",
        "retries: -1\n",
        "tasks: 3\n",
    ];

    [Fact]
    [Trait("Requirement", "P17")]
    public void Changed_files_give_problems_inside_the_file()
    {
        Assert.Empty(Yaml.Errors(PipelineFile.Parse("p.yaml", Encoding.UTF8.GetBytes(Good)).Problems));
        var random = new Random(20010105);
        for (var i = 0; i < 4000; i++)
        {
            var bytes = Encoding.UTF8.GetBytes(Good).ToList();
            for (var changes = random.Next(1, 6); changes > 0; changes--)
            {
                var at = random.Next(bytes.Count);
                switch (random.Next(5))
                {
                    case 0:
                        bytes.RemoveRange(at, Math.Min(random.Next(1, 20), bytes.Count - at));
                        break;
                    case 1:
                        bytes.Insert(at, (byte)random.Next(256));
                        break;
                    case 2:
                        bytes[at] = (byte)random.Next(256);
                        break;
                    case 3:
                        bytes.InsertRange(at, bytes.GetRange(at, Math.Min(random.Next(1, 60), bytes.Count - at)));
                        break;
                    default:
                        bytes.InsertRange(at, Encoding.UTF8.GetBytes(Pieces[random.Next(Pieces.Length)]));
                        break;
                }

                if (bytes.Count == 0)
                {
                    break;
                }
            }

            Prove([.. bytes]);
        }
    }

    [Fact]
    [Trait("Requirement", "P17")]
    public void Any_bytes_give_problems_inside_the_file()
    {
        var random = new Random(20010106);
        for (var i = 0; i < 2000; i++)
        {
            var bytes = new byte[random.Next(0, 200)];
            random.NextBytes(bytes);
            if (i % 2 == 1)
            {
                // Only characters that mean something in YAML: these get further.
                var text = string.Concat(bytes.Select(b => Pieces[b % Pieces.Length]));
                bytes = Encoding.UTF8.GetBytes(text);
            }

            Prove(bytes);
        }
    }

    private static void Prove(byte[] bytes)
    {
        var watch = Stopwatch.StartNew();
        ParsedPipeline parsed;
        try
        {
            parsed = PipelineFile.Parse("p.yaml", bytes);
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"threw for {Convert.ToBase64String(bytes)}", e);
        }

        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(1), Convert.ToBase64String(bytes));
        Assert.Equal(parsed.Pipeline is null, Yaml.Errors(parsed.Problems).Length > 0);
        var text = Encoding.UTF8.GetString(bytes).TrimStart('\uFEFF');
        var lines = text.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n').Split('\n');
        foreach (var problem in parsed.Problems)
        {
            Assert.InRange(problem.Line, 1, lines.Length);
            Assert.InRange(problem.Column, 1, lines[problem.Line - 1].Length + 2);
            Assert.NotEmpty(problem.Message);
            Assert.DoesNotContain('\n', problem.Message);
        }
    }
}
