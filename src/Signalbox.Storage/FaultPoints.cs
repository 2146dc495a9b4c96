using System.Collections.Immutable;
using System.Diagnostics;
using Signalbox.Core;

namespace Signalbox.Storage;

/// <summary>
/// Named instants between two steps of a protocol, at which a test can have the program die as it would at <c>kill -9</c>:
/// <c>SIGNALBOX_FAULT=NAME</c>, or <c>NAME:3</c> for the third time. Without it they cost a comparison. Commands of tasks do not inherit it.
/// </summary>
public static class FaultPoints
{
    public const string BeforeCommit = "store-before-commit";
    public const string AfterCommit = "store-after-commit";
    public const string AfterKeptMessage = "inbox-after-kept";
    public const string AfterTick = "tick-after-kept";
    public const string BeforeDeeds = "driver-before-deeds";
    public const string BeforeStaging = "launch-before-staging";
    public const string BeforeLaunch = "launch-before-start";
    public const string AfterLaunch = "launch-after-start";
    public const string BeforeEnding = "ending-before-told";
    public const string AfterClaims = "takeover-after-claims";
    public const string AfterTakeover = "takeover-after-adopted";
    public const string BeforeIntent = "publish-before-intent";
    public const string AfterIntent = "publish-after-intent";
    public const string BeforeQuarantine = "publish-before-quarantine";
    public const string AfterQuarantine = "publish-after-quarantine";
    public const string BeforeSwap = "local-before-swap";
    public const string AfterSwap = "local-after-swap";
    public const string AfterSwapSync = "local-after-sync";
    public const string AfterRetire = "local-after-retire";
    public const string AfterSwitch = "local-after-switch";
    public const string AfterPlaced = "publish-after-placed";
    public const string AfterCurrent = "publish-after-current";
    public const string AfterForget = "publish-after-forget";
    public const string AfterSwitchIntent = "switch-after-intent";
    public const string AfterSwitchPlaced = "switch-after-placed";
    public const string AfterSwitchRecorded = "switch-after-recorded";
    public const string AfterMark = "retention-after-mark";
    public const string AfterVersionDropped = "retention-after-version";
    public const string AfterRowsGone = "retention-after-rows";
    public const string AfterFolderGone = "retention-after-folder";
    public const string LoadAfterFence = "load-after-fence";
    public const string LoadAfterTable = "load-after-staging-table";
    public const string LoadAfterCopy = "load-after-copy";
    public const string LoadAfterReceipt = "load-after-receipt";
    public const string TableAfterFence = "table-after-fence";
    public const string TableAfterKeep = "table-after-keep";
    public const string TableAfterDelete = "table-after-delete";
    public const string TableAfterInsert = "table-after-insert";
    public const string TableAfterRecord = "table-after-record";
    public const string TableBeforeCommit = "table-before-commit";
    public const string TableAfterCommit = "table-after-commit";
    public const string TableAfterSwitchKeep = "table-switch-after-keep";
    public const string TableAfterSwitchDelete = "table-switch-after-delete";
    public const string TableAfterSwitchInsert = "table-switch-after-insert";
    public const string TableBeforeSwitchCommit = "table-switch-before-commit";
    public const string TableAfterSwitchCommit = "table-switch-after-commit";
    public const string S3AfterBegun = "s3-after-begun";
    public const string S3AfterObjects = "s3-after-objects";
    public const string S3AfterStaged = "s3-after-staged";
    public const string S3AfterKept = "s3-after-kept";
    public const string S3WithinCopy = "s3-within-copy";
    public const string S3AfterCopied = "s3-after-copied";
    public const string S3AfterManifest = "s3-after-manifest";
    public const string S3AfterPointed = "s3-after-pointed";
    public const string S3AfterPruned = "s3-after-pruned";
    public const string S3AfterUnstaged = "s3-after-unstaged";
    public const string S3AfterSwitched = "s3-after-switched";

    private static readonly (string Name, int At)? Armed = Read(Environment.GetEnvironmentVariable(TaskEnvironment.Fault));
    private static int _hits;

    /// <summary>Those that any server passes, whatever its tasks publish.</summary>
    public static ImmutableArray<string> OfAnyServer { get; } =
    [
        BeforeCommit,
        AfterCommit,
        AfterKeptMessage,
        AfterTick,
        BeforeDeeds,
        BeforeStaging,
        BeforeLaunch,
        AfterLaunch,
        BeforeEnding,
        AfterClaims,
        AfterTakeover,
    ];

    /// <summary>All names; tests prove that each is hit.</summary>
    public static ImmutableArray<string> All { get; } =
    [
        .. OfAnyServer,
        BeforeIntent,
        AfterIntent,
        BeforeQuarantine,
        AfterQuarantine,
        BeforeSwap,
        AfterSwap,
        AfterSwapSync,
        AfterRetire,
        AfterSwitch,
        AfterPlaced,
        AfterCurrent,
        AfterForget,
        AfterSwitchIntent,
        AfterSwitchPlaced,
        AfterSwitchRecorded,
        AfterMark,
        AfterVersionDropped,
        AfterRowsGone,
        AfterFolderGone,
        LoadAfterFence,
        LoadAfterTable,
        LoadAfterCopy,
        LoadAfterReceipt,
        TableAfterFence,
        TableAfterKeep,
        TableAfterDelete,
        TableAfterInsert,
        TableAfterRecord,
        TableBeforeCommit,
        TableAfterCommit,
        TableAfterSwitchKeep,
        TableAfterSwitchDelete,
        TableAfterSwitchInsert,
        TableBeforeSwitchCommit,
        TableAfterSwitchCommit,
        S3AfterBegun,
        S3AfterObjects,
        S3AfterStaged,
        S3AfterKept,
        S3WithinCopy,
        S3AfterCopied,
        S3AfterManifest,
        S3AfterPointed,
        S3AfterPruned,
        S3AfterUnstaged,
        S3AfterSwitched,
    ];

    /// <summary>Ends the process here, without a chance to clean up, when that was asked for.</summary>
    public static void Hit(string name)
    {
        if (Armed is { } armed && armed.Name == name && Interlocked.Increment(ref _hits) == armed.At)
        {
            // SIGKILL.
            Process.GetCurrentProcess().Kill();
            Thread.Sleep(Timeout.Infinite);
        }
    }

    private static (string, int)? Read(string? wanted)
    {
        if (wanted is null)
        {
            return null;
        }

        var parts = wanted.Split(':');
        return (parts[0], parts.Length > 1 && int.TryParse(parts[1], out var at) ? at : 1);
    }
}
