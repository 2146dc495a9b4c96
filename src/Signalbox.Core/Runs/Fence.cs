namespace Signalbox.Core.Runs;

/// <summary>
/// The right to change a run: who claimed it, and the how-manieth claim it was. Every change of a run compares both, so that an owner
/// who was replaced without noticing changes nothing.
/// </summary>
/// <param name="Owner">The claiming process; a new one for every start of the program.</param>
/// <param name="Epoch">Raised by one with every claim of the run; 1 for the first.</param>
public readonly record struct Fence(Guid Owner, long Epoch);
