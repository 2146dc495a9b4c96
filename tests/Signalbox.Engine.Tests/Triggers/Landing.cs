using System.Text;
using Signalbox.Core;
using Signalbox.Core.Triggers;
using Signalbox.Engine.Tests.Driving;
using Signalbox.Engine.Triggers;
using Signalbox.Storage;

namespace Signalbox.Engine.Tests.Triggers;

/// <summary>What the tests of triggers ask of a house.</summary>
internal static class Landing
{
    /// <summary>The messages of a pipeline, the oldest first.</summary>
    public static IReadOnlyList<InboxMessage> Messages(this House house, string pipeline) =>
        [.. house.Store.Read(session => session.InboxMessages(new InboxFilter(new PipelineName(pipeline), Limit: 10_000))).Reverse()];

    /// <summary>The parameters of the runs that messages of a pipeline started, in the order of the messages.</summary>
    public static string[] Params(this House house, string pipeline) =>
        [
            .. house
                .Messages(pipeline)
                .Where(message => message.Run is not null)
                .Select(message => house.Store.Read(session => session.Run(message.Run!.Value))!.Params),
        ];

    /// <summary>Waits until so many messages are there and all are decided.</summary>
    public static Task DecidedAsync(this House house, string pipeline, int count) =>
        house.UntilAsync(
            () => house.Messages(pipeline) is var all && all.Count >= count && all.All(one => one.State != InboxState.Waiting),
            $"{count} messages of {pipeline}"
        );

    /// <summary>Calls a webhook with a bearer.</summary>
    public static Task<WebhookAnswer> PostAsync(
        this House house,
        string pipeline,
        string body,
        string? delivery = null,
        string secret = "s3cret"
    ) =>
        house.CallAsync(
            pipeline,
            body,
            delivery is null
                ? [new("authorization", $"Bearer {secret}")]
                : [new("authorization", $"Bearer {secret}"), new(WebhookDesk.DeliveryHeader, delivery)]
        );

    public static Task<WebhookAnswer> CallAsync(
        this House house,
        string pipeline,
        string body,
        params KeyValuePair<string, string>[] headers
    ) =>
        house.Session.ReceiveAsync(
            new WebhookCall(
                pipeline,
                Name: null,
                headers.ToDictionary(header => header.Key, header => header.Value, StringComparer.Ordinal),
                new Dictionary<string, string>(StringComparer.Ordinal),
                Encoding.UTF8.GetBytes(body)
            ),
            House.Cancel
        );

    public static InboxMessage Only(this WebhookAnswer answer) =>
        answer is WebhookAnswer.Taken taken ? Assert.Single(taken.Messages) : throw new Xunit.Sdk.XunitException($"{answer}");

    public static void Secret(this House house, string name, string value)
    {
        var path = house.Write($".signalbox/secrets/{name}", value);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
    }
}
