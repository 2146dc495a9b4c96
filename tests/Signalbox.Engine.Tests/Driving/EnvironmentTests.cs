using Signalbox.Core.Runs;

namespace Signalbox.Engine.Tests.Driving;

/// <summary>What a command sees, and what nobody may see of it.</summary>
[System.Runtime.Versioning.SupportedOSPlatform("linux")]
public sealed class EnvironmentTests
{
    private const string Value = "hunter2-is-no-secret";

    // The last four are of the shell itself.
    private static readonly string[] Known =
    [
        "PATH",
        "HOME",
        "USER",
        "LANG",
        "TZ",
        "TMPDIR",
        "TRACEPARENT",
        "PYTHONUNBUFFERED",
        "PWD",
        "OLDPWD",
        "SHLVL",
        "_",
    ];

    [Fact]
    public async Task A_command_sees_the_table_of_variables_and_nothing_else_of_the_servers_environment()
    {
        await using var house = new House();
        Environment.SetEnvironmentVariable("LEAKS_FROM_THE_SERVER", "leak");
        var run = await house.RunAsync(
            house.Pipeline("pipeline: seen\ntasks:\n  a: { run: 'env > seen; test -d \"$TMPDIR\" && touch \"$TMPDIR/x\"' }\n")
        );

        Assert.Equal(RunState.Success, run.State);
        var names = house.Lines("seen").Select(line => line[..line.IndexOf('=')]).ToHashSet();
        Assert.Contains("TZ=UTC", house.Lines("seen"));
        Assert.Contains("SIGNALBOX_DS=2024-03-01", house.Lines("seen"));
        Assert.Contains("TMPDIR", names);
        Assert.Matches(
            "^TRACEPARENT=00-[0-9a-f]{32}-[0-9a-f]{16}-01$",
            house.Lines("seen").Single(line => line.StartsWith("TRACEPARENT", StringComparison.Ordinal))
        );
        Assert.DoesNotContain(
            names,
            name =>
                !name.StartsWith("SIGNALBOX_", StringComparison.Ordinal)
                && !name.StartsWith("LC_", StringComparison.Ordinal)
                && !Known.Contains(name)
        );
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_secret_is_in_no_log_and_no_message_also_when_another_engine_sees_the_end(bool restart)
    {
        await using var house = new House();
        house.Write(".signalbox/secrets/pass", Value);
        File.SetUnixFileMode(house.Path(".signalbox/secrets/pass"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        var name = house.Pipeline(
            """
            pipeline: secretive
            tasks:
              a:
                run: |
                  touch begun
                  until test -e go; do sleep 0.01; done
                  printf "${PASS%%-*}"; sleep 0.05; printf -- "-${PASS#*-}\n"
                  echo "failed with $PASS" >&2
                  echo "{\"class\": \"permanent\", \"message\": \"refused $PASS\"}" > $SIGNALBOX_ERROR
                  exit 1
                env: { PASS: "secret:pass" }
            """
        );
        var number = await house.StartAsync(name);
        await house.UntilAsync(() => File.Exists(house.Path("begun")), "the command");
        if (restart)
        {
            await house.UntilAttemptAsync(number, "a", AttemptState.Running);
            await house.CloseAsync();
        }

        house.Write("go", "");
        await house.EndAsync(number);

        var failure = house.Task(number, "a").Failure!;
        Assert.Equal("refused ***", failure.Message);
        foreach (var file in Directory.EnumerateFiles(house.AttemptFolder(number, "a")))
        {
            Assert.DoesNotContain(Value, File.ReadAllText(file));
        }
    }
}
