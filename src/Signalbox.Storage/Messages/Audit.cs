namespace Signalbox.Storage;

/// <summary>Something that a person did.</summary>
public sealed record AuditLine(DateTimeOffset At, string Who, string What, string? Reason);

public partial class ReadSession
{
    private static readonly Sql AuditLast = new("select at_ms, who, what, reason from audit order by id desc limit @limit");

    /// <summary>What people did, the newest first.</summary>
    public IReadOnlyList<AuditLine> Audit(int limit) =>
        Use(AuditLast).Set("@limit", limit).All(row => new AuditLine(row.Time(), row.Text(), row.Text(), row.TextOrNull()));
}

public sealed partial class WriteSession
{
    private static readonly Sql AddAuditLine = new("insert into audit (at_ms, who, what, reason) values (@at_ms, @who, @what, @reason)");

    /// <summary>Notes what a person did, in the transaction that does it.</summary>
    public void AddAudit(AuditLine line) =>
        Use(AddAuditLine).Set("@at_ms", line.At).Set("@who", line.Who).Set("@what", line.What).Set("@reason", line.Reason).Post();
}
