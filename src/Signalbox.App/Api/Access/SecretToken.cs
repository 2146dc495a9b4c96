using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Signalbox.App.Api;

/// <summary>Long random texts that let their bearer in. Their hash needs no salt: nobody guesses 256 bits.</summary>
internal static class SecretToken
{
    /// <summary>What a program's token begins with, so that people and scanners recognise it.</summary>
    public const string ApiPrefix = "sbx_";

    private const int Bytes = 32;

    public static string Make(string prefix = "") => prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(Bytes));

    public static string HashOf(string secret) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(secret)));

    /// <summary>What a page of the session sends along with each change, which a page of another site cannot know.</summary>
    public static string AntiforgeryOf(string session) =>
        Base64Url.EncodeToString(HMACSHA256.HashData(Encoding.UTF8.GetBytes(session), "antiforgery"u8));

    public static bool AreEqual(string given, string expected) =>
        CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(given), Encoding.UTF8.GetBytes(expected));
}
