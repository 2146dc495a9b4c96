using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Signalbox.Engine.Tests.Driving;

namespace Signalbox.Engine.Tests.Triggers;

/// <summary>
/// A broker of Kafka in a process of its own, as brokers are: this same test program, which on finding a variable set is that process and runs
/// no tests. It says where it listens, then obeys a line at a time and says when it has.
/// </summary>
internal sealed class KafkaCluster : IDisposable
{
    private const string Variable = "SIGNALBOX_TEST_KAFKA";
    private const string Produced = "produce";
    private const string Down = "down";
    private const string Up = "up";

    private readonly Process _process;

    public KafkaCluster(string topic, int partitions)
    {
        Require();
        var start = new ProcessStartInfo(Environment.ProcessPath!)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        start.Environment[Variable] = $"{topic}\t{partitions}";
        _process = Process.Start(start)!;
        Brokers = Answer();
    }

    /// <summary><c>host:port</c>.</summary>
    public string Brokers { get; }

    public void Produce(string value, int partition = 0) => Do($"{Produced}\t{partition}\t{value}");

    /// <summary>The only broker breaks every connection at its next request, or is there again.</summary>
    public void SetDown(bool isDown) => Do(isDown ? Down : Up);

    public void Dispose()
    {
        _process.StandardInput.Close();
        if (!_process.WaitForExit(House.Deadline))
        {
            _process.Kill();
        }

        _process.Dispose();
    }

    private void Do(string line)
    {
        _process.StandardInput.WriteLine(line);
        _process.StandardInput.Flush();
        Assert.Equal(line, Answer());
    }

    private string Answer()
    {
        var answer = _process.StandardOutput.ReadLineAsync();
        Assert.True(answer.Wait(House.Deadline), "the broker does not answer");
        return answer.Result ?? throw new InvalidOperationException("the broker has ended");
    }

    [ModuleInitializer]
    internal static void BeBrokerIfAsked()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { } asked)
        {
            var fields = asked.Split('\t');
            Serve(fields[0], int.Parse(fields[1]));
            Environment.Exit(0);
        }
    }

    private static void Serve(string topic, int partitions)
    {
        using var broker = new KafkaBroker(topic, partitions);
        Console.WriteLine(broker.Brokers);
        while (Console.ReadLine() is { } line)
        {
            var fields = line.Split('\t', 3);
            if (fields[0] == Produced)
            {
                broker.Produce(fields[2], int.Parse(fields[1]));
            }
            else
            {
                broker.SetDown(fields[0] == Down);
            }

            Console.WriteLine(line);
        }
    }

    private static void Require()
    {
        if (!NativeLibrary.TryLoad(KafkaBroker.Library, out _) && Environment.IsPrivilegedProcess && File.Exists("/usr/bin/apt-get"))
        {
            using var install = Process.Start("/usr/bin/apt-get", ["install", "-y", "-q", "librdkafka1"]);
            install.WaitForExit();
        }

        Assert.SkipUnless(NativeLibrary.TryLoad(KafkaBroker.Library, out _), "this test needs librdkafka: apt-get install librdkafka1");
    }
}
