using System.Text;
using Signalbox.Core.Expressions;

namespace Signalbox.Core.Tests.Expressions;

public sealed class TemplateFuzzTests
{
    private static readonly string[] Pieces =
    [
        "{{",
        "}}",
        "{%",
        "{#",
        "-}}",
        "{{-",
        "'",
        "\"",
        "\\",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        "|",
        ".",
        ",",
        ":",
        "=",
        "==",
        "<",
        ">=",
        "!",
        "~",
        "//",
        "%",
        "**",
        "*",
        "-",
        "+",
        "0",
        "1.5",
        "1e9",
        "9223372036854775807",
        "'a'",
        "none",
        "true",
        " not ",
        " in ",
        " and ",
        " or ",
        " if ",
        " else ",
        " is ",
        "defined",
        "ds",
        "params",
        ".codes",
        "['x']",
        "tasks",
        "ti",
        ".xcom_pull(",
        "|default(",
        "|sort",
        "|join(",
        "|replace(",
        "|round(",
        "|int",
        "|tojson",
        "|fromjson",
        "|strftime(",
        "|ds_add(",
        "|sh",
        "|identifier",
        "|literal",
        "range(",
        "macros.timedelta(days=",
        "logical_date",
        "item",
        ".get(",
        "\n",
        " ",
        "é",
        "\ud800",
        "\0",
        "$",
        "`",
        "<<EOF\n",
        "#",
        "--",
        "/*",
        "$$",
    ];

    [Theory]
    [Trait("Property", "P11")]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Whatever_is_written_it_is_a_result_or_a_mistake_at_a_place_in_the_text(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < 20_000; round++)
        {
            var builder = new StringBuilder(random.Next(2) == 0 ? "{{ " : "");
            for (var count = random.Next(1, 14); count > 0; count--)
            {
                builder.Append(random.Next(12) == 0 ? ((char)random.Next(0x10000)).ToString() : Pieces[random.Next(Pieces.Length)]);
            }

            Try(builder.Append(random.Next(2) == 0 ? " }}" : "").ToString());
        }
    }

    [Theory]
    [Trait("Property", "P11")]
    [InlineData("{{")]
    [InlineData("{{}}")]
    [InlineData("{%")]
    [InlineData("{{(")]
    [InlineData("(")]
    [InlineData("{{ a }}")]
    [InlineData("{{ds|d(")]
    [InlineData("+1")]
    [InlineData(".a")]
    [InlineData("[0]")]
    [InlineData("not ")]
    [InlineData("1 if ")]
    [InlineData("'")]
    [InlineData("{'a':")]
    [InlineData("$(")]
    [InlineData("<<E\n")]
    [InlineData("`\"")]
    [InlineData("1,")]
    public void A_text_of_twice_the_length_takes_twice_the_memory_to_read(string piece)
    {
        foreach (var (before, after) in new[] { ("", ""), ("{{ ", ""), ("{{ 1", " }}") })
        {
            Parsed(64);
            var half = Parsed(Template.MaxText / 2);
            var whole = Parsed(Template.MaxText);
            Assert.True(whole < 2.5 * half + 4096, $"{half} bytes for half of it, {whole} for all of `{before}{piece}...{after}`");

            long Parsed(int length)
            {
                var text = before + Repeat(piece, length - before.Length - after.Length) + after;
                var allocated = GC.GetAllocatedBytesForCurrentThread();
                Template.Parse(text);
                allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
                Try(text);
                return allocated;
            }
        }
    }

    private static string Repeat(string piece, int length) => string.Concat(Enumerable.Repeat(piece, length / piece.Length));

    private static void Try(string text)
    {
        var parsed = Template.Parse(text);
        Check(text, parsed.Succeeded, parsed.Errors);
        if (!parsed.Succeeded)
        {
            return;
        }

        var template = parsed.Value;
        Assert.All(template.References(), reference => Assert.True(reference.Offset + reference.Length <= text.Length));
        Check(text, template.Render(Sample.Scope));
        Check(text, template.Evaluate(Sample.Scope));
        Check(text, template.Explain(Sample.Scope));
        Check(text, ShellTemplate.Render(template, Sample.Scope));
        Check(text, SqlTemplate.From(template).Render(Sample.Scope));
        Check(text, new ArgvTemplate([template]).Render(Sample.Scope));
    }

    private static void Check<T>(string text, TemplateResult<T> result)
        where T : class
    {
        Check(text, result.Succeeded, result.Errors);
        Assert.True(result is not { Succeeded: true, Value: string { Length: > Template.MaxOutput } });
    }

    private static void Check(string text, bool succeeded, IReadOnlyList<TemplateError> errors)
    {
        Assert.Equal(succeeded, errors.Count == 0);
        foreach (var error in errors)
        {
            Assert.True(
                error.Offset >= 0
                    && error.Offset + error.Length <= text.Length
                    && error is { Line: >= 1, Column: >= 1 }
                    && error.Message.Length > 0,
                text
            );
        }
    }
}
