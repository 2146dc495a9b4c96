using System.Collections.Concurrent;
using Amazon.Runtime;
using Amazon.S3;
using Signalbox.Engine.Outputs;
using Signalbox.Engine.Outputs.S3;
using Signalbox.Engine.Projects;
using Signalbox.Engine.Tests.PipelineFiles;
using Signalbox.S3Server;
using Signalbox.Storage;

namespace Signalbox.Engine.Tests.Outputs.S3;

/// <summary>The place of S3 over a server of its own, with publications as the engine would ask for them.</summary>
internal sealed class S3Bench : IAsyncDisposable
{
    public const string Bucket = "lake";

    public static readonly S3Limits Quick = new() { Tries = 3, FirstPause = TimeSpan.FromMilliseconds(5) };

    private readonly TemporaryFolder _folder = new();
    private readonly ConcurrentDictionary<long, Publication> _rows = new();
    private readonly Staging _staging;
    private readonly IAsyncDisposable _server;
    private long _last;

    private S3Bench(IAsyncDisposable server, Connection.S3 connection, string key, string secret, S3Limits limits)
    {
        _server = server;
        _staging = new Staging(_folder.Path);
        Project = new Project
        {
            Folder = _folder.Path,
            Database = new DatabaseAddress(":none:"),
            Connections = System
                .Collections.Immutable.ImmutableSortedDictionary.Create<string, Connection>(StringComparer.Ordinal)
                .Add(
                    connection.Name,
                    connection with
                    {
                        PathStyle = true,
                        AccessKey = new SecretText(key),
                        SecretKey = new SecretText(secret),
                    }
                ),
        };
        Clients = new S3Clients(Project, limits);
        Place = NewPlace();
        Outside = new AmazonS3Client(
            new BasicAWSCredentials(key, secret),
            new AmazonS3Config { ServiceURL = connection.Endpoint!.ToString(), ForcePathStyle = true }
        );
    }

    public Project Project { get; }

    public S3Clients Clients { get; }

    public S3Place Place { get; private set; }

    /// <summary>A reader who knows nothing of us.</summary>
    public AmazonS3Client Outside { get; }

    /// <summary>Null with the other server.</summary>
    public LocalS3 Server => (LocalS3)_server;

    public static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<S3Bench> StartAsync(
        ObjectLayout layout = ObjectLayout.Versions,
        S3Limits? limits = null,
        string? secret = null
    )
    {
        var server = await LocalS3.StartAsync(Bucket);
        var connection = new Connection.S3("store") { Endpoint = new Uri(server.Endpoint), Layout = layout };
        return new S3Bench(server, connection, server.AccessKey, secret ?? server.SecretKey, limits ?? Quick);
    }

    /// <summary>Over the server that somebody else wrote.</summary>
    public static async Task<S3Bench> StartOtherAsync(ObjectLayout layout)
    {
        var server = await S3rver.StartAsync(Bucket);
        var connection = new Connection.S3("store") { Endpoint = new Uri(server.Endpoint), Layout = layout };
        return new S3Bench(server, connection, S3rver.Key, S3rver.Key, Quick);
    }

    /// <summary>As after the restart of an engine.</summary>
    public S3Place NewPlace() => Place = new S3Place(Clients, _folder.Path, id => _rows.GetValueOrDefault(id));

    /// <summary>Stages content and gives what is to be published.</summary>
    /// <param name="target">With a trailing slash for several objects.</param>
    /// <param name="files">By relative path; of an object, the only one is its content.</param>
    public Placing Stage(string target, Publication? replaced, int keep, params (string Name, string Text)[] files)
    {
        var id = ++_last;
        var staged = _staging.Locate($"inst-{id}-0-a1", "out", target);
        _staging.Prepare(staged);
        foreach (var (name, text) in files)
        {
            var path = staged.IsFolder ? Path.Combine(staged.Path, name) : staged.Path;
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, text);
        }

        var intent = Intents.Of(id, staged, _staging.Seal(staged).Sha256, Place.KindOf(staged));
        _rows[id] = intent;
        return new Placing(staged, intent, replaced, keep, IsAgain: false);
    }

    /// <summary>Publishes, and records it as the engine does.</summary>
    public async Task<Publication> PublishAsync(Placing placing)
    {
        var placed = await Place.PublishAsync(placing, Cancel);
        Keep(placing.Replaced, placed.Kept);
        Assert.True(placed.IsCurrent);
        return _rows[placing.Intent.Id] = placing.Intent with { State = PublicationState.Published };
    }

    public Task<Publication> PublishAsync(string target, Publication? replaced, int keep, params (string Name, string Text)[] files) =>
        PublishAsync(Stage(target, replaced, keep, files));

    /// <summary>Switches, and records it as the engine does.</summary>
    public async Task SwitchAsync(Publication current, Publication wanted)
    {
        var placed = await Place.SwitchAsync(Row(current), Row(wanted), Cancel);
        Keep(current, placed.Kept);
        Keep(wanted, null);
    }

    public async Task ForgetAsync(Publication version)
    {
        await Place.ForgetAsync(Row(version), Cancel);
        Keep(version, null);
    }

    public Publication Row(Publication version) => _rows[version.Id];

    public void Abort(Publication version) => _rows[version.Id] = Row(version) with { State = PublicationState.Aborted };

    public async Task<string?> ReadAsync(string key)
    {
        try
        {
            using var found = await Outside.GetObjectAsync(Bucket, key, Cancel);
            using var reader = new StreamReader(found.ResponseStream);
            return await reader.ReadToEndAsync(Cancel);
        }
        catch (AmazonS3Exception missing) when (missing.StatusCode == System.Net.HttpStatusCode.NotFound)
        {
            return null;
        }
    }

    /// <summary>What a reader finds who follows the pointer: the texts by path.</summary>
    public async Task<Dictionary<string, string>> ReadVersionAsync(string prefix)
    {
        var pointer = S3Json.Read(
            System.Text.Encoding.UTF8.GetBytes((await ReadAsync(prefix + "_current.json"))!),
            S3Json.Default.S3Pointer
        )!;
        var manifest = S3Json.Read(System.Text.Encoding.UTF8.GetBytes((await ReadAsync(pointer.Manifest))!), S3Json.Default.S3Manifest)!;
        Assert.Equal((pointer.Version, pointer.Files), (manifest.Version, manifest.Files.Length));
        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var file in manifest.Files)
        {
            found[file.Path] = (await ReadAsync(pointer.Prefix + file.Path))!;
        }

        return found;
    }

    /// <summary>All keys of the bucket.</summary>
    public async Task<List<string>> KeysAsync(string prefix = "") =>
        (await Clients.Of(Bucket).ListAsync(new S3Address(Bucket, prefix), Cancel)).ConvertAll(listed => listed.Key);

    public async ValueTask DisposeAsync()
    {
        Outside.Dispose();
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    private void Keep(Publication? version, string? kept)
    {
        if (version is not null)
        {
            _rows[version.Id] = Row(version) with { Kept = kept };
        }
    }
}
