using System.Buffers;
using System.Text;
using System.Text.RegularExpressions;
using Signalbox.Engine.Logs;

namespace Signalbox.Engine.Tests.Logs;

[Trait("Requirement", "G29")]
public sealed partial class LogViewTests : IDisposable
{
    private const string Secret = "topsecret-value";

    private readonly string _folder = Directory.CreateTempSubdirectory("logs").FullName;

    private string Log => Path.Combine(_folder, "stdout.log");

    [Theory]
    [InlineData("")]
    [InlineData(Secret)]
    public async Task Every_range_is_the_part_of_the_whole_with_an_index_and_without(string secret)
    {
        var random = new Random(29);
        using (var file = File.Create(Log))
        {
            var noise = new byte[50_000];
            for (var i = 0; i < 100; i++)
            {
                random.NextBytes(noise);
                file.Write(noise, 0, random.Next(noise.Length));
                file.Write("topsecret-value"u8);
            }
        }

        var secrets = new SecretForms([secret]);
        var places = new LogPlaces();
        var whole = Encoding.Latin1.GetBytes(
            Encoding.Latin1.GetString(File.ReadAllBytes(Log)).Replace(secret.Length > 0 ? secret : "\0none", "***")
        );
        using var log = LogView.Open(Log, secrets, places)!;
        Assert.Equal(whole.Length, log.Length(isWhole: true));
        for (var i = 0; i < 16; i++)
        {
            var from = random.Next(whole.Length);
            var count = random.Next(200_000);
            using var other = LogView.Open(Log, secrets, i % 4 == 0 ? null : places)!;
            using var part = new MemoryStream();
            await other.CopyToAsync(part, from, count, isWhole: true, TestContext.Current.CancellationToken);
            Assert.Equal(whole.AsSpan(from, Math.Min(count, whole.Length - from)).ToArray(), part.ToArray());
        }
    }

    [Fact]
    public void The_end_of_a_large_log_with_secrets_is_found_by_reading_the_last_mebibytes()
    {
        WriteLines(12_000_000);
        var (secrets, places) = (new SecretForms([Secret]), new LogPlaces());
        using (var first = LogView.Open(Log, secrets, places)!)
        {
            first.Length(isWhole: false);
        }

        var length = new FileInfo(Log).Length;
        using var log = LogView.Open(Log, secrets, places)!;
        log.Seek(length - 10);
        var piece = new ArrayBufferWriter<byte>();
        var pieces = 0;
        while (log.Read(piece))
        {
            pieces++;
        }

        Assert.Equal(10, piece.WrittenCount);
        Assert.InRange(pieces, 1, 2 * LogPlaces.Step / (64 * 1024));
    }

    [Fact]
    public void What_is_written_while_it_is_read_is_read_and_the_beginning_of_a_secret_is_kept_back()
    {
        using var file = new FileStream(Log, FileMode.Create, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        using var log = LogView.Open(Log, new SecretForms([Secret]))!;
        Assert.Equal("", Next(log));
        file.Write("one tops"u8);
        Assert.Equal("one ", Next(log));
        file.Write("ecret-value two tops"u8);
        Assert.Equal("*** two ", Next(log));
        // At its end the file is written anew under the name; who has it open still has all of it.
        LogScrubber.Scrub(Log, new SecretForms([Secret]));
        var rest = new ArrayBufferWriter<byte>();
        log.Complete(rest);
        Assert.Equal("tops", Encoding.UTF8.GetString(rest.WrittenSpan));
        Assert.Equal("one *** two tops", File.ReadAllText(Log));
    }

    [Theory]
    [InlineData("")]
    [InlineData(Secret)]
    public void Of_a_log_that_is_too_large_the_middle_is_cut_out_and_the_bytes_are_counted(string secret)
    {
        const int most = 100_000;
        var secrets = new SecretForms([secret]);
        using var file = new FileStream(Log, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        using var follower = LogView.Open(Log, secrets)!;
        var written = new StringBuilder();
        var followed = new StringBuilder();
        for (var line = 0; line < 20_000; line++)
        {
            var text = $"line {line} of many\n";
            written.Append(text);
            file.Write(Encoding.UTF8.GetBytes(text));
            if (line % 1000 == 0)
            {
                LogCut.Keep(Log, most);
                followed.Append(Next(follower));
            }
        }

        // The writer was not held up, the disk got its space back, and who follows closely missed nothing.
        Assert.Equal(written.Length, new FileInfo(Log).Length);
        Assert.True(LogCut.Keep(Log, most) || new FileInfo(Log).Length > 0);
        followed.Append(Next(follower));
        Assert.Contains("line 0 of many\n", followed.ToString(), StringComparison.Ordinal);
        Assert.EndsWith("line 19999 of many\n", followed.ToString(), StringComparison.Ordinal);

        using var log = LogView.Open(Log, secrets)!;
        var shown = Next(log);
        Assert.Equal(shown.Length, log.Length(isWhole: true));
        var cut = CutMark().Match(shown);
        var count = int.Parse(cut.Groups["count"].Value, System.Globalization.CultureInfo.InvariantCulture);
        var (before, after) = (shown[..cut.Index], shown[(cut.Index + cut.Length)..]);
        Assert.Equal(written.Length, before.Length + count + after.Length);
        Assert.Equal(most / 2, before.Length);
        Assert.StartsWith(before, written.ToString(), StringComparison.Ordinal);
        Assert.EndsWith(after, written.ToString(), StringComparison.Ordinal);
        Assert.StartsWith("line ", after, StringComparison.Ordinal);
        Assert.InRange(after.Length, most / 4 - 100, most / 2 + 20_000);

        // The finished log is a plain file again, as it was shown.
        Assert.True(LogScrubber.Scrub(Log, secrets));
        Assert.Equal(shown, File.ReadAllText(Log));
        using var anew = LogView.Open(Log, secrets)!;
        Assert.Equal(shown, Next(anew));
        Assert.False(LogScrubber.Scrub(Log, secrets));
    }

    [Fact]
    public void The_middle_that_was_cut_takes_no_room_on_the_disk()
    {
        WriteLines(8_000_000);
        Assert.True(LogCut.Keep(Log, 1_000_000));
        var start = new System.Diagnostics.ProcessStartInfo("stat", ["-c", "%b", Log])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
        };
        using var stat = System.Diagnostics.Process.Start(start)!;
        Assert.InRange(
            long.Parse(stat.StandardOutput.ReadToEnd(), System.Globalization.CultureInfo.InvariantCulture) * 512,
            500_000,
            1_500_000
        );
    }

    [Fact]
    public void A_secret_whose_end_was_cut_off_is_masked()
    {
        File.WriteAllText(Log, new string('a', 49_990) + Secret + new string('b', 200_000));
        Assert.True(LogCut.Keep(Log, 100_000));
        using var log = LogView.Open(Log, new SecretForms([Secret]))!;
        Assert.DoesNotContain("topsec", Next(log), StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private void WriteLines(int bytes)
    {
        using var file = new StreamWriter(Log);
        for (var written = 0; written < bytes; written += 50)
        {
            file.Write("some words that stand in a line of a log, and so\n");
        }
    }

    private static string Next(LogView log)
    {
        log.Refresh();
        var output = new ArrayBufferWriter<byte>();
        while (log.Read(output)) { }
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }

    [GeneratedRegex(@"\n\[\.\.\. (?<count>[0-9]+) bytes were cut here \.\.\.\]\n", RegexOptions.None, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex CutMark();
}
