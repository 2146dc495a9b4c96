using Signalbox.Core.Triggers;
using Signalbox.Engine.Control;
using Signalbox.Engine.Tests.Alerts;
using Signalbox.Engine.Tests.Driving;
using Signalbox.Engine.Tests.Scheduling;
using Signalbox.Engine.Triggers;

namespace Signalbox.Engine.Tests.Triggers;

/// <summary>What people are told of messages that cannot become runs, and how long messages are kept.</summary>
public sealed class DeadLetterTests
{
    private const string Landing = """
        pipeline: landing
        tags: [prod]
        triggers:
          - webhook: { bearer: secret:hook }
        params: { key: { type: string } }
        run: "true"
        """;

    [Fact]
    [Trait("Requirement", "S21")]
    [Trait("Requirement", "S199")]
    public async Task A_dead_letter_is_told_once_to_whom_the_routes_name_also_when_it_is_dead_again()
    {
        await using var hook = new HookReceiver();
        await using var house = await ServedAsync(hook, "routes: [{ to: there, tags: [prod], kinds: [trigger_dead_letter] }]");
        var dead = (await house.PostAsync("landing", "{}", "d-1")).Only();
        await house.PostAsync("landing", "{}", "d-1");
        await house.UntilAsync(() => hook.Taken.Count == 1, "the alert");

        var alert = hook.Taken[0].Json;
        Assert.Equal("trigger_dead_letter", alert.GetProperty("kind").GetString());
        Assert.Equal("landing", alert.GetProperty("pipeline").GetString());
        Assert.Equal(
            $"message {dead.Id} to the trigger webhook of landing started no run: params: the parameter `key` has no default: give a value",
            alert.GetProperty("message").GetString()
        );
        Assert.Equal($"signalbox inbox replay {dead.Id}", alert.GetProperty("facts").GetProperty("replay").GetString());

        Assert.False((await house.AskAsync(new Request.ReplayMessage(dead.Id))).Done);
        var other = (await house.PostAsync("landing", "{}", "d-2")).Only();
        await house.UntilAsync(() => hook.Taken.Count == 2, "the alert of the other one");
        Assert.EndsWith($"/message/{other.Id}", hook.Taken[1].Json.GetProperty("dedup_key").GetString(), StringComparison.Ordinal);

        // Who was told of the trouble is told of its end.
        Assert.True((await house.AskAsync(new Request.DropMessage(dead.Id, "a test of the sender"))).Done);
        await house.UntilAsync(() => hook.Taken.Count == 3, "the end of the first");
        var end = hook.Taken[2].Json;
        Assert.Equal(
            ("resolved", alert.GetProperty("id").GetString()),
            (end.GetProperty("kind").GetString(), end.GetProperty("resolves").GetString())
        );
        Assert.Contains("was dropped: a test of the sender", end.GetProperty("message").GetString(), StringComparison.Ordinal);
        house.Pipeline(Landing.Replace("{ type: string }", "{ type: string, default: none }", StringComparison.Ordinal));
        await house.SaveAsync();
        Assert.True((await house.AskAsync(new Request.ReplayMessage(other.Id))).Done);
        await house.UntilAsync(() => hook.Taken.Count == 4, "the end of the other");
        Assert.Contains("was replayed and started run", hook.Taken[3].Json.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Routes_without_the_kind_or_the_tag_are_not_told()
    {
        await using var hook = new HookReceiver();
        await using var house = await ServedAsync(
            hook,
            "routes: [{ to: there, kinds: [failed] }, { to: there, tags: [billing] }, { to: there, kinds: [trigger_dead_letter], pipelines: [land*] }]"
        );
        await house.PostAsync("landing", "{}");
        await house.UntilAsync(() => hook.Taken.Count > 0, "the alert");
        var alert = Assert.Single(house.Store.Read(session => session.Alerts(10)));
        Assert.Single(house.Store.Read(session => session.AlertDeliveries(alert.Id)));
    }

    [Fact]
    public async Task A_sender_of_nothing_but_nonsense_does_not_bury_people_and_the_inbox_has_every_letter()
    {
        var time = new ManualTime(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
        await using var hook = new HookReceiver();
        await using var house = await ServedAsync(hook, "routes: [{ to: there }]", time);
        for (var i = 0; i < DeadLetters.MostAnHour + 5; i++)
        {
            await house.PostAsync("landing", "{}");
        }

        var told = house.Store.Read(session => session.Alerts(100));
        Assert.Equal(DeadLetters.MostAnHour, told.Count);
        Assert.EndsWith("within this hour are only in the inbox", told[0].Alert.Message, StringComparison.Ordinal);
        Assert.Equal(DeadLetters.MostAnHour + 5, house.Messages("landing").Count(message => message.State == InboxState.Dead));

        time.Pass(TimeSpan.FromHours(1));
        await house.PostAsync("landing", "{}");
        Assert.Equal(DeadLetters.MostAnHour + 1, house.Store.Read(session => session.Alerts(100)).Count);
    }

    [Fact]
    public async Task What_was_dealt_with_leaves_the_inbox_after_its_time_and_dead_letters_stay()
    {
        var time = new ManualTime(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
        await using var hook = new HookReceiver();
        await using var house = await ServedAsync(hook, "routes: []", time, "inbox: { keep: 24h }\n");
        var first = (await house.PostAsync("landing", """{"key":"a"}""", "d-1")).Only();
        var dead = (await house.PostAsync("landing", "{}")).Only();
        await house.EndAsync(first.Run!.Value);

        time.Pass(TimeSpan.FromHours(23));
        Assert.Equal(first.Id, (await house.PostAsync("landing", """{"key":"a"}""", "d-1")).Only().Id);
        time.Pass(TimeSpan.FromHours(2));
        await house.UntilAsync(() => house.Messages("landing") is [var only] && only.Id == dead.Id, "the old message to be gone");
        Assert.NotNull(house.Store.Read(session => session.Run(first.Run!.Value)));
    }

    private static async Task<House> ServedAsync(HookReceiver hook, string routes, TimeProvider? time = null, string more = "")
    {
        var house = new House(
            $$"""
            {{more}}alerts:
              channels: { there: { webhook: { url: "{{hook.Address}}/in" } } }
              {{routes}}
            """
        )
        {
            Time = time ?? TimeProvider.System,
        };
        house.Secret("hook", "s3cret");
        house.Pipeline(Landing);
        await house.SaveAsync();
        await house.ServeAsync();
        return house;
    }
}
