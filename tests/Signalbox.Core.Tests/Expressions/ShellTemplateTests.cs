using Signalbox.Core.Expressions;

namespace Signalbox.Core.Tests.Expressions;

public sealed class ShellTemplateTests
{
    private static string Render(string text, IScope? scope = null)
    {
        var parsed = ShellTemplate.Parse(text);
        Assert.True(parsed.Succeeded, string.Join("; ", parsed.Errors));
        var rendered = parsed.Value.Render(scope ?? Sample.Scope);
        Assert.True(rendered.Succeeded, string.Join("; ", rendered.Errors));
        return rendered.Value;
    }

    private static string Error(string text, IScope? scope = null)
    {
        var parsed = ShellTemplate.Parse(text);
        return Assert.Single(parsed.Succeeded ? parsed.Value.Render(scope ?? Sample.Scope).Errors : parsed.Errors).Message;
    }

    private static Value.Map X(string value) => new([new("x", Value.Of(value))]);

    [Theory]
    [Trait("Requirement", "S29")]
    [InlineData(
        "python f.py --run-date {{ ds }} --out s3://b/date={{ ds }}",
        "python f.py --run-date 2024-03-10 --out s3://b/date=2024-03-10"
    )]
    [InlineData("say {{ params.name }}", "say 'O'\\''Hare & co'")]
    [InlineData("say '{{ params.name }}'", "say 'O'\\''Hare & co'")]
    [InlineData("say \"{{ params.name }}!\"", "say \"O'Hare & co!\"")]
    [InlineData("say --in={{ inputs.raw }}/y", "say --in='/data/raw file.parquet'/y")]
    [InlineData("say {{ params.codes }} end", "say ORD JFK end")]
    [InlineData("say '{{ params.codes }}'", "say '[\"ORD\",\"JFK\"]'")]
    [InlineData("say \"$(basename {{ inputs.raw }})\" '{{ ds }}'", "say \"$(basename '/data/raw file.parquet')\" '2024-03-10'")]
    [InlineData("say {{ params.name | sh }}", "say 'O'\\''Hare & co'")]
    [InlineData("ssh h \"rm {{ inputs.raw | sh }}\"", "ssh h \"rm '/data/raw file.parquet'\"")]
    [InlineData("cat <<EOF\n{{ ds }}\nEOF\nsay {{ item.segment }}", "cat <<EOF\n2024-03-10\nEOF\nsay 'long haul'")]
    [InlineData("echo ${#x} # it's {{ ds }}\nsay {{ item.segment }}", "echo ${#x} # it's 2024-03-10\nsay 'long haul'")]
    [InlineData("echo `date` $((1 + 2)) ${x:-'}'} {{ item.segment }}", "echo `date` $((1 + 2)) ${x:-'}'} 'long haul'")]
    public void A_value_is_quoted_for_the_place_where_it_stands(string template, string expected) =>
        Assert.Equal(expected, Render(template));

    [Theory]
    [InlineData("{{ x }}", "", "''")]
    [InlineData("\"$HOME{{ x }}\"", "DIR", "\"$HOME\"\"DIR\"")]
    [InlineData("$HOME{{ x }}", "DIR", "$HOME'DIR'")]
    [InlineData("{{ x }} run", "PATH=/evil", "'PATH=/evil' run")]
    [InlineData("--{{ x }}", "a=b", "--a=b")]
    [InlineData("{{ x }} run", "if", "'if' run")]
    [InlineData("echo {{ x }}>file", "2", "echo '2'>file")]
    [InlineData("echo {a,{{ x }}}", "b,c", "echo {a,'b,c'}")]
    [InlineData("echo [{{ x }}]", "a-z", "echo ['a-z']")]
    public void A_value_stays_one_word_whatever_is_around_it(string template, string value, string expected) =>
        Assert.Equal(expected, Render(template, X(value)));

