namespace Signalbox.App.Cli;

/// <summary>What a verb is for a server: the call that it makes, or why it makes none. <see cref="RemoteVerbs"/> has one for each verb.</summary>
/// <param name="Verb">As people type it, e.g. <c>runs show</c>.</param>
internal abstract record RemoteVerb(string Verb)
{
    /// <summary>A verb that belongs to the machine where it is typed.</summary>
    /// <param name="Reason">Completes "VERB works on this machine: ...".</param>
    public sealed record Here(string Verb, string Reason) : RemoteVerb(Verb);

    /// <summary>A verb that is one call of the API.</summary>
    /// <param name="Address">
    /// Method and path, e.g. <c>GET /api/runs/{RUN}/tasks/{TASK}</c>: each name in braces is an argument or an option of the verb. RUN is looked up, so
    /// that people name runs as ever; <c>{RUN:name}</c> is sent as it is typed.
    /// </param>
    public sealed record Call(string Verb, string Address) : RemoteVerb(Verb)
    {
        /// <summary>Whether it is this call; of a verb with several the first that says so.</summary>
        public Func<RemoteArguments, RemoteServer, Task<bool>> When { get; init; } = static (_, _) => Task.FromResult(true);

        /// <summary>What is sent as the query.</summary>
        public RemoteField[] Query { get; init; } = [];

        /// <summary>What is sent as a JSON object. Null: no body.</summary>
        public RemoteField[]? Body { get; init; }

        /// <summary>The header <c>Idempotency-Key</c>.</summary>
        public RemoteField? Key { get; init; }

        /// <summary>Fields that the table of a list shows; empty: all that are no lists or objects.</summary>
        public string[] Columns { get; init; } = [];

        /// <summary>The path of what is looked at before the call is made, as in <see cref="Address"/>; null: nothing.</summary>
        public string? Before { get; init; }

        /// <summary>Options that <see cref="Then"/> looks at, or that the answer carries out anyway.</summary>
        public string[] Aside { get; init; } = [];

        /// <summary>What happens with the answer. Null: it is printed.</summary>
        public Func<RemoteAnswer, Task<int>>? Then { get; init; }

        /// <summary>A line for an answer without a body.</summary>
        public Func<RemoteArguments, string>? Done { get; init; }

        public HttpMethod Method => new(Address[..Address.IndexOf(' ', StringComparison.Ordinal)]);

        public string Path => Address[(Address.IndexOf(' ', StringComparison.Ordinal) + 1)..];
    }
}

/// <summary>Where a field of a call comes from.</summary>
/// <param name="Name">In the API.</param>
/// <param name="Source">An argument's name, or that of an option with its dashes.</param>
internal sealed record RemoteField(string Name, string Source)
{
    /// <summary>How the text that was typed is read.</summary>
    public FieldForm Form { get; init; }

    /// <summary>What is sent when nothing was typed.</summary>
    public Func<RemoteArguments, string?>? Otherwise { get; init; }

    /// <summary>The option of the same name.</summary>
    public static implicit operator RemoteField(string name) => new(name, "--" + name.Replace('_', '-'));

    /// <summary>What follows from all that is typed; null: nothing is sent.</summary>
    public static RemoteField From(string name, Func<RemoteArguments, string?> value) => new(name, "") { Otherwise = value };
}

/// <summary>Forms of what is typed.</summary>
internal enum FieldForm
{
    /// <summary>As the option's type says.</summary>
    Plain,

    /// <summary>Each value is an item.</summary>
    List,

    /// <summary>One text with commas.</summary>
    Commas,

    /// <summary><c>NAME=VALUE</c>, each a text or JSON.</summary>
    Values,

    /// <summary>As <see cref="Values"/>, where the parameters of PIPELINE say which are texts.</summary>
    Params,

    /// <summary>JSON.</summary>
    Json,

    /// <summary>The text of the file that is named.</summary>
    File,
}
