namespace Signalbox.Engine.Projects;

/// <summary>
/// A text of the project's settings that may be <c>secret:NAME</c>. It is resolved when it is used and not when the project is opened: a verb
/// that needs no connection works without its secrets, and a changed secret counts at once.
/// </summary>
/// <param name="Written">What the file says.</param>
public sealed record SecretText(string Written)
{
    /// <summary>The name of the secret; null when the text itself is written.</summary>
    public string? Secret => Secrets.NameIn(Written);

    /// <summary>The text, or why the secret cannot be had.</summary>
    public ResolvedSecret Resolve(Secrets secrets) => Secret is { } name ? secrets.Resolve(name) : new ResolvedSecret(Written, null);

    /// <summary>The name of the secret, never a text that could be one.</summary>
    public override string ToString() => Secret is null ? "***" : Written;
}