    [Theory]
    [InlineData(
        "cat <<EOF\n{{ params.name }}\nEOF",
        "the value of `params.name` is not safe in a here-document; write \"$SIGNALBOX_PARAM_NAME\" instead"
    )]
    [InlineData(
        "cat <<'E O'\n{{ item.segment }}\nE O",
        "the value of `item.segment` is not safe in a here-document; pass it through `env: { NAME: \"{{ item.segment }}\" }` and write \"$NAME\" instead"
    )]
    [InlineData(
        "echo `ls {{ inputs.raw }}`",
        "the value of `inputs.raw` is not safe between backticks; write \"$SIGNALBOX_INPUT_RAW\" instead"
    )]
    [InlineData("echo $'{{ params.name }}'", "the value of `params.name` is not safe in $'...'; write \"$SIGNALBOX_PARAM_NAME\" instead")]
    [InlineData(
        "echo ${x:-{{ params.name }}}",
        "the value of `params.name` is not safe in ${...}; write \"$SIGNALBOX_PARAM_NAME\" instead"
    )]
    [InlineData(
        "echo $((1+{{ params.name }}))",
        "the value of `params.name` is not safe in $((...)); write \"$SIGNALBOX_PARAM_NAME\" instead"
    )]
    [InlineData("echo # {{ params.name }}", "the value of `params.name` is not safe in a comment; write \"$SIGNALBOX_PARAM_NAME\" instead")]
    [InlineData(
        "x=$(case a in a) echo {{ params.name }};; esac)",
        "the value of `params.name` is not safe in a part of the command whose quoting cannot be told; write \"$SIGNALBOX_PARAM_NAME\" instead"
    )]
    [InlineData("echo \\{{ ds }}", "a backslash stands right before this value and would change it; take the backslash away")]
    [InlineData(
        "echo \"${{ ds }}\"",
        "a `$` stands right before this value and would make a variable's name of it; write {{ ... }} without it"
    )]
    [InlineData(
        "cat <<EOF\n${{ ds }}\nEOF\n",
        "a `$` stands right before this value and would make a variable's name of it; write {{ ... }} without it"
    )]
    [InlineData(
        "echo --x={{ params.codes }}",
        "`params.codes` is a list beside other text of the same word; put spaces around it, or make one text of it with `| join(',')`"
    )]
    [InlineData("echo '{{ \"a\\0\" }}'", "`\"a\\0\"` holds the character NUL, which no command can be given; pass it in a file")]
    public void Where_no_quoting_is_sure_the_mistake_names_the_way_out(string template, string message) =>
        Assert.Equal(message, Error(template));

    [Theory]
    [InlineData("cat <<EOF\n{{ x }}\nEOF\n", "EOF")]
    [InlineData("cat <<EOF\n{{ x }}OF\nEOF\n", "E")]
    [InlineData("cat <<'EOF'\nit's \\\n$( {{ x }}\nEOF\n", "a b")]
    public void A_value_cannot_end_a_here_document(string template, string value) =>
        Assert.Contains("not safe in a here-document", Error(template, X(value)), StringComparison.Ordinal);

    [Theory]
    [InlineData("cat <<EOF\na \\\nEOF\n{{ x }}")]
    [InlineData("cat <<EOF\n$(\nEOF\n{{ x }}")]
    [InlineData("cat <<EOF\n`\nEOF\n{{ x }}")]
    [InlineData("cat <<{{ x }}\n{{ x }}")]
    [InlineData("cat <<EOF \"\n\nEOF\n\"{{ x }}")]
    public void After_a_here_document_whose_end_shells_see_differently_nothing_unsafe_may_stand(string template) =>
        Assert.Contains("whose quoting cannot be told", Render(template, X("a b"), index: 0), StringComparison.Ordinal);

    private static string Render(string template, IScope scope, int index) =>
        ShellTemplate.Parse(template).Value.Render(scope).Errors[index].Message;

    [Fact]
    public void Arguments_without_a_shell_are_never_quoted()
    {
        var argv = new ArgvTemplate([
            .. new[] { "python", "--name={{ params.name }}", "{{ params.codes }}", "{{ item }}", "", "{{ ds }}" }.Select(text =>
                Template.Parse(text).Value
            ),
        ]);

        Assert.Equal(
            ["python", "--name=O'Hare & co", "ORD", "JFK", "{\"segment\":\"long haul\"}", "", "2024-03-10"],
            argv.Render(Sample.Scope).Value
        );
        Assert.Equal(
            "argument 1: unknown name `nobody`",
            Assert.Single(new ArgvTemplate([Template.Parse("{{ nobody }}").Value]).Render(Sample.Scope).Errors).Message
        );
    }
}
