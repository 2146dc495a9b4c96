using Signalbox.Core;

namespace Signalbox.Storage;

public partial class ReadSession
{
    private static readonly Sql ConfOfRun = new("select conf from run_confs where run_number = @run");
    private static readonly Sql NoteOfRun = new("select note from run_confs where run_number = @run");

    /// <summary>JSON object of what was sent along with the wish for a run; null when nothing was.</summary>
    public string? Conf(RunNumber run) => Use(ConfOfRun).Set(run).First(row => row.TextOrNull());

    /// <summary>What somebody wrote on a run; null when nobody did.</summary>
    public string? Note(RunNumber run) => Use(NoteOfRun).Set(run).First(row => row.TextOrNull());
}

public sealed partial class WriteSession
{
    private static readonly Sql AddConf = new("insert into run_confs (run_number, conf, note) values (@run, @conf, @note)");
    private static readonly Sql PutNote = new(
        """
        insert into run_confs (run_number, note) values (@run, @note) on conflict (run_number) do update set note = excluded.note
        """
    );

    /// <summary>Keeps what was sent along with the wish for a run, in the transaction that creates it.</summary>
    public void SaveConf(RunNumber run, string? conf, string? note) =>
        Use(AddConf).Set(run).Set("@conf", conf).Set("@note", note).Execute();

    /// <summary>Writes on a run, in place of what was written there before; null wipes it.</summary>
    public void SaveNote(RunNumber run, string? note) => Use(PutNote).Set(run).Set("@note", note).Execute();
}
