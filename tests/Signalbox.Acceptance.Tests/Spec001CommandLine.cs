using System.Diagnostics;

namespace Signalbox.Acceptance.Tests;

/// <summary>docs/specs/001-command-line.md</summary>
public sealed class Spec001CommandLine
{
    private static readonly TimeSpan VersionBudget = TimeSpan.FromSeconds(0.15);

    public static TheoryData<string> Verbs
    {
        get
        {
            var help = BuiltProgram.CallAsync(BuiltProgram.Root, null, null, "--help").GetAwaiter().GetResult().Expect(0);
            var verbs = new TheoryData<string>();
            foreach (var line in help.Output.Split("Verbs:\n")[1].Split("\n\n")[0].Split('\n'))
            {
                verbs.Add(line.Trim().Split(' ')[0]);
            }

            return verbs;
        }
    }

    [Theory]
    [MemberData(nameof(Verbs))]
    public async Task Each_verb_has_help_with_an_example(string verb)
    {
        var help = (await CallAsync(verb, "--help")).Expect(0);
        Assert.Contains("Example", help.Output, StringComparison.Ordinal);
        Assert.Contains($"  signalbox {verb}", help.Output, StringComparison.Ordinal);
        Assert.Empty(help.Error);
    }

    [Fact]
    public async Task The_version_is_one_line_and_quick()
    {
        var best = TimeSpan.MaxValue;
        for (var i = 0; i < 20 && best > VersionBudget; i++)
        {
            var watch = Stopwatch.StartNew();
            var version = (await CallAsync("--version")).Expect(0);
            best = watch.Elapsed < best ? watch.Elapsed : best;
            Assert.StartsWith("signalbox 0.", version.Output, StringComparison.Ordinal);
        }

        Assert.InRange(best, TimeSpan.Zero, VersionBudget);
    }

    [Theory]
    [InlineData("did you mean `validate`?", "valdate")]
    [InlineData("there is no option `--jsn`; did you mean `--json`?", "validate", "--jsn")]
    [InlineData("write the verb first", "--json", "validate")]
    [InlineData("there is no such file or folder", "validate", "nowhere/at all.yaml")]
    [InlineData("PIPELINE is missing", "run")]
    [InlineData("`b` is one word too many", "run", "a", "b")]
    [InlineData("--attempt: `x` is no whole number", "logs", "1", "a", "--attempt", "x")]
    [InlineData("`x` is no whole number", "backfill", "show", "x")]
    [InlineData("did you mean `next`?", "cron", "nxt")]
    [InlineData("--date needs a value", "run", "a", "--date")]
    public async Task A_mistake_in_the_call_is_told_on_stderr_with_code_2(string told, params string[] arguments)
    {
        var call = (await CallAsync(arguments)).Expect(2);
        Assert.Contains(told, call.Error, StringComparison.Ordinal);
        Assert.Empty(call.Output);
    }

    [Fact]
    public async Task Without_a_verb_the_verbs_are_listed()
    {
        var call = (await CallAsync()).Expect(2);
        Assert.Contains("validate", call.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("bash", "complete -o default -F _signalbox signalbox")]
    [InlineData("zsh", "#compdef signalbox")]
    [InlineData("fish", "complete -c signalbox")]
    public async Task Completion_prints_a_script_for_a_shell(string shell, string line)
    {
        var script = (await CallAsync("completion", shell)).Expect(0);
        Assert.Contains(line, script.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Completion_knows_verbs_and_options()
    {
        Assert.Equal("cron\n", (await CallAsync("completion", "words", "--", "cr")).Expect(0).Output);
        Assert.Contains(
            "--tz\n",
            (await CallAsync("completion", "words", "--", "cron", "next", "--t")).Expect(0).Output,
            StringComparison.Ordinal
        );
    }

    private static Task<Called> CallAsync(params string[] arguments) =>
        BuiltProgram.CallAsync(Path.GetTempPath(), environment: null, deadline: null, arguments);
}
