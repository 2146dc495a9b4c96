namespace Signalbox.Engine.Outputs;

/// <summary>
/// Where outputs live: the seam behind which a file system, an object store or a database keeps the one promise of publishing, that a
/// reader sees the old version or the new one.
/// </summary>
/// <remarks>
/// The protocol is stage, audit, publish, record. Staging is a place of one attempt alone. Publishing is one atomic step and may be
/// asked for again after a crash: the content's hash tells whether it already happened. The record is a row written in the same
/// transaction in which the task succeeds.
/// </remarks>
public interface IPlace
{
    /// <summary>Says where one output of one attempt is staged.</summary>
    /// <param name="attempt">The attempt's key.</param>
    /// <param name="output">The output's name.</param>
    /// <param name="target">The absolute path that readers know; a trailing slash makes it a folder.</param>
    StagedOutput Locate(string attempt, string output, string target);

    /// <summary>Makes the staging place anew, empty.</summary>
    void Prepare(StagedOutput staged);

    /// <summary>Whether the attempt wrote anything there.</summary>
    bool HasContent(StagedOutput staged);

    /// <summary>Makes the content durable and tells what it is.</summary>
    ContentHash Seal(StagedOutput staged);

    /// <summary>Makes the content visible at its target in one atomic step; does nothing when it already is.</summary>
    /// <param name="sha256">The content's hash, as <see cref="Seal"/> told it.</param>
    /// <exception cref="IOException">Nothing has changed.</exception>
    void Publish(StagedOutput staged, string sha256);

    /// <summary>Wipes what the attempt staged, and what it replaced.</summary>
    void Discard(string attempt);

    /// <summary>The keys of all attempts that have something staged.</summary>
    IEnumerable<string> Staged();
}

/// <summary>One output of one attempt, before anyone can read it.</summary>
/// <param name="Output">The output's name.</param>
/// <param name="Path">Absolute path where the command writes; the file name is the target's, so that tools see the right ending.</param>
/// <param name="Target">Absolute path where readers will find it, without a trailing slash.</param>
/// <param name="IsFolder">Whether it is a folder.</param>
public sealed record StagedOutput(string Output, string Path, string Target, bool IsFolder);
