using System.Text;
using Signalbox.Core;
using Signalbox.Engine.Executors;

namespace Signalbox.Engine.Tests.Executors;

public sealed class LocalExecutorTests
{
    [Theory]
    [InlineData("true", 0, Phase.Succeeded)]
    [InlineData("exit 7", 7, Phase.Failed)]
    [InlineData("false", 1, Phase.Failed)]
    [InlineData("exit 137", 137, Phase.Failed)]
    [InlineData("no-such-program", 127, Phase.Failed)]
    [InlineData("/bin/sh -c 'kill -9 $$'", 137, Phase.Failed)]
    [InlineData("kill -TERM $$", 143, Phase.Failed)]
    [InlineData("if then", 2, Phase.Failed)]
    public async Task The_exit_code_of_the_command_is_told_and_is_on_record(string text, int code, Phase phase)
    {
        await using var bench = new Bench();
        var spec = bench.Shell(text);
        var end = await bench.RunToEnd(spec);
        Assert.Equal((phase, code), (end.Phase, end.ExitCode));
        Assert.Equal(code > 128 ? code - 128 : null, end.Signal);
        Assert.NotNull(end.CpuTime);
        // So small a command is smaller than this process: its size is not known then, and never told as this process's own.
        Assert.False(end.PeakMemory <= 0 || end.PeakMemory > 100 << 20, $"{end.PeakMemory}");
        Assert.True(end.EndedAt >= end.StartedAt);
        var later = (await bench.Executor.ObserveAsync([spec.Ref], Bench.Cancel))[0];
        Assert.Equal((phase, code, end.Reason), (later.Phase, later.ExitCode, later.Reason));
    }

    [Fact]
    public async Task A_list_of_arguments_meets_no_shell()
    {
        await using var bench = new Bench();
        string[] argv = ["printf", "[%s]", "two words", "'\"$HOME`id`\\n", "", "日本 é", "*"];
        Assert.Equal(0, (await bench.RunToEnd(bench.Run(argv))).ExitCode);
        Assert.Equal("[two words]['\"$HOME`id`\\n][][日本 é][*]", File.ReadAllText($"{bench.Folder}/a1/stdout.log"));
    }

    [Theory]
    [InlineData("exit")]
    [InlineData("cd")]
    [InlineData("not-there")]
    [InlineData("./not-there")]
    public async Task A_list_whose_first_word_is_no_program_ends_with_127_and_a_sentence(string program)
    {
        await using var bench = new Bench();
        Assert.Equal(127, (await bench.RunToEnd(bench.Run(program, "0"))).ExitCode);
        Assert.StartsWith($"{program}: ", File.ReadAllText($"{bench.Folder}/a1/stderr.log"));
    }

    [Fact]
    public async Task Paths_may_have_spaces_quotes_and_other_alphabets()
    {
        var folder = Directory.CreateTempSubdirectory("signalbox test 'q\" $x `é 日本\n").FullName;
        await using var bench = new Bench(folder);
        var end = await bench.RunToEnd(
            bench.Shell("pwd; echo \"$TMPDIR\"; mkdir -p \"$TMPDIR/x/y\"; ln -s / \"$TMPDIR/root\"; touch \"$TMPDIR/z\"; exit 3")
        );
        Assert.Equal(3, end.ExitCode);
        Assert.Equal($"{folder}\n{folder}/a1/tmp\n", File.ReadAllText($"{folder}/a1/stdout.log"));
        Assert.Empty(Directory.EnumerateFileSystemEntries($"{folder}/a1/tmp"));
    }

