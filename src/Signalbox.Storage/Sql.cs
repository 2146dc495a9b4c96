namespace Signalbox.Storage;

/// <summary>
/// One SQL statement: a text that SQLite and PostgreSQL both understand, written once. Parameters are <c>@name</c>; words in braces
/// are replaced by the <see cref="Dialect"/>. Each connection prepares it once and finds it again by <see cref="Slot"/>.
/// </summary>
internal sealed class Sql(string text)
{
    private static int slots;

    public string Text { get; } = text;

    public int Slot { get; } = Interlocked.Increment(ref slots) - 1;

    /// <summary>The parameters in the order of their first appearance.</summary>
    public string[] Parameters { get; } = Find(text);

    private static string[] Find(string text)
    {
        var names = new List<string>();
        for (var at = text.IndexOf('@'); at >= 0; at = text.IndexOf('@', at + 1))
        {
            var end = at + 1;
            while (end < text.Length && (char.IsAsciiLetterOrDigit(text[end]) || text[end] == '_'))
            {
                end++;
            }

            var name = text[at..end];
            if (!names.Contains(name))
            {
                names.Add(name);
            }
        }

        return [.. names];
    }
}
