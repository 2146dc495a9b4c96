using System.Text.Json.Serialization;

namespace Signalbox.Core.Definitions;

/// <content>Requests.</content>
public abstract partial record TaskKind
{
    /// <summary>
    /// <c>http:</c>: one request, which succeeds when it is answered with a wanted status. The body of the answer goes to the task's output, or without one into
    /// its result.
    /// </summary>
    /// <param name="Method">One of <see cref="Methods"/>.</param>
    /// <param name="Url">A template of an address, <c>http://</c> or <c>https://</c>.</param>
    public sealed record Http(string Method, string Url) : TaskKind
    {
        public const string Get = "GET";
        public const string Post = "POST";

        /// <summary>The methods there are.</summary>
        public static readonly ImmutableArray<string> Methods = [Get, "HEAD", Post, "PUT", "PATCH", "DELETE"];

        /// <summary>The default of <see cref="Timeout"/>: a minute.</summary>
        public static readonly TimeSpan DefaultTimeout = TimeSpan.FromMinutes(1);

        /// <summary>Name of a header to a template or <c>secret:NAME</c>.</summary>
        public ImmutableSortedDictionary<string, string> Headers { get; init; } =
            ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);

        /// <summary>JSON text of what is sent; each text in it is a template, and one that is a single expression becomes its value. Null with <see cref="Body"/>.</summary>
        public string? Json { get; init; }

        /// <summary>A template of what is sent as text. Null with <see cref="Json"/>.</summary>
        public string? Body { get; init; }

        /// <summary>The wanted statuses; empty is 200 to 299.</summary>
        public ImmutableArray<int> Expect { get; init; } = [];

        /// <summary>Within which the whole answer must be there. Default <see cref="DefaultTimeout"/>.</summary>
        public TimeSpan Timeout { get; init; } = DefaultTimeout;

        /// <summary>The only hosts that may be asked, as <see cref="AllowedHosts"/> reads them. Empty: the host that the author wrote.</summary>
        public ImmutableArray<string> AllowHosts { get; init; } = [];

        /// <summary>Whether asking changes nothing on the other side (RFC 9110, 9.2.1).</summary>
        [JsonIgnore]
        public bool IsSafe => Method is Get or "HEAD";
    }
}
