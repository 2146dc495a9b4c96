namespace Mutants;

/// <summary>
/// What is compiled into the assembly under test: which of its mutants is alive, which were come by, and how often any was. A test that comes by far more
/// often than it does without a mutant never ends, and is ended here.
/// </summary>
internal static class Switch
{
    public const string TypeName = "MutantSwitch";

    public const string Source = """
        #nullable enable
        public static class MutantSwitch
        {
            public static int Alive = -1;
            public static bool[]? Passed;
            public static long Steps;
            public static long MostSteps = long.MaxValue;

            public static bool On(int mutant)
            {
                if (++Steps > MostSteps)
                {
                    throw new System.TimeoutException("it does not end");
                }

                if (Passed is { } passed)
                {
                    passed[mutant] = true;
                }

                return Alive == mutant;
            }
        }
        """;
}
