using System.Diagnostics;

namespace Signalbox.House.Tests;

/// <summary>The faults that <c>faults/prove.sh</c> and <c>faults/prove-engine.sh</c> plant must still fit the code.</summary>
public sealed class FaultTests
{
    [Fact]
    public void Every_planted_fault_still_applies()
    {
        var patches = Directory.GetFiles(Path.Combine(House.Root, "faults"), "*.patch", SearchOption.AllDirectories);
        Assert.True(patches.Length >= 25, $"{patches.Length} faults");
        foreach (var patch in patches)
        {
            var start = new ProcessStartInfo("git", ["apply", "--check", patch])
            {
                WorkingDirectory = House.Root,
                RedirectStandardError = true,
                UseShellExecute = false,
            };
            using var git = Process.Start(start)!;
            var said = git.StandardError.ReadToEnd();
            git.WaitForExit();
            Assert.True(git.ExitCode == 0, $"{Path.GetFileName(patch)} no longer applies: {said}");
        }
    }
}
