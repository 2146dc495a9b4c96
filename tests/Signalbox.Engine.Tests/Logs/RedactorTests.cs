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

    [Theory]
    [InlineData("t%C3%B6k/en%2Bse%20cret~%28a%29%21%2A%22", "Python's quote leaves / as it is")]
    [InlineData("t%C3%B6k%2Fen%2Bse%20cret~(a)!*%22", "JavaScript's encodeURIComponent leaves !*() as they are")]
    [InlineData("t%C3%B6k/en+se%20cret~(a)!*%22", "and encodeURI what parts an address")]
    [InlineData("t%c3%b6k%2fen%2bse+cret%7e%28a%29%21*%22", "Java's and PHP's forms, with small digits")]
    [InlineData("t\\u00f6k/en+se cret~(a)!*\\\"", "Python's json")]
    [InlineData("t\\u00F6k\\/en\\u002bse cret~(a)!*\\u0022", "PHP's, and those that escape +")]
    public void What_libraries_encode_differently_is_masked(string form, string why)
    {
        var secrets = new SecretForms(["tök/en+se cret~(a)!*\""]);
        Assert.Equal("<***>", Redact(secrets, $"<{form}>", 7));
        Assert.Equal($"<{form[..^2]}>", Redact(secrets, $"<{form[..^2]}>", 7));
        Assert.NotEmpty(why);
    }

    [Theory]
    [InlineData(76, "\n")]
    [InlineData(64, "\r\n")]
    [InlineData(1000, "\n")]
    public void Base64_is_masked_at_every_alignment_in_either_alphabet_also_where_its_lines_are_broken(int line, string lineBreak)
    {
        const string secret = "a key that is longer than a line of base64 is: ÿ>?ÿ>? 0123456789 0123456789 0123456789 0123456789";
        var secrets = new SecretForms([secret]);
        for (var before = 0; before < 5; before++)
        {
            foreach (var after in (string[])["", "!", "!!", "!!!"])
            {
                var plain = new string('u', before);
                var text = Convert.ToBase64String(Encoding.UTF8.GetBytes(plain + secret + after));
                foreach (var alphabet in (string[])[text, text.Replace('+', '-').Replace('/', '_'), text.TrimEnd('=')])
                {
                    var broken = string.Join(lineBreak, alphabet.Chunk(line).Select(piece => new string(piece)));
                    var masked = Redact(secrets, $"<{broken}>", 11);
                    // What is left is what holds bits of the neighbours, too.
                    Assert.Matches("^<.{0,8}\\*\\*\\*.{0,8}>$", masked);
                }
            }
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
        for (var round = 0; round < 400; round++)
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
            coloured.AsSpan(i, secrets.Match(bytes.AsSpan(i), out _)).Fill(true);
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