    [Fact]
    public async Task A_megabyte_of_output_is_whole_however_it_is_read()
    {
        await using var bench = new Bench();
        var spec = bench.Shell("i=0; while [ $i -lt 16384 ]; do printf '%063d\\n' $i; i=$((i+1)); done; echo done >&2");
        await bench.Start(spec);
        var text = new StringBuilder();
        long at = 0;
        await foreach (var chunk in bench.Executor.ReadLogAsync(spec.Ref, LogStream.Stdout, 0, follow: true, Bench.Cancel))
        {
            Assert.Equal(at, chunk.From);
            at += chunk.Bytes.Length;
            text.Append(Encoding.ASCII.GetString(chunk.Bytes.Span));
        }

        Assert.Equal(string.Concat(Enumerable.Range(0, 16384).Select(i => $"{i:D63}\n")), text.ToString());
        Assert.Equal("done\n", File.ReadAllText($"{bench.Folder}/a1/stderr.log"));
        await foreach (var chunk in bench.Executor.ReadLogAsync(spec.Ref, LogStream.Stdout, at - 3, follow: false, Bench.Cancel))
        {
            Assert.Equal("83\n", Encoding.ASCII.GetString(chunk.Bytes.Span));
        }
    }

    [Fact]
    public async Task The_environment_is_exactly_the_one_given_and_no_descriptor_leaks()
    {
        await using var bench = new Bench();
        var open = File.Open($"{bench.Folder}/secret.db", FileMode.Create);
        using var socket = new System.Net.Sockets.Socket(System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp);
        var spec = bench.Run("env");
        spec = spec with
        {
            Environment = new Dictionary<string, string>(spec.Environment)
            {
                ["A"] = "x y\nz",
                ["code"] = "kept",
                ["e"] = "",
            },
        };
        await bench.RunToEnd(spec);
        var lines = File.ReadAllText($"{bench.Folder}/a1/stdout.log").Split('\n').Order().ToArray();
        string[] wanted =
        [
            "",
            "A=x y",
            "PATH=/usr/local/bin:/usr/bin:/bin",
            $"PWD={bench.Folder}",
            $"SIGNALBOX_ATTEMPT_KEY={spec.Key}",
            $"TMPDIR={bench.Folder}/a1/tmp",
            "code=kept",
            "e=",
            "z",
        ];
        Assert.Equal(wanted.Order(), lines);

        await bench.RunToEnd(bench.Shell("ls -l /proc/self/fd; grep -E '^Sig(Blk|Ign|Cgt)' /proc/self/status", "a2"));
        var text = File.ReadAllText($"{bench.Folder}/a2/stdout.log");
        Assert.DoesNotContain("secret", text);
        Assert.DoesNotContain("socket", text);
        Assert.DoesNotContain("exit", text);
        Assert.Equal(4, text.Split('\n').Count(l => l.Contains(" -> "))); // 0, 1, 2 and the directory being listed
        Assert.Contains("SigBlk:\t0000000000000000", text);
        Assert.Contains("SigIgn:\t0000000000000000", text);
        await open.DisposeAsync();
    }

    [Theory]
    [InlineData("A-B")]
    [InlineData("1A")]
    [InlineData("")]
    [InlineData("A=B")]
    public async Task A_variable_a_shell_would_drop_is_refused(string name)
    {
        await using var bench = new Bench();
        var spec = bench.Shell("true") with { Environment = new Dictionary<string, string> { [name] = "x" } };
        var refused = Assert.IsType<SubmitResult.Refused>(await bench.Executor.SubmitAsync(spec, false, Bench.Cancel));
        Assert.Contains($"'{name}'", refused.Reason);
        Assert.False(refused.Transient);
    }

    [Fact]
    public async Task A_missing_working_directory_is_refused_by_name_and_nothing_is_claimed()
    {
        await using var bench = new Bench();
        var spec = bench.Shell("true") with { WorkingDirectory = bench.Folder + "/later" };
        var refused = Assert.IsType<SubmitResult.Refused>(await bench.Executor.SubmitAsync(spec, false, Bench.Cancel));
        Assert.Contains(bench.Folder + "/later", refused.Reason);
        Directory.CreateDirectory(spec.WorkingDirectory);
        Assert.Equal(Phase.Succeeded, (await bench.RunToEnd(spec)).Phase);
    }

