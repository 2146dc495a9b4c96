// What one attempt costs: starts, waits for and records no-op commands, a few at a time. Rounds are interleaved, because the machine's
// speed changes from one second to the next; compare medians of one run, not runs of different days.
using System.Diagnostics;
using Signalbox.Core;
using Signalbox.Engine.Executors;

var count = args.Length > 0 ? int.Parse(args[0]) : 1000;
var parallel = args.Length > 1 ? int.Parse(args[1]) : 4;
var rounds = args.Length > 2 ? int.Parse(args[2]) : 5;

// In memory: ext4 avoids inodes freed in the last minutes one by one, so the tidying up after one round would slow the next.
var folder = $"/dev/shm/signalbox-bench-{Environment.ProcessId}";
Directory.CreateDirectory(folder);
await using var executor = new LocalExecutor(new LocalExecutorOptions { Instance = "bench" });
Console.WriteLine(executor.Capabilities.Note);

(string Name, CommandSpec Command, Containment Containment)[] cases =
[
    ("true (no shell needed)", new CommandSpec.Shell("true"), Containment.Session),
    ("true, control group", new CommandSpec.Shell("true"), Containment.ControlGroup),
    ("/bin/true", new CommandSpec.Arguments(["/bin/true"]), Containment.Session),
    ("true; (a shell)", new CommandSpec.Shell("true;"), Containment.Session),
];
var times = cases.Select(_ => new List<(double Wall, double Own)>()).ToArray();
for (var round = 0; round < rounds; round++)
{
    for (var c = 0; c < cases.Length; c++)
    {
        times[c].Add(await Measure(cases[c].Command, cases[c].Containment, $"r{round}c{c}"));
    }
}

for (var c = 0; c < cases.Length; c++)
{
    Console.WriteLine(
        $"{cases[c].Name, -26} wall {times[c].Select(t => t.Wall).Order().ElementAt(rounds / 2):F3} s (least {times[c].Min(t => t.Wall):F3}), own CPU {times[c].Select(t => t.Own).Order().ElementAt(rounds / 2):F3} s"
    );
}

Directory.Delete(folder, recursive: true);

async Task<(double Wall, double Own)> Measure(CommandSpec command, Containment containment, string name)
{
    var environment = new Dictionary<string, string>
    {
        ["PATH"] = "/usr/local/bin:/usr/bin:/bin",
        ["HOME"] = "/root",
        ["LANG"] = "C.UTF-8",
    };
    Directory.CreateDirectory($"{folder}/{name}");
    var own = Environment.CpuUsage.TotalTime;
    var clock = Stopwatch.StartNew();
    int running = 0,
        ended = 0,
        started = 0;
    while (ended < count)
    {
        while (started < count && running < parallel)
        {
            var result = await executor.SubmitAsync(
                new AttemptSpec
                {
                    Key = AttemptKey.Of($"bench-{name}-{started}"),
                    Directory = $"{folder}/{name}/{started}",
                    WorkingDirectory = folder,
                    Command = command,
                    Environment = environment,
                    Containment = containment,
                },
                maybeSubmittedBefore: false,
                CancellationToken.None
            );
            if (result is not SubmitResult.Started)
            {
                throw new InvalidOperationException(result.ToString());
            }

            started++;
            running++;
        }

        var end = await executor.Observations.ReadAsync();
        if (end.Phase != Phase.Succeeded)
        {
            throw new InvalidOperationException(end.ToString());
        }

        running--;
        ended++;
    }

    return (clock.Elapsed.TotalSeconds, (Environment.CpuUsage.TotalTime - own).TotalSeconds);
}
