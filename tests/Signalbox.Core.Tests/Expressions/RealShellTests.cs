using System.Diagnostics;
using System.Text;
using Signalbox.Core.Expressions;

namespace Signalbox.Core.Tests.Expressions;

/// <summary>What the real shells make of rendered commands.</summary>
public sealed class RealShellTests : IDisposable
{
    private const int Seed = 20240310;

    private readonly string _folder = Directory.CreateTempSubdirectory("signalbox-shell-").FullName;

    public static TheoryData<string> Shells => [.. new[] { "/bin/sh", "/bin/bash" }.Where(File.Exists)];

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [Trait("Property", "P11")]
    [MemberData(nameof(Shells))]
    public void Any_text_comes_back_from_the_shell_as_it_was(string shell)
    {
        // Each template prints one or more texts that end with NUL; what is expected is the value between the two given pieces.
        (string Template, string Before, string After)[] places =
        [
            ("printf '%s\\0' {{ x }}\n", "", ""),
            ("printf '%s\\0' '{{ x }}'\n", "", ""),
            ("printf '%s\\0' \"{{ x }}\"\n", "", ""),
            ("printf '%s\\0' --out={{ x }}/y\n", "--out=", "/y"),
            ("printf '%s\\0' a\"b{{ x }}c\"'d'\n", "ab", "cd"),
            ("printf '%s\\0' \"$V{{ x }}$V\"\n", "v", "v"),
            ("printf '%s\\0' $V{{ x }}\"$V\"\n", "v", "v"),
            ("printf '%s\\0' \"$(printf %s {{ x }}; echo .)\"\n", "", "."),
            ("printf '%s\\0' \"$(printf %s \"{{ x }}\"; echo .)\"\n", "", "."),
            ("printf '%s\\0' \"$(sh -c \"printf %s {{ x | sh }}; echo .\")\"\n", "", "."),
            ("y={{ x }}; printf '%s\\0' \"$y\"\n", "", ""),
            ("for y in {{ x }}; do printf '%s\\0' \"$y\"; done # {{ 1 }}'\n", "", ""),
        ];
        var templates = places.Select(place => ShellTemplate.Parse(place.Template).Value).ToArray();
        var random = new Random(Seed);
        var script = new StringBuilder("V=v\n");
        var expected = new List<string>();
        for (var round = 0; round < 400; round++)
        {
            var value = AnyText(random);
            var scope = new Value.Map([new("x", Value.Of(value))]);
            for (var place = 0; place < places.Length; place++)
            {
                if (round % 20 != 0 && places[place].Template.Contains("sh -c", StringComparison.Ordinal))
                {
                    continue;
                }

                script.Append(templates[place].Render(scope).Value);
                expected.Add(places[place].Before + value + places[place].After);
            }
        }

        var path = Path.Combine(_folder, "script");
        File.WriteAllText(path, script.ToString());
        Assert.Equal(expected, Run(shell, path).Split('\0')[..^1]);
    }

    [Theory]
    [Trait("Property", "P11")]
    [MemberData(nameof(Shells))]
    public void No_value_is_ever_run_whatever_the_command_around_it(string shell)
    {
        string[] pieces =
        [
            "'",
            "\"",
            "`",
            "$(",
            ")",
            "(",
            "$((",
            "))",
            "${x:-",
            "}",
            "{",
            "\\",
            "$",
            "$'",
            "#",
            " ",
            " ",
            "\n",
            "\n",
            ";",
            "|",
            "&&",
            "echo ",
            "cat <<E\n",
            "cat <<-'E'\n",
            "\nE\n",
            "<<<",
            "<",
            "case a in a) ",
            ";; esac",
            "x=",
            "[ a = ",
            " ]",
            "a",
            "$x",
            "=",
            "if true; then ",
            "; fi",
        ];
        string[] poisons =
        [
            ";touch canary;",
            "$(touch canary)",
            "`touch canary`",
            "\ntouch canary\n",
            "';touch canary;'",
            "\";touch canary;\"",
            "'$(touch canary)'",
            "\\';touch canary #",
            "}touch canary",
            ")touch canary;(",
            "\nE\ntouch canary\n",
            "E",
            "x",
            "' touch canary '",
            "\\",
            "$",
            "touch",
            "\"$(touch canary)\"",
            "'\"`touch canary`\"'",
            "))\ntouch canary",
            "",
        ];
        var random = new Random(Seed);
        var canary = Path.Combine(_folder, "canary");
        var rendered = 0;
        for (var round = 0; round < 1500; round++)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(1, 7)).Select(_ => pieces[random.Next(pieces.Length)]));
            text +=
                "{{ x }}"
                + string.Concat(
                    Enumerable.Range(0, random.Next(0, 5)).Select(_ => random.Next(6) == 0 ? "{{ x }}" : pieces[random.Next(pieces.Length)])
                );
            var value = poisons[random.Next(poisons.Length)] + poisons[random.Next(poisons.Length)];
            if (ShellTemplate.Parse(text) is not { Succeeded: true } parsed || !value.Contains("canary", StringComparison.Ordinal))
            {
                continue;
            }

            if (parsed.Value.Render(new Value.Map([new("x", Value.Of(value))])) is { Succeeded: true } command)
            {
                rendered++;
                File.WriteAllText(Path.Combine(_folder, $"c{rendered}.sh"), command.Value);
            }
        }

        Assert.True(rendered > 200, $"only {rendered} commands could be rendered");
        File.WriteAllText(
            Path.Combine(_folder, "all"),
            $"for c in c*.sh; do ( . ./$c ) </dev/null >/dev/null 2>&1; if [ -e canary ]; then printf '%s\\n' \"$c\"; rm -f canary; fi; done"
        );
        var culprits = Run(shell, Path.Combine(_folder, "all")).Split('\n', StringSplitOptions.RemoveEmptyEntries);

        Assert.Empty(culprits.Select(name => File.ReadAllText(Path.Combine(_folder, name))));
        Assert.False(File.Exists(canary));
    }

    private static string AnyText(Random random)
    {
        const string Nasty = "'\"\\$`!*?[]{}~#&;|<>()=%^ \t\n\r\u0001\u007fab-0,.:/@+_é漢\u00a0\u2028";
        var text = new StringBuilder();
        var length = random.Next(0, 9);
        for (var index = 0; index < length; index++)
        {
            text.Append(random.Next(30) == 0 ? "😀" : Nasty[random.Next(Nasty.Length)]);
        }

        return text.ToString();
    }

    private string Run(string shell, string path)
    {
        var start = new ProcessStartInfo(shell)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            UseShellExecute = false,
            WorkingDirectory = _folder,
        };
        start.ArgumentList.Add(path);
        start.StandardOutputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.Equal("", errors.GetAwaiter().GetResult());
        return output;
    }
}
