using System.Diagnostics;
using System.Text;
using Signalbox.Engine.PipelineFiles;

namespace Signalbox.Engine.Tests.PipelineFiles;

/// <summary>Files that are made to hurt, or that are no YAML at all: an error at a place, in no time, never a crash.</summary>
public sealed class GuardTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(1);

    public static TheoryData<string, string, string> Texts =>
        new()
        {
            { "a megabyte of comments and one byte more", "#" + new string('x', 1 << 20), "1:1 too-large" },
            { "50,000 brackets", new string('[', 50_000), "1:33 too-deep" },
            { "50,000 pairs of brackets", new string('[', 50_000) + new string(']', 50_000), "1:33 too-deep" },
            { "50,000 braces", new string('{', 50_000), "1:1 unquoted-template" },
            { "50,000 nested keys", string.Concat(Enumerable.Repeat("{a: ", 50_000)), "1:129 too-deep" },
            { "50,000 dashes", string.Concat(Enumerable.Repeat("- ", 50_000)), "1:65 too-deep" },
            { "50,000 complex keys", string.Concat(Enumerable.Repeat("? ", 50_000)), "1:3 key-not-text" },
            { "50,000 keys", string.Concat(Enumerable.Range(0, 50_000).Select(i => $"k{i}: 1\n")), "25000:9 too-many-nodes" },
            { "an alias bomb", Bomb, "4:20 too-many-nodes" },
            { "an alias to itself", "a: &a [*a]", "1:8 unknown-anchor" },
            { "an unknown alias", "a: *b", "1:4 unknown-anchor" },
            { "nothing", "", "1:1 empty-file" },
            { "only comments", "# a\n# b\n", "1:1 empty-file" },
            { "two documents", "pipeline: p\nrun: a\n---\npipeline: q\n", "3:1 several-documents" },
            { "a key twice", "pipeline: p\nrun: a\nrun: b\n", "3:1 duplicate-key" },
            { "a key twice in a flow", "pipeline: p\nrun: a\ndefaults: { pool: a, pool: b }\n", "3:22 duplicate-key" },
            { "a tab as indentation", "pipeline: p\ntasks:\n\ta: { run: b }\n", "3:1 tab" },
            { "a tab after spaces", "pipeline: p\ntasks:\n  \ta: { run: b }\n", "3:3 tab" },
            { "a tag", "pipeline: !!python/object:os.system p\nrun: a\n", "1:11 tag" },
            { "a merge key", "pipeline: p\nrun: a\ndefaults:\n  <<: { pool: a }\n", "4:3 merge-key" },
            { "an open quote", "pipeline: \"p\nrun: a\n", "1:11 not-yaml" },
            { "an open bracket", "pipeline: p\nrun: [a\n", "3:1 not-yaml" },
            { "a NUL", "pipeline: p\nrun: a\0b\n", "2:7 control-character" },
            { "an escape sequence", "pipeline: \u001b[31mp\n", "1:11 control-character" },
            { "a template without quotes", "pipeline: p\ntasks:\n  a:\n    run: a\n    when: {{ ds }}\n", "5:11 unquoted-template" },
            { "a text", "hello", "1:1 wrong-value" },
            { "a list", "- a\n- b\n", "1:1 wrong-value" },
        };

    private static string Bomb =>
        "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
        + string.Concat(
            Enumerable
                .Range(1, 20)
                .Select(i =>
                    $"{(char)('a' + i)}: &{(char)('a' + i)} [{string.Join(", ", Enumerable.Repeat("*" + (char)('a' + i - 1), 30))}]\n"
                )
        );

    [Theory]
    [MemberData(nameof(Texts), DisableDiscoveryEnumeration = true)]
    public void A_bad_text_is_an_error_at_a_place(string what, string text, string expected)
    {
        Assert.NotEmpty(what);
        Assert.Equal(expected, First(Encoding.UTF8.GetBytes(text)));
    }

    [Fact]
    public void A_binary_file_is_an_error_at_a_place()
    {
        Assert.Equal("1:1 not-utf8", First([0x89, .. "PNG\r\n"u8, 0x1A, 0x0A, 0, 0, 0, 0x0D]));
        Assert.Equal("1:1 control-character", First([0x7F, .. "ELF"u8, 2, 1, 1, 0]));
        Assert.Equal("2:3 not-utf8", First([.. "pipeline: p\nru"u8, 0xC3, 0x28]));
        Assert.Equal("1:1 not-utf8", First(Encoding.Unicode.GetPreamble().Concat(Encoding.Unicode.GetBytes("pipeline: p")).ToArray()));
        Assert.Equal("1:12 not-utf8", First([.. "pipeline: p"u8, 0xE2, 0x82]));
    }

    [Fact]
    public void A_file_of_exactly_one_megabyte_is_read()
    {
        var head = "pipeline: p\nrun: a\n#";
        var pipeline = PipelineFile.Parse("p.yaml", Encoding.UTF8.GetBytes(head + new string('x', (1 << 20) - head.Length)));
        Assert.Empty(Yaml.Errors(pipeline.Problems));
    }

    public static TheoryData<string> Large =>
        [
            "pipeline: p\nrun: \"" + new string('x', 1_000_000) + "\"\n",
            "pipeline: p\nrun: " + new string('x', 1_000_000) + "\n",
            "pipeline: p\nrun: |\n" + string.Concat(Enumerable.Repeat("  line\n", 140_000)),
            "pipeline: p\nrun: >\n" + string.Concat(Enumerable.Repeat("  line\n", 140_000)),
            "pipeline: p\nrun: a\n" + new string('\n', 1_000_000),
            "pipeline: p\nrun: a\n" + new string(' ', 1_000_000),
            "pipeline: p\nrun: a\n" + new string('\t', 1_000_000),
            "pipeline: p\nrun: a\n" + string.Concat(Enumerable.Repeat("#\n", 500_000)),
            new string('a', 1_000_000) + ": b\n",
            "? " + new string('a', 1_000_000) + "\n: b\n",
            string.Concat(Enumerable.Repeat("%TAG !a! b\n", 90_000)),
            string.Concat(Enumerable.Repeat("%X y\n", 200_000)),
            "&" + new string('a', 1_000_000) + " b",
            "!" + new string('a', 1_000_000) + " b",
            "*" + new string('a', 1_000_000),
            new string(':', 1_000_000),
            new string('-', 1_000_000),
            new string('?', 1_000_000),
            new string('*', 1_000_000),
            new string('!', 1_000_000),
            new string('\'', 1_000_000),
            new string('"', 1_000_000),
            string.Concat(Enumerable.Repeat("---\n", 250_000)),
            string.Concat(Enumerable.Repeat("a:\n", 300_000)),
            string.Concat(Enumerable.Repeat(",", 1_000_000)),
            "pipeline: p\nrun: a\n" + string.Concat(Enumerable.Range(0, 24_000).Select(i => $"retrise{i}: 1\n")),
            "pipeline: p\ntasks:\n" + string.Concat(Enumerable.Range(0, 3_000).Select(i => $"  t{i}: {{ run: a }}\n")),
            string.Concat(Enumerable.Range(0, 500).Select(i => new string(' ', i) + "a:\n")),
        ];

    [Theory]
    [MemberData(nameof(Large), DisableDiscoveryEnumeration = true)]
    public void A_large_file_of_any_make_is_done_with_in_a_second(string text)
    {
        var parsed = Timed(Encoding.UTF8.GetBytes(text));
        Assert.True(parsed.Problems.Length <= 101);
        Assert.All(parsed.Problems, problem => Assert.True(problem.Message.Length < 1500, problem.Message));
    }

    private static string First(byte[] bytes)
    {
        var parsed = Timed(bytes);
        Assert.Null(parsed.Pipeline);
        var first = parsed.Problems[0];
        return $"{first.Line}:{first.Column} {first.Code}";
    }

    /// <summary>Reads within the limit. On a machine that is busy with other things the best time is the cost.</summary>
    private static ParsedPipeline Timed(byte[] bytes)
    {
        for (var turn = 1; ; turn++)
        {
            var watch = Stopwatch.StartNew();
            var parsed = PipelineFile.Parse("p.yaml", bytes);
            if (watch.Elapsed < Limit)
            {
                return parsed;
            }

            Assert.True(turn < 20, watch.Elapsed.ToString());
        }
    }
}
