using System.Security.Cryptography;
using System.Text;
using Signalbox.Core;

namespace Signalbox.Engine.Projects;

/// <summary>
/// Secrets that the program keeps: a file each, encrypted with the key of the installation (AES-256-GCM). Whoever has the files alone, from a backup
/// say, has nothing; a file that was changed, or put in the place of another, is refused.
/// </summary>
/// <param name="stateFolder">Holds the folder of the secrets and, unless <see cref="TaskEnvironment.KeyFile"/> names another file, the key.</param>
public sealed class SealedSecrets(string stateFolder)
{
    public const string FolderName = "sealed-secrets";
    public const string KeyFileName = "install.key";

    private const string Format = "v1:";
    private const int KeyBytes = 32;
    private const int NonceBytes = 12;
    private const int TagBytes = 16;

    private string Folder => Path.Combine(stateFolder, FolderName);

    private string KeyFile =>
        Environment.GetEnvironmentVariable(TaskEnvironment.KeyFile) is { Length: > 0 } told ? told : Path.Combine(stateFolder, KeyFileName);

    /// <summary>The names, in order.</summary>
    public IReadOnlyList<string> Names() =>
        Directory.Exists(Folder)
            ? [.. Directory.EnumerateFiles(Folder).Select(Path.GetFileName).OfType<string>().Where(IsName).Order(StringComparer.Ordinal)]
            : [];

    /// <summary>Keeps a value; one that was kept under that name before is gone.</summary>
    /// <param name="name">Obeys <see cref="Slug"/>.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void Set(string name, string value)
    {
        var key = ReadKey() ?? MakeKey();
        var plain = Encoding.UTF8.GetBytes(value);
        var sealed_ = new byte[NonceBytes + TagBytes + plain.Length];
        RandomNumberGenerator.Fill(sealed_.AsSpan(0, NonceBytes));
        using (var aes = new AesGcm(key, TagBytes))
        {
            aes.Encrypt(
                sealed_.AsSpan(0, NonceBytes),
                plain,
                sealed_.AsSpan(NonceBytes + TagBytes),
                sealed_.AsSpan(NonceBytes, TagBytes),
                Encoding.UTF8.GetBytes(name)
            );
        }

        Directory.CreateDirectory(Folder);
        // Whole or not at all: a name that begins with a dot is no secret's.
        var fresh = Path.Combine(Folder, $".{name}.{Environment.ProcessId}");
        WriteOwn(fresh, Format + Convert.ToBase64String(sealed_));
        File.Move(fresh, Path.Combine(Folder, name), overwrite: true);
    }

    /// <summary>Forgets a value. False: none is kept under that name.</summary>
    public bool Remove(string name)
    {
        var path = Path.Combine(Folder, name);
        if (!File.Exists(path))
        {
            return false;
        }

        File.Delete(path);
        return true;
    }

    /// <summary>A value, or why it cannot be had; null when none is kept under that name.</summary>
    public ResolvedSecret? Find(string name)
    {
        var path = Path.Combine(Folder, name);
        try
        {
            if (!File.Exists(path))
            {
                return null;
            }

            if (ReadKey() is not { } key)
            {
                return new ResolvedSecret(
                    null,
                    $"the secret `{name}` is encrypted, and the key is gone: {KeyFile} is not there; bring it back, or set the secret anew"
                );
            }

            var text = File.ReadAllText(path, Encoding.UTF8);
            var bytes = text.StartsWith(Format, StringComparison.Ordinal) ? Convert.FromBase64String(text[Format.Length..]) : [];
            if (bytes.Length < NonceBytes + TagBytes)
            {
                return Damaged(name);
            }

            var plain = new byte[bytes.Length - NonceBytes - TagBytes];
            using var aes = new AesGcm(key, TagBytes);
            aes.Decrypt(
                bytes.AsSpan(0, NonceBytes),
                bytes.AsSpan(NonceBytes + TagBytes),
                bytes.AsSpan(NonceBytes, TagBytes),
                plain,
                Encoding.UTF8.GetBytes(name)
            );
            return new ResolvedSecret(Encoding.UTF8.GetString(plain), null);
        }
        catch (Exception problem) when (problem is CryptographicException or FormatException)
        {
            return Damaged(name);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return new ResolvedSecret(null, $"the secret `{name}` cannot be read: {problem.Message.TrimEnd('.')}");
        }
    }

    private static ResolvedSecret Damaged(string name) =>
        new(null, $"the secret `{name}` was changed, or encrypted with another key; set it anew with `signalbox secrets set {name}`");

    private static bool IsName(string name) => Slug.Problem(name) is null;

    /// <summary>Null: there is none yet.</summary>
    private byte[]? ReadKey()
    {
        if (!File.Exists(KeyFile))
        {
            return null;
        }

        const UnixFileMode own = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(KeyFile) & ~own) != UnixFileMode.None)
        {
            throw new IOException($"the key {KeyFile} can be read by others; run: chmod 600 {KeyFile}");
        }

        var key = Convert.FromBase64String(File.ReadAllText(KeyFile).Trim());
        return key.Length == KeyBytes ? key : throw new FormatException($"{KeyFile} holds no key of {KeyBytes} bytes.");
    }

    private byte[] MakeKey()
    {
        var key = RandomNumberGenerator.GetBytes(KeyBytes);
        WriteOwn(KeyFile, Convert.ToBase64String(key) + "\n");
        return key;
    }

    private static void WriteOwn(string path, string text)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using var file = new FileStream(path, options);
        file.Write(Encoding.UTF8.GetBytes(text));
        file.Flush(flushToDisk: true);
    }
}
