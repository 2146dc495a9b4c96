using System.Text;
using Signalbox.Core;
using Signalbox.Engine.Executors;
using Signalbox.Engine.Processes;

namespace Signalbox.Engine.Tests.Processes;

public sealed class LauncherTests
{
    [Theory]
    [InlineData("true", "true")]
    [InlineData("  python3 train.py\t--date 2026-01-01  a=b ", "python3|train.py|--date|2026-01-01|a=b")]
    [InlineData("/opt/x/y_z,1:2@3%4+5 .", "/opt/x/y_z,1:2@3%4+5|.")]
    public void A_text_without_anything_for_a_shell_is_split(string text, string words)
    {
        Assert.True(PlainCommand.TrySplit(text, out var split));
        Assert.Equal(words.Split('|'), split);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" \t")]
    [InlineData("A=1 true")]
    [InlineData("exit 0")]
    [InlineData("cd /")]
    [InlineData("exec sleep 1")]
    [InlineData("trap - TERM")]
    [InlineData("if true")]
    [InlineData("time sleep 1")]
    [InlineData(": x")]
    [InlineData(". file")]
    [InlineData("set -e")]
    [InlineData("echo $HOME")]
    [InlineData("ls *")]
    [InlineData("ls ~")]
    [InlineData("a;b")]
    [InlineData("a&")]
    [InlineData("a|b")]
    [InlineData("a>b")]
    [InlineData("echo 'x'")]
    [InlineData("echo \"x\"")]
    [InlineData("echo \\x")]
    [InlineData("! true")]
    [InlineData("echo {a,b}")]
    [InlineData("echo #x")]
    [InlineData("a\nb")]
    [InlineData("[ -e x ]")]
    [InlineData("echo é")]
    [InlineData("a^b")]
    public void A_text_with_something_for_a_shell_goes_to_the_shell(string text) => Assert.False(PlainCommand.TrySplit(text, out _));

    [Fact]
    public void A_record_means_an_end_only_when_its_line_is_whole()
    {
        const string whole = "1 start 123 b-o-o-t\n1 exit 107 end\n";
        Assert.Equal(new ExitRecord(123, "b-o-o-t", 107, false), Parse(whole));
        for (var length = 0; length < whole.Length; length++)
        {
            Assert.Null(Parse(whole[..length]).ExitCode);
        }

        Assert.Equal(new ExitRecord(123, "b", 137, true), Parse("1 start 123 b\n1 exi\n1 signal 9 end\n"));
        Assert.Null(Parse("1 exit 256 end\n").ExitCode);
        Assert.Null(Parse("1 exit -1 end\n").ExitCode);
        Assert.Null(Parse("2 exit 0 end\n").ExitCode);
        Assert.Null(Parse("\0\0\0\0\0\0\0\0\n").ExitCode);
    }

    [Fact]
    public void A_process_is_read_from_its_stat_line_whatever_its_name()
    {
        var line = Encoding.ASCII.GetBytes("42 (a) R 1 (b) Z 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 987654 26 27");
        Assert.Equal(new ProcessStat(42, 7, 9, 987654, (byte)'Z'), ProcessTable.Parse(42, line));
        Assert.Null(ProcessTable.Parse(42, "42 (a) Z 7"u8));
        var started = ProcessTable.StartedAt(ProcessTable.Find(Environment.ProcessId)!.Value.StartTicks);
        Assert.InRange(started, DateTimeOffset.UtcNow - TimeSpan.FromHours(1), DateTimeOffset.UtcNow + TimeSpan.FromSeconds(2));
    }

    [Theory]
    [InlineData("a", null)]
    [InlineData("main-1a2b-9-a1", null)]
    [InlineData("", "empty")]
    [InlineData("A", "a-z")]
    [InlineData("a_b", "a-z")]
    [InlineData("a.b", "a-z")]
    [InlineData("-a", "begins and ends")]
    [InlineData("a-", "begins and ends")]
    [InlineData("é", "a-z")]
    public void A_key_is_a_dns_label(string text, string? problem)
    {
        Assert.Equal(problem is null, AttemptKey.TryOf(text, out var key));
        if (problem is null)
        {
            Assert.Equal(text, key.Value);
            Assert.Equal(key, AttemptKey.Of(text));
        }
        else
        {
            Assert.Contains(problem, Assert.Throws<ArgumentException>(() => AttemptKey.Of(text)).Message);
        }

        Assert.Null(AttemptKey.Problem(new string('a', 63)));
        Assert.Contains("64", AttemptKey.Problem(new string('a', 64)));
    }

    [Fact]
    public void A_shell_text_is_one_argument_of_the_shell_as_it_stands()
    {
        var words = Launcher.Words(new CommandSpec.Shell("echo $HOME; rm -rf '/x'"), "/bin", "/", out var problem);
        Assert.Null(problem);
        Assert.Equal(["/bin/sh", "-c", "echo $HOME; rm -rf '/x'"], words);
    }

    private static ExitRecord Parse(string text) => ExitRecord.Parse(Encoding.ASCII.GetBytes(text));
}
