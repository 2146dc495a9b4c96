using System.Globalization;
using System.Security.Cryptography;

namespace Signalbox.App.Api;

/// <summary>Passwords as they are kept: PBKDF2 with SHA-256, a salt each, and the cost written beside it.</summary>
internal static class Passwords
{
    public const int MinLength = 10;
    public const int MaxLength = 1000;

    private const string Algorithm = "pbkdf2-sha256";
    private const int Iterations = 600_000;
    private const int SaltBytes = 16;
    private const int HashBytes = 32;

    private static readonly Lazy<string> Nobody = new(() => Hash(SecretToken.Make()));

    /// <summary>Null when it may be one, else a sentence.</summary>
    public static string? Problem(string password) =>
        password.Length < MinLength ? $"a password has at least {MinLength} characters"
        : password.Length > MaxLength ? $"a password has at most {MaxLength} characters"
        : null;

    public static string Hash(string password)
    {
        var salt = RandomNumberGenerator.GetBytes(SaltBytes);
        var hash = Rfc2898DeriveBytes.Pbkdf2(password, salt, Iterations, HashAlgorithmName.SHA256, HashBytes);
        return $"{Algorithm}${Iterations}${Convert.ToBase64String(salt)}${Convert.ToBase64String(hash)}";
    }

    /// <summary>Whether it is the password. It takes as long when there is no such user.</summary>
    /// <param name="kept">Null: there is no such user.</param>
    public static bool Verify(string password, string? kept)
    {
        var parts = (kept ?? Nobody.Value).Split('$');
        if (parts is not [Algorithm, var cost, var salt, var hash])
        {
            throw new InvalidOperationException("A password is kept in a form that this program does not know.");
        }

        var expected = Convert.FromBase64String(hash);
        var given = Rfc2898DeriveBytes.Pbkdf2(
            password,
            Convert.FromBase64String(salt),
            int.Parse(cost, CultureInfo.InvariantCulture),
            HashAlgorithmName.SHA256,
            expected.Length
        );
        return CryptographicOperations.FixedTimeEquals(given, expected) && kept is not null;
    }
}
