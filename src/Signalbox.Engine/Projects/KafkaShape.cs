using System.Collections.Immutable;
using Signalbox.Engine.PipelineFiles.Shapes;
using Signalbox.Engine.PipelineFiles.Yaml;

namespace Signalbox.Engine.Projects;

/// <summary>What may stand under <c>kafka:</c> of a connection.</summary>
internal static class KafkaShape
{
    private static readonly string[] Mechanisms = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"];

    private static readonly Shape<string> Brokers = Scalars.Form(
        "brokers such as localhost:9092, several separated by commas",
        "^[^, ]+:[0-9]+( *, *[^, ]+:[0-9]+)*$",
        text =>
            text.Split(',', StringSplitOptions.TrimEntries)
                .All(broker => broker.LastIndexOf(':') is > 0 and var colon && ushort.TryParse(broker.AsSpan(colon + 1), out _))
    );

    public static readonly Shape<KafkaDraft> Shape = new EitherShape<KafkaDraft>(
        single: Brokers.To(brokers => new KafkaDraft { Brokers = brokers }),
        mapping: new MappingShape<KafkaDraft>(
            "kafka_connection",
            "`kafka`",
            () => new KafkaDraft(),
            new Field<KafkaDraft, string>("brokers", Brokers, (d, v) => d.Brokers = v, "Where the cluster is asked first.")
            {
                Required = true,
            },
            new Field<KafkaDraft, bool>("tls", Scalars.Boolean, (d, v) => d.Tls = v, "Whether the connection is encrypted.")
            {
                Default = "false",
            },
            new Field<KafkaDraft, string>("user", Scalars.Text, (d, v) => d.User = v, "Who signs in by SASL. Unstated: nobody."),
            new Field<KafkaDraft, string>(
                "password",
                Scalars.Text,
                (d, v) => d.Password = v,
                "The password of `user`; a text or, better, secret:NAME."
            )
            {
                Examples = ["\"secret:bus\""],
            },
            new Field<KafkaDraft, string>(
                "mechanism",
                Scalars.Form("one of PLAIN, SCRAM-SHA-256, SCRAM-SHA-512", $"^({string.Join('|', Mechanisms)})$", Mechanisms.Contains),
                (d, v) => d.Mechanism = v,
                "The SASL mechanism."
            )
            {
                Default = $"\"{Connection.Kafka.DefaultMechanism}\"",
            },
            new Field<KafkaDraft, Named<string>[]>(
                "options",
                new NamesShape<string>(Scalars.Text, "a mapping from settings of librdkafka to values", "^[a-z._]+$", OptionProblem),
                (d, v) => d.Options = v,
                "Further settings of librdkafka by their own names, e.g. ssl.ca.location."
            )
        ).To((draft, node, reading) => Checked(draft, (YamlMapping)node, reading))
    );

    private static string? OptionProblem(string name) =>
        name is "group.id" or "bootstrap.servers" or "enable.auto.commit" or "enable.auto.offset.store" or "auto.offset.reset"
            ? "it is set by the trigger or by `brokers`"
        : name.Length > 0 && name.All(c => char.IsAsciiLetterLower(c) || c is '.' or '_') ? null
        : "a setting of librdkafka has small letters, dots and underlines";

    private static KafkaDraft? Checked(KafkaDraft draft, YamlMapping node, Reading reading)
    {
        if (draft.User is null == draft.Password is null)
        {
            return draft;
        }

        var given = draft.User is null ? "password" : "user";
        reading.Error(node.Find(given)!.Key, "missing-key", "`user` and `password` go together: give both or none");
        return null;
    }
}

/// <summary>A Kafka connection that does not know yet what it is called.</summary>
internal sealed class KafkaDraft
{
    public string Brokers { get; set; } = "";

    public bool Tls { get; set; }

    public string? User { get; set; }

    public string? Password { get; set; }

    public string Mechanism { get; set; } = Connection.Kafka.DefaultMechanism;

    public Named<string>[] Options { get; set; } = [];

    public Connection Make(string name, string folder) =>
        new Connection.Kafka(name, Brokers)
        {
            Tls = Tls,
            User = User,
            Password = Password is { } password ? new SecretText(password) : null,
            Mechanism = Mechanism,
            Options = Options.ToImmutableSortedDictionary(option => option.Name, option => option.Value, StringComparer.Ordinal),
        };
}
