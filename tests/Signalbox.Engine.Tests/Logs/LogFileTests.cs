using System.Text;
using Signalbox.Engine.Logs;

namespace Signalbox.Engine.Tests.Logs;

public sealed class LogFileTests : IDisposable
{
    private readonly string _path = Path.GetTempFileName();

    [Fact]
    public void Scrubbing_masks_across_the_borders_of_its_own_reads_and_keeps_every_other_byte()
    {
        var secrets = new SecretForms(["topsecret-value"]);
        var plain = new byte[200_000];
        new Random(7).NextBytes(plain);
        var text = "topsecret-value"u8;
        var wanted = new MemoryStream();
        using (var file = File.Create(_path))
        {
            for (var at = 0; at < plain.Length; )
            {
                var length = Math.Min(65_536 - 22, plain.Length - at);
                file.Write(plain, at, length);
                wanted.Write(plain, at, length);
                file.Write(text);
                wanted.Write(Redactor.Mask);
                at += length;
            }
        }

        Assert.True(LogScrubber.Scrub(_path, secrets));
        Assert.Equal(wanted.ToArray(), File.ReadAllBytes(_path));
        var inode = File.GetLastWriteTimeUtc(_path);
        Assert.False(LogScrubber.Scrub(_path, secrets));
        Assert.Equal(inode, File.GetLastWriteTimeUtc(_path));
        Assert.False(File.Exists(_path + ".scrub"));
    }

    [Fact]
    public void Scrubbing_what_is_not_there_is_no_mistake() =>
        Assert.False(LogScrubber.Scrub(_path + ".none", new SecretForms(["topsecret-value"])));

    [Theory]
    [InlineData("one\ntwo\n", "two")]
    [InlineData("one\ntwo", "two")]
    [InlineData("one\n\n  \r\n", "one")]
    [InlineData("10%\r50%\r100%\r", "100%")]
    [InlineData("\u001b[31mred\u001b[0m\n", "red")]
    [InlineData("", null)]
    [InlineData("\n\n", null)]
    public void The_last_line_is_the_last_that_is_not_blank(string text, string? wanted)
    {
        File.WriteAllText(_path, text);
        Assert.Equal(wanted, LogTail.LastLine(_path));
    }

    [Fact]
    public void The_last_line_of_a_large_log_is_read_from_its_end()
    {
        File.WriteAllText(_path, string.Concat(Enumerable.Repeat("日本\n", 100_000)) + new string('é', 5000));
        Assert.Equal(new string('é', 2048), LogTail.LastLine(_path));
        Assert.Null(LogTail.LastLine(_path + ".none"));
    }

    public void Dispose() => File.Delete(_path);
}