    [Fact]
    [Trait("Requirement", "S94")]
    public async Task Submitted_from_many_sides_at_once_it_is_started_once()
    {
        await using var bench = new Bench();
        await using var other = new LocalExecutor(new LocalExecutorOptions { Instance = bench.Instance });
        for (var round = 0; round < 20; round++)
        {
            var spec = bench.Shell($"echo started >>{bench.Folder}/starts{round}; sleep 0.05", $"r{round}");
            var results = await Task.WhenAll(
                Enumerable
                    .Range(0, 8)
                    .Select(i => Task.Run(() => (i % 2 == 0 ? bench.Executor : other).SubmitAsync(spec, i % 3 == 0, Bench.Cancel)))
            );
            Assert.Single(results.OfType<SubmitResult.Started>());
            Assert.Equal(7, results.OfType<SubmitResult.AlreadyKnown>().Count());
            await Bench.Until(() => File.ReadAllText($"{spec.Directory}/exit").EndsWith(" end\n"), "the record");
            var again = Assert.IsType<SubmitResult.AlreadyKnown>(await bench.Executor.SubmitAsync(spec, true, Bench.Cancel));
            Assert.Contains(again.Now.Phase, (Phase[])[Phase.Running, Phase.Succeeded]);
            Assert.Equal("started\n", File.ReadAllText($"{bench.Folder}/starts{round}"));
        }
    }

    [Fact]
    public async Task A_thousand_attempts_leave_no_zombie_and_no_descriptor()
    {
        await using var bench = new Bench();
        await bench.RunToEnd(bench.Shell("true", "warm"));
        var before = Directory.GetFiles("/proc/self/fd").Length;
        using var slots = new SemaphoreSlim(8);
        var specs = Enumerable.Range(0, 1000).Select(i => bench.Shell(i % 10 == 0 ? "true & true" : "true", $"n{i}")).ToArray();
        var reader = Task.Run(
            async () =>
            {
                for (var i = 0; i < specs.Length; i++)
                {
                    var end = await bench.Executor.Observations.ReadAsync(Bench.Cancel);
                    Assert.Equal(Phase.Succeeded, end.Phase);
                    slots.Release();
                }
            },
            Bench.Cancel
        );
        var launchers = new List<int>();
        foreach (var spec in specs)
        {
            await slots.WaitAsync(Bench.Cancel);
            launchers.Add((await bench.Start(spec)).Pid!.Value);
        }

        await reader;
        Assert.DoesNotContain(launchers, pid => File.Exists($"/proc/{pid}/stat") && File.ReadAllText($"/proc/{pid}/stat").Contains(") Z"));
        // Other tests open files at the same time; a leak would be of a thousand.
        Assert.InRange(Directory.GetFiles("/proc/self/fd").Length, 0, before + 100);
    }

    [Fact]
    public async Task Forgetting_removes_what_has_ended_and_refuses_what_runs()
    {
        await using var bench = new Bench();
        var spec = bench.Shell("sleep 100");
        await bench.Start(spec);
        await Assert.ThrowsAsync<InvalidOperationException>(() => bench.Executor.ForgetAsync(spec.Ref, Bench.Cancel));
        await bench.Executor.CancelAsync(spec.Ref, TimeSpan.FromSeconds(10), Bench.Cancel);
        await bench.Executor.ForgetAsync(spec.Ref, Bench.Cancel);
        Assert.False(Directory.Exists(spec.Directory));
        Assert.Equal(Phase.Unknown, (await bench.Executor.ObserveAsync([spec.Ref], Bench.Cancel))[0].Phase);

        Directory.CreateDirectory(spec.Directory); // carries no record: not an attempt's, so not ours to delete
        await bench.Executor.ForgetAsync(spec.Ref, Bench.Cancel);
        Assert.True(Directory.Exists(spec.Directory));
    }
}
