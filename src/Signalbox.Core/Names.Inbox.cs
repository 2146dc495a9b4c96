using System.Diagnostics;
using Signalbox.Core.Triggers;

namespace Signalbox.Core;

/// <content>The words of triggers.</content>
public static partial class Names
{
    public static string Of(QueueStart value) =>
        value switch
        {
            QueueStart.Earliest => "earliest",
            QueueStart.Latest => "latest",
            _ => throw new UnreachableException(),
        };

    /// <summary>The QueueStart of a word; null when it is none.</summary>
    public static QueueStart? QueueStartOf(string word) =>
        word switch
        {
            "earliest" => QueueStart.Earliest,
            "latest" => QueueStart.Latest,
            _ => null,
        };

    public static string Of(EndKind value) =>
        value switch
        {
            EndKind.Success => "success",
            EndKind.Failure => "failure",
            EndKind.Any => "any",
            _ => throw new UnreachableException(),
        };

    /// <summary>The EndKind of a word; null when it is none.</summary>
    public static EndKind? EndKindOf(string word) =>
        word switch
        {
            "success" => EndKind.Success,
            "failure" => EndKind.Failure,
            "any" => EndKind.Any,
            _ => null,
        };

    public static string Of(InboxState value) =>
        value switch
        {
            InboxState.Waiting => "waiting",
            InboxState.Started => "started",
            InboxState.Signalled => "signalled",
            InboxState.Ignored => "ignored",
            InboxState.Dead => "dead",
            InboxState.Dropped => "dropped",
            _ => throw new UnreachableException(),
        };

    /// <summary>The InboxState of a word; null when it is none.</summary>
    public static InboxState? InboxStateOf(string word) =>
        word switch
        {
            "waiting" => InboxState.Waiting,
            "started" => InboxState.Started,
            "signalled" => InboxState.Signalled,
            "ignored" => InboxState.Ignored,
            "dead" => InboxState.Dead,
            "dropped" => InboxState.Dropped,
            _ => null,
        };
}
