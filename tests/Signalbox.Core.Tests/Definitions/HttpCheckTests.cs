using Signalbox.Core.Definitions;
using static Signalbox.Core.Tests.Definitions.Made;

namespace Signalbox.Core.Tests.Definitions;

/// <summary>What a request may not say, each with its place and how to mend it.</summary>
public sealed class HttpCheckTests
{
    private static readonly TaskKind.Http Get = new("GET", "https://api.example.com/days/{{ ds }}");

    [Fact]
    public void Right_requests_have_no_problem() =>
        Assert.Empty(
            Found(
                Ask("a", Get),
                Ask("b", new TaskKind.Http("POST", "http://h/") { Json = """{"day":"{{ ds }}","n":[1,"{{ run_id }}"]}""" }),
                Ask("c", Get with { Url = "{{ params.x | default('y') }}", AllowHosts = ["*.example.com", "127.0.0.1"] })
            )
        );

    [Fact]
    [Trait("Requirement", "S209")]
    public void What_does_not_go_together_or_would_let_a_value_choose_the_host() =>
        Assert.Equal(
            [
                "tasks.a.http.url open-host",
                "tasks.b.http.url open-host",
                "tasks.c.http.method wrong-key",
                "tasks.d.http.json.day bad-template",
                "tasks.e.http.expect out-of-range",
                "tasks.f.http.allow_hosts bad-host",
                "tasks.g.http.method bad-method",
                "tasks.h.outputs wrong-output",
                "tasks.i.http.headers.X-Key bad-name",
                "tasks.j.http.url bad-address",
            ],
            Found(
                    Ask("a", Get with { Url = "https://{{ ds }}.example.com/" }),
                    Ask("b", Get with { Url = "https://api.example.com{{ ds }}" }),
                    Ask("c", Get with { Body = "x" }),
                    Ask("d", new TaskKind.Http("POST", "https://h/") { Json = """{"day":"{{ ds"}""" }),
                    Ask("e", Get with { Expect = [200, 20] }),
                    Ask("f", Get with { AllowHosts = ["no host"] }),
                    Ask("g", Get with { Method = "BREW" }),
                    Ask("h", Get) with
                    {
                        Outputs = [new OutputSpec { Name = "all", Path = "data/all/date={{ ds }}/" }],
                    },
                    Ask("i", Get with { Headers = Get.Headers.Add("X-Key", "secret:no name") }),
                    Ask("j", Get with { Url = "ftp://h/" })
                )
                .Select(line => line[..line.IndexOf(':', StringComparison.Ordinal)])
        );

    [Theory]
    [InlineData("api.example.com", true)]
    [InlineData("API.Example.com.", true)]
    [InlineData("example.com", false)]
    [InlineData("a.b.example.org", true)]
    [InlineData("example.org", false)]
    [InlineData("evilexample.org", false)]
    [InlineData("api.example.com.evil.org", false)]
    public void A_star_stands_for_all_below_a_name(string host, bool allowed) =>
        Assert.Equal(allowed, AllowedHosts.Has(["api.example.com", "*.example.org"], host));

    private static TaskNode Ask(string name, TaskKind.Http http) =>
        new()
        {
            Name = new(name),
            Kind = http,
            Timeout = TimeSpan.FromMinutes(1),
        };
}
