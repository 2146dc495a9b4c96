using System.Reflection;
using System.Security.Cryptography;
using System.Text;

namespace Signalbox.Storage.Schema;

/// <summary>One step of the schema. Steps are never changed once released; a new one is added.</summary>
/// <param name="Number">From 1, without gaps.</param>
/// <param name="Name">What it brings, for people.</param>
/// <param name="Script">Statements for both engines; see <see cref="Dialect.Text"/>.</param>
internal sealed record Migration(int Number, string Name, string Script);

/// <summary>
/// Brings a database to the schema of this program: each step in a transaction of its own together with the note that it is done, so
/// that a kill in the middle loses the step or nothing.
/// </summary>
internal static class Migrations
{
    private static readonly Sql Known = new("select coalesce(max(number), 0) from schema_steps");
    private static readonly Sql Note = new(
        "insert into schema_steps (number, name, program, applied_ms) values (@number, @name, @program, @applied_ms)"
    );
    private static readonly Sql Texts = new("select value from meta where name = 'schema'");
    private static readonly Sql NoteTexts = new(
        "insert into meta (name, value) values ('schema', @value) on conflict (name) do update set value = excluded.value"
    );
    private static readonly Sql NoteInstance = new("insert into meta (name, value) values (@name, @value) on conflict (name) do nothing");

    public static IReadOnlyList<Migration> All { get; } = [new(1, "pipelines, runs and what they make", FirstSchema.Script)];

    /// <summary>The program's own version, for the note and for the refusal.</summary>
    public static string Program { get; } =
        typeof(Migrations).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "?";

    /// <param name="now">When that is; the note of each step says it.</param>
    /// <param name="reached">Told where a step stands, for who kills it there: <c>begun</c>, <c>made</c>, <c>noted</c>, <c>kept</c>.</param>
    public static void Apply(Link link, IReadOnlyList<Migration> steps, DateTimeOffset now, Action<int, string>? reached = null)
    {
        if (VersionOf(link, steps.Count) is { } version && version == steps.Count)
        {
            RefuseOther(link, steps, version);
            return;
        }

        while (ApplyNext(link, steps, now, reached)) { }
    }

    private static bool ApplyNext(Link link, IReadOnlyList<Migration> steps, DateTimeOffset now, Action<int, string>? reached)
    {
        link.BeginWrite();
        try
        {
            link.Dialect.LockSchema(link);
            link.Script(
                """
                create table if not exists schema_steps (
                    number bigint primary key,
                    name text not null,
                    program text not null,
                    applied_ms bigint not null
                );
                create table if not exists meta (name text primary key, value text not null);
                """
            );
            var version = (int)link.Use(Known).Scalar()!.Value;
            Refuse(version, steps.Count);
            RefuseOther(link, steps, version);
            if (version == steps.Count)
            {
                link.Commit();
                return false;
            }

            var step = steps[version];
            reached?.Invoke(step.Number, "begun");
            link.Script(link.Dialect.Text(step.Script));
            reached?.Invoke(step.Number, "made");
            link.Use(Note).Set("@number", step.Number).Set("@name", step.Name).Set("@program", Program).Set("@applied_ms", now).Execute();
            link.Use(NoteTexts).Set("@value", Fingerprint(steps, step.Number)).Execute();
            link.Use(NoteInstance).Set("@name", "instance").Set("@value", Guid.NewGuid().ToString("N")).Execute();
            link.Use(NoteInstance).Set("@name", "incarnation").Set("@value", "1").Execute();
            reached?.Invoke(step.Number, "noted");
            link.Commit();
            reached?.Invoke(step.Number, "kept");
            return true;
        }
        catch
        {
            link.Rollback();
            throw;
        }
    }

    /// <summary>The version without writing anything; null when there are no tables yet.</summary>
    private static int? VersionOf(Link link, int known)
    {
        if (!link.HasTable("schema_steps"))
        {
            return null;
        }

        var version = (int)link.Use(Known).Scalar()!.Value;
        Refuse(version, known);
        return version;
    }

    private static void Refuse(int version, int known)
    {
        if (version > known)
        {
            throw new StoreRefused(
                $"the database has schema {version}, and this signalbox ({Program}) knows schemas up to {known}: "
                    + "use the newer signalbox that made it, or restore a backup from before"
            );
        }
    }

    /// <summary>
    /// Between releases a step may change; what was made by the step as it was would fail later, at some statement. It is told apart by
    /// the texts of the steps that made it.
    /// </summary>
    private static void RefuseOther(Link link, IReadOnlyList<Migration> steps, int version)
    {
        if (
            version > 0
            && link.Use(Texts).All(row => row.Text()) is var made
            && (made.Count == 0 || made[0] != Fingerprint(steps, version))
        )
        {
            throw new StoreRefused(
                $"the database was made by a signalbox between two releases, whose tables are not those of this one ({Program}): "
                    + "go on with the signalbox that made it, or move the database away and begin a new one"
            );
        }
    }

    private static string Fingerprint(IReadOnlyList<Migration> steps, int version) =>
        Convert.ToHexStringLower(
            SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\0', steps.Take(version).Select(step => step.Script))))
        )[..16];
}
