using System.Text.Json;

namespace Signalbox.Acceptance.Tests;

/// <summary>docs/specs/012-looking.md: what is large is shown without being held.</summary>
public sealed class Spec012Large
{
    [Fact]
    public async Task A_log_of_a_hundred_megabytes_is_a_document_within_little_memory()
    {
        using var project = new TestProject().Write(
            "make.sh",
            "printf 'größe \\377 \"x\"\\n'; yes 'a line \"quoted\" größer' | head -c 100000000; echo end >&2\n"
        );
        project.Pipeline("large", "tasks:\n  a: { run: sh make.sh }\n");
        await project.RunAsync("large");
        var start = new System.Diagnostics.ProcessStartInfo(
            "/bin/sh",
            [
                "-c",
                "\"$0\" logs last a --json > log.json & pid=$!; while test -d /proc/$pid; do "
                    + "sed -n 's/^VmHWM:[^0-9]*\\([0-9]*\\) kB/\\1/p' /proc/$pid/status >> peak 2>/dev/null; sleep 0.02; done; wait $pid",
                BuiltProgram.Path,
            ]
        )
        {
            WorkingDirectory = project.Folder,
        };
        using var logs = System.Diagnostics.Process.Start(start)!;
        await logs.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, logs.ExitCode);
        Assert.InRange(project.Lines("peak").Max(long.Parse), 1, 150_000);
        await using var file = File.OpenRead(project.PathOf("log.json"));
        using var document = await JsonDocument.ParseAsync(file, cancellationToken: TestContext.Current.CancellationToken);
        var text = document.RootElement.GetProperty("stdout").GetString()!;
        Assert.StartsWith("größe \ufffd \"x\"\n", text, StringComparison.Ordinal);
        Assert.True(text.Length > 100_000_000 / 2);
        Assert.Equal("end\n", document.RootElement.GetProperty("stderr").GetString());
        Assert.Equal(
            ["run", "task", "map_index", "attempt", "stdout", "stderr"],
            document.RootElement.EnumerateObject().Select(property => property.Name)
        );
    }
}
