using System.Buffers;
using System.Text;
using Signalbox.Engine.Logs;

namespace Signalbox.Engine.Tests.Logs;

public sealed class RedactorTests
{
    private const string Secret = "p@ss wörd/+&=?#\"1";

    [Theory]
    [InlineData("abcdef", "x abcdef y", "x *** y")]
    [InlineData("abcdef", "abcdefabcdef abcde abcdef", "*** abcde ***")]
    [InlineData("abcdef,defghi", "1abcdefghi2", "1***2")]
    [InlineData("abcdef,abcdefgh", "abcdefg abcdefgh", "***g ***")]
    [InlineData("aaaaaa", "aaaaaaaaaaaaa aaaaa", "*** aaaaa")]
    [InlineData("aaaaab", "aaaaaaaab", "aaa***")]
    [InlineData("short", "short", "short")]
    [InlineData("", "anything", "anything")]
    public void Every_occurrence_is_masked_and_nothing_else(string secrets, string text, string wanted) =>
        Assert.Equal(wanted, Redact(new SecretForms(secrets.Split(',')), text, text.Length));

    [Fact]
    public void Forms_in_which_tools_print_a_secret_are_masked_too()
    {
        var secrets = new SecretForms([Secret]);
        string[] forms =
        [
            Secret,
            Uri.EscapeDataString(Secret),
            System.Net.WebUtility.UrlEncode(Secret),
            Uri.EscapeDataString(Secret)
                .Replace("%3D", "%3d")
                .Replace("%3F", "%3f")
                .Replace("%C3%B6", "%c3%b6")
                .Replace("%2F", "%2f")
                .Replace("%2B", "%2b"),
            System.Text.Json.JsonSerializer.Serialize(Secret).Trim('"'),
            Convert.ToBase64String(Encoding.UTF8.GetBytes(Secret)),
            Convert.ToBase64String(Encoding.UTF8.GetBytes(Secret)).TrimEnd('='),
        ];
        foreach (var form in forms)
        {
            Assert.Equal("<***>", Redact(secrets, $"<{form}>", 7));
        }

        foreach (var user in (string[])["", "a", "ab", "abc"])
        {
            // As HTTP's basic authentication sends it.
            var basic = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{Secret}!"));
            var masked = Redact(secrets, basic, 5);
            Assert.Contains("***", masked);
            Assert.InRange(masked.Length, 3, 15);
        }
    }

    [Fact]
    public void A_secret_of_several_lines_is_masked_line_by_line()
    {
        const string key = "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0\nqq\n-----END KEY-----";
        Assert.Equal("  ***\r\n  ***\r\n", Redact(new SecretForms([key]), "  -----BEGIN KEY-----\r\n  MIIEvQIBADANBgkqhkiG9w0\r\n", 3));
        Assert.Equal("a***b", Redact(new SecretForms([key]), $"a{key}b", 4));
    }

    [Fact]
    [Trait("Requirement", "P13")]
    public void The_result_depends_on_the_bytes_and_not_on_how_they_are_cut()
    {
        var random = new Random(13);
        for (var round = 0; round < 3000; round++)
        {
            // Few letters, so that secrets overlap, repeat and begin inside each other.
            var secrets = new SecretForms(Enumerable.Range(0, random.Next(1, 4)).Select(_ => Letters(random, random.Next(6, 10))));
            var text = Letters(random, random.Next(0, 120));
            var whole = Redact(secrets, text, int.MaxValue);
            Assert.Equal(whole, Redact(secrets, text, 1));
            Assert.Equal(whole, Redact(secrets, text, random.Next(2, 20)));
            Assert.Equal(whole, Redact(secrets, text, random));
            Assert.Equal(whole, Marked(secrets, text));
        }
    }

    /// <summary>The plain reading of the rule: colour all bytes of all occurrences, then put a mask for each coloured stretch.</summary>
    private static string Marked(SecretForms secrets, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var coloured = new bool[bytes.Length];
        for (var i = 0; i < bytes.Length; i++)
        {
            foreach (var form in secrets.BeginningWith(bytes[i]))
            {
                if (bytes.AsSpan(i).StartsWith(form))
                {
                    coloured.AsSpan(i, form.Length).Fill(true);
                }
            }
        }

        var result = new StringBuilder();
        for (var i = 0; i < bytes.Length; i++)
        {
            result.Append(
                !coloured[i] ? $"{(char)bytes[i]}"
                : i == 0 || !coloured[i - 1] ? "***"
                : ""
            );
        }

        return result.ToString();
    }

    private static string Letters(Random random, int length) =>
        string.Create(
            length,
            random,
            static (span, r) =>
            {
                foreach (ref var c in span)
                {
                    c = (char)('a' + r.Next(2));
                }
            }
        );

    private static string Redact(SecretForms secrets, string text, int size) => Redact(secrets, text, () => size);

    private static string Redact(SecretForms secrets, string text, Random random) => Redact(secrets, text, () => random.Next(0, 9));

    private static string Redact(SecretForms secrets, string text, Func<int> size)
    {
        var redactor = new Redactor(secrets);
        var output = new ArrayBufferWriter<byte>();
        var rest = Encoding.UTF8.GetBytes(text).AsSpan();
        while (rest.Length > 0)
        {
            var length = Math.Min(size(), rest.Length);
            redactor.Write(rest[..length], output);
            rest = rest[length..];
        }

        redactor.Complete(output);
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }
}
