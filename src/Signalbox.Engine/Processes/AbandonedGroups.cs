using System.Text;

namespace Signalbox.Engine.Processes;

/// <summary>
/// Control groups that a server left when it was killed, and that nobody comes back for: its project is gone.
/// </summary>
/// <remarks>
/// A group says in an extended attribute where the attempts of its server lie. As long as that folder is there the next server of it may want to
/// read what an attempt used, even of one that ended long ago; without it nobody will.
/// </remarks>
internal static class AbandonedGroups
{
    private const string Attribute = "user.signalbox.folder";
    private const int LongestPath = 4096;

    /// <summary>Says whose group it is. A kernel before 5.7 keeps no such attribute: there nothing is ever called abandoned.</summary>
    public static void Sign(string group, string folder)
    {
        var value = Encoding.UTF8.GetBytes(Path.GetFullPath(folder));
        _ = Libc.SetAttribute(group, Attribute, value, (nuint)value.Length, flags: 0);
    }

    /// <summary>Removes those below a group whose names match, in which nobody is, and whose folder is gone.</summary>
    public static void Remove(string here, string pattern)
    {
        foreach (var group in Directory.GetDirectories(here, pattern))
        {
            try
            {
                if (FolderOf(group) is { } folder && !Directory.Exists(folder) && ControlGroup.Members(group).Count == 0)
                {
                    ControlGroup.TryRemove(group);
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It is not ours, or others remove it at the same time.
            }
        }
    }

    private static string? FolderOf(string group)
    {
        Span<byte> value = stackalloc byte[LongestPath];
        var length = Libc.GetAttribute(group, Attribute, value, LongestPath);
        return length > 0 ? Encoding.UTF8.GetString(value[..(int)length]) : null;
    }
}
