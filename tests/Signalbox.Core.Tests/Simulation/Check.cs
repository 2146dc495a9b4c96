namespace Signalbox.Core.Tests.Simulation;

/// <summary>A promise that the simulation saw broken.</summary>
internal sealed class BrokenPromiseException(string message) : Exception(message);

internal static class Check
{
    public static void That(
        bool holds,
        [System.Runtime.CompilerServices.InterpolatedStringHandlerArgument(nameof(holds))] ref Sentence sentence
    )
    {
        if (!holds)
        {
            throw new BrokenPromiseException(sentence.ToString());
        }
    }

    /// <summary>A sentence that is put together only when it is needed.</summary>
    [System.Runtime.CompilerServices.InterpolatedStringHandler]
    internal ref struct Sentence
    {
        private System.Runtime.CompilerServices.DefaultInterpolatedStringHandler _text;

        public Sentence(int literals, int holes, bool holds, out bool isNeeded)
        {
            isNeeded = !holds;
            _text = isNeeded ? new(literals, holes) : default;
        }

        public void AppendLiteral(string text) => _text.AppendLiteral(text);

        public void AppendFormatted<T>(T value) => _text.AppendFormatted(value);

        public override string ToString() => _text.ToStringAndClear();
    }
}
